"""Fonts for signs that the outputs' own type lacks, found among those that are installed.

Figures and PDF are set in DejaVu Sans, which comes with matplotlib and has no Chinese signs. What
it lacks is drawn with a font of the machine's. Such a font may be one of several faces in a file,
and have outlines that a PDF library does not read (CFF), so that what is drawn with is a small
TrueType font of just the signs that are needed: the same bytes from the same file and signs.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable.errors import UserError
from durable.files import sha256
from durable.language import signs_of

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

    from durable.plan import Plan

#: Families that have the signs of a language, those that are preferred first.
FAMILIES: dict[str, tuple[str, ...]] = {
    "zh": (
        *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN"),
        *("Microsoft YaHei", "PingFang SC", "Hiragino Sans GB", "WenQuanYi Micro Hei"),
        *("WenQuanYi Zen Hei", "SimHei", "STHeiti", "Heiti SC", "SimSun", "AR PL UMing CN"),
        *("Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC"),
    )
}
#: What a user is asked for where there is none.
EXPECTED = (
    "a font that has the signs of the language: install fonts-noto-cjk (Debian, Ubuntu) or"
    " google-noto-sans-cjk-fonts (Fedora), or name an installed family or a font file here"
)
#: The font that word processors set the signs of a language in, on every machine that is made for
#: it.
OFFICE_FONTS = {"zh": "SimSun"}
#: What word processors call a language: they choose the shapes and places of signs by it.
OFFICE_LANGUAGES = {"zh": "zh-CN"}
#: Styles of a family that are set as regular and as bold, those that are preferred first.
_REGULAR = ("Regular", "Book", "Normal", "Roman", "W3", "Light", "Medium")
_BOLD = ("Bold", "W6", "Semibold", "Medium")
_FORMS = (".ttf", ".otf", ".ttc", ".otc")
#: Parts of the plan whose words are shown.
_SHOWN = (
    *("analysis", "study", "schedule", "groups", "subgroups", "sensitivity", "outputs.shells"),
)
#: Family of what is cut from a font: another name than that of the font, which may be installed.
CUT = "Durable Signs"
#: Largest error of an outline made quadratic, in multiples of the type size.
_ERROR = 1 / 1000


class NoFontError(UserError):
    """No installed font is as the plan wants it, or none has the signs that are needed.

    Attributes
    ----------
    available : str
        What there is instead: the font, and which signs it lacks, or that none is installed.
    """

    status = 2

    def __init__(self, available: str) -> None:
        self.available = available
        super().__init__(f"outputs.font: found {available}; expected {EXPECTED}")


@dataclass(frozen=True)
class Face:
    """A face of a font file."""

    path: Path
    number: int
    """Which face of the file, from 0."""
    family: str
    style: str
    version: str

    @property
    def name(self) -> str:
        """Family and style: ``Noto Sans CJK SC Regular``."""
        return f"{self.family} {self.style}"

    @cached_property
    def signs(self) -> frozenset[str]:
        """The signs that the face can draw, each a text of one character."""
        with _open_font(self.path, self.number) as font:
            return frozenset(map(chr, font.getBestCmap()))

    @property
    def record(self) -> str:
        """``VERSION; SHA-256 DIGEST`` of the file, to tell whether a repetition has the same."""
        return f"{self.version}; SHA-256 {sha256(self.path)}"


@dataclass(frozen=True)
class Fallback:
    """The font of the signs that DejaVu Sans lacks; bold is regular where it has no bold face."""

    regular: Face
    bold: Face

    @property
    def records(self) -> dict[str, str]:
        """Version and SHA-256 of its files, in one text, by family and style of the face."""
        return {face.name: face.record for face in (self.regular, self.bold)}

    def lacks(self, signs: Collection[str]) -> list[str]:
        """Those of some signs that neither it, in both weights, nor DejaVu Sans has; sorted."""
        return sorted(set(signs) - (self.regular.signs & self.bold.signs) - base_signs())


def fallback_font(language: str, wanted: str | None, text: Collection[str] = ()) -> Fallback | None:
    """The font of the signs that DejaVu Sans lacks; None where none is needed and none wanted.

    Parameters
    ----------
    language
        Language of the outputs: one of `FAMILIES` needs a font, another one does not.
    wanted
        Family or file that the plan names (``outputs.font``), None where it names none. For a
        language that needs no font, its signs are not looked at.
    text
        Signs beside those of the language that it has to have.

    Raises
    ------
    NoFontError
        Where no installed font is as wanted, or none has the signs of the language and of `text`.
    """
    families = FAMILIES.get(language, ())
    if wanted is None and not families:
        return None
    fonts = list(_fonts(families) if wanted is None else _fonts_named(wanted, families))
    if not fonts:
        nothing = f"no installed font for outputs.language: {language}"
        raise NoFontError(f"{wanted!r}, which is no installed font" if wanted else nothing)
    if not families:
        return fonts[0]
    needed = {sign for sign in (*signs_of(language), *text) if sign.isprintable()}
    lacking = [font.lacks(needed) for font in fonts]
    for font, signs in zip(fonts, lacking, strict=True):
        if not signs:
            return font
    few = " ".join(lacking[0][:10])
    raise NoFontError(f"{fonts[0].regular.name}, which lacks {len(lacking[0])} signs ({few})")


def font_of(plan: Plan) -> Fallback | None:
    """The font of the signs that DejaVu Sans lacks, for the outputs of a plan.

    None where their language needs none and the plan names none.

    Raises
    ------
    NoFontError
        Where no installed font is as the plan wants it, or none has the signs of the language and
        of the plan.
    """
    return fallback_font(plan.outputs.language, plan.outputs.font, plan_text(plan))


def plan_text(plan: Plan) -> str:
    """One text that holds every sign of a plan that its outputs show, as JSON."""
    return json.dumps(plan.slice(_SHOWN), ensure_ascii=False)


def font_records(plan: Plan) -> dict[str, str]:
    """`Fallback.records` of the font of a plan's outputs; empty where they need or find none."""
    try:
        font = font_of(plan)
    except NoFontError:
        return {}
    return font.records if font else {}


def _fonts(families: Collection[str]) -> Iterator[Fallback]:
    """The installed fonts among some families, in the order of these."""
    faces = [face for path in _installed_files() for face in _faces(path)]
    for family in families:
        styles = {face.style: face for face in reversed(faces) if face.family == family}
        if regular := next((styles[style] for style in _REGULAR if style in styles), None):
            bold = next((styles[style] for style in _BOLD if style in styles), regular)
            yield Fallback(regular, bold)


def _fonts_named(wanted: str, families: Collection[str]) -> Iterator[Fallback]:
    """The font of a family, or of a file: the face of the language where it has several."""
    path = Path(wanted)
    if path.suffix.lower() not in _FORMS:
        yield from _fonts([wanted])
        return
    faces = _faces(path)
    faces.sort(key=lambda face: face.family not in families)
    yield from (Fallback(face, face) for face in faces[:1])


def _installed_files() -> list[Path]:
    """The font files of the machine, sorted."""
    from matplotlib.font_manager import findSystemFonts

    return sorted(Path(path) for path in findSystemFonts())


@cache
def _read_faces(path: Path) -> tuple[Face, ...]:
    from fontTools.ttLib import TTCollection, TTFont, TTLibError

    several = path.suffix.lower() in (".ttc", ".otc")
    try:
        with TTCollection(path, lazy=True) if several else TTFont(path, lazy=True) as file:
            names = [font["name"] for font in (file.fonts if several else [file])]
    except (TTLibError, OSError, KeyError):
        return ()
    return tuple(
        Face(
            path,
            number,
            str(name.getBestFamilyName()),
            str(name.getBestSubFamilyName()),
            str(name.getDebugName(5)).split(";")[0],
        )
        for number, name in enumerate(names)
    )


def _faces(path: Path) -> list[Face]:
    """The faces of a font file; none of one that cannot be read."""
    return list(_read_faces(path))


def _open_font(path: Path, number: int) -> TTFont:
    from fontTools.ttLib import TTFont

    return TTFont(path, fontNumber=number, lazy=True)


def base_font(style: str = "") -> Path:
    """File of DejaVu Sans, located without importing matplotlib, which takes long.

    Parameters
    ----------
    style
        '' for the regular face, ``-Bold`` for the bold one.

    Raises
    ------
    FileNotFoundError
        Where matplotlib is not installed.
    """
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the fonts of matplotlib")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / f"DejaVuSans{style}.ttf"


@cache
def base_signs() -> frozenset[str]:
    """The signs that DejaVu Sans has, in both weights."""
    codes = []
    for style in ("", "-Bold"):
        with _open_font(base_font(style), 0) as font:
            codes.append(frozenset(font.getBestCmap()))
    return frozenset(map(chr, codes[0] & codes[1]))


def cut(font: Fallback, signs: Iterable[str], *, bold: bool = False) -> bytes:
    """The bytes of a TrueType font with some signs of a font, and a glyph for a missing one.

    Parameters
    ----------
    font
        The font that has them.
    signs
        The signs; those that DejaVu Sans has, and those that `font` lacks, are left out.
    bold
        Whether it is the bold face.
    """
    needed = frozenset(signs) - base_signs()
    return _cut(font.bold if bold else font.regular, needed, bold)


@cache
def _cut(face: Face, signs: frozenset[str], bold: bool) -> bytes:
    from fontTools.fontBuilder import FontBuilder

    with _open_font(face.path, face.number) as source:
        codes, head, lines = source.getBestCmap(), source["head"], source["hhea"]
        kept = {ord(sign): codes[ord(sign)] for sign in sorted(signs & face.signs)}
        glyphs = {".notdef": ".notdef"} | {f"uni{code:04X}": name for code, name in kept.items()}
        outlines = {name: _quadratic(source, other) for name, other in glyphs.items()}
        widths = {name: source.getGlyphSet()[other].width for name, other in glyphs.items()}
    builder = FontBuilder(head.unitsPerEm, isTTF=True)
    builder.updateHead(created=head.created, modified=head.modified)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap({code: f"uni{code:04X}" for code in kept})
    builder.setupGlyf(outlines)
    left = {name: getattr(outline, "xMin", 0) for name, outline in outlines.items()}
    builder.setupHorizontalMetrics({name: (widths[name], left[name]) for name in glyphs})
    builder.setupHorizontalHeader(ascent=lines.ascent, descent=lines.descent)
    name = {"familyName": CUT, "styleName": "Bold" if bold else "Regular"}
    builder.setupNameTable(name | {"psName": "-".join(name.values()).replace(" ", "")})
    weight = 700 if bold else 400
    builder.setupOS2(sTypoAscender=lines.ascent, sTypoDescender=lines.descent, usWeightClass=weight)
    builder.setupPost(keepGlyphNames=False)
    builder.font.recalcTimestamp = False
    file = BytesIO()
    builder.font.save(file)
    return file.getvalue()


def _quadratic(source: TTFont, name: str) -> Any:
    """The outline of a glyph as TrueType has it, whose curves are quadratic."""
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.filterPen import DecomposingFilterPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen, glyphs = TTGlyphPen(None), source.getGlyphSet()
    error = source["head"].unitsPerEm * _ERROR
    # The two kinds of outlines run in opposite directions.
    quadratic = Cu2QuPen(pen, error, reverse_direction="glyf" not in source)
    glyphs[name].draw(DecomposingFilterPen(quadratic, glyphs))
    return pen.glyph()
