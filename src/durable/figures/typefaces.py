"""The type of the figures: DejaVu Sans, and for signs that it lacks a font of the machine's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from durable.fonts import CUT, Fallback, cut, font_of, plan_text
from durable.language import signs_of
from durable.plan import Plan

BASE = "DejaVu Sans"


@contextmanager
def type_families(plan: Plan, texts: Iterable[str] = ()) -> Iterator[tuple[str, ...]]:
    """Context with the families of the type, for `settings`, which Matplotlib knows within it.

    DejaVu Sans alone, unless the language of the plan needs signs of another font.

    Parameters
    ----------
    plan
        The analysis plan, which says in which language and font.
    texts
        Texts that are drawn, other than those of the plan and of the package.

    Raises
    ------
    NoFontError
        Where no installed font has the signs of the language.
    """
    font = font_of(plan)
    if font is None:
        yield (BASE,)
        return
    signs = {*signs_of(plan.outputs.language), *plan_text(plan), *"".join(texts)}
    with TemporaryDirectory() as folder, _registered_font(font, signs, Path(folder)):
        yield (BASE, CUT)


@contextmanager
def _registered_font(font: Fallback, signs: Iterable[str], folder: Path) -> Iterator[None]:
    """Context in which Matplotlib knows the signs of a font, in both weights."""
    from matplotlib.font_manager import fontManager

    previous_fonts = list(fontManager.ttflist)
    for bold in (False, True):
        path = folder / f"{'bold' if bold else 'regular'}.ttf"
        path.write_bytes(cut(font, signs, bold=bold))
        fontManager.addfont(path)
    try:
        yield
    finally:
        fontManager.ttflist = previous_fonts
