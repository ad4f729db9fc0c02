"""Documents: pages of tables, and RTF, DOCX and PDF read back by other programs' eyes."""

from __future__ import annotations

import re
import subprocess
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from durable.display import layout, rtf
from durable.display.key_results import Bound, opening
from durable.display.layout import CONTINUED, NO_BREAK, lay_out, row_height
from durable.display.report_summary import Result
from durable.export import docx, pdf
from durable.figures.captions import figures_drawn
from durable.figures.drawings import draw_all, draw_pages
from durable.figures.spec import Caption, DrawnFigure
from durable.outputs.page_head import PageHead
from durable.outputs.table import Row, Table
from tests.figures import point_texts
from tests.figures.layout import PLAN
from tests.programs import needs

AWKWARD = "红斑 {a} \\b0 <b> & ½ 😀 ≥ 3"
OTHER_SCRIPTS = "\u2e80"
HEAD = PageHead("Sponsor. Protocol P-1, version 2.0", "Interim analysis, data cut-off", "Draft")


def table(rows: tuple[Row, ...], columns: int = 3, notes: tuple[str, ...] = ("Note.",)) -> Table:
    names = tuple(f"Dose level {i} (N = {i})" for i in range(1, columns + 1))
    return Table("t_x", "14.3.1", "Adverse events", ("All infused; cut-off",), names, rows, notes)


def line(label: str, indent: int = 1, cell: str = "1 (10.0)", columns: int = 3) -> Row:
    return Row(label, (cell,) * columns, indent)


LONG = table(
    tuple(
        row
        for block in range(12)
        for row in (Row(f"Block {block}"), *(line(f"Row {block}.{i}") for i in range(12)))
    ),
    notes=tuple(f"Note {i}: " + "a definition in words " * 20 for i in range(12)),
)
#: As the list of definitions: footnotes without a table.
DEFINITIONS = lay_out(
    Table("definitions", "", "List of definitions", (), (), (), ("Remission: the rule in force.",))
)
ODD = table((Row(AWKWARD), line(AWKWARD, cell=AWKWARD)), notes=(AWKWARD,))


# Pages


@st.composite
def tables(draw: st.DrawFn) -> Table:
    columns = draw(st.integers(1, 8))
    text = st.text(st.characters(codec="utf-8"), max_size=60)
    rows = st.builds(
        lambda label, indent, cells: Row(label, cells, indent),
        text,
        st.integers(0, 3),
        st.one_of(st.just(()), st.tuples(*[text] * columns)),
    )
    notes = st.lists(text, max_size=4).map(tuple)
    return table(tuple(draw(st.lists(rows, max_size=120))), columns, draw(notes))


@given(tables())
@settings(max_examples=60, deadline=None)
def test_every_row_and_note_stands_once_in_order_on_pages_that_hold_them(made: Table) -> None:
    laid = lay_out(made)
    again = (CONTINUED,)
    shown = [row for page in laid.pages for row in page.rows if not row.label.endswith(again)]
    assert shown == [row for row in made.aligned_rows if not row.label.endswith(again)]
    assert tuple(note for page in laid.pages for note in page.notes) == made.footnotes
    for page in laid.pages:
        height = sum(row_height(row, laid.sheet) for row in page.rows)
        assert height < laid.sheet.height
    assert sum(laid.sheet.widths) == pytest.approx(laid.sheet.width)


@given(tables())
@settings(max_examples=60, deadline=None)
def test_no_page_ends_in_a_row_that_has_others_under_it(made: Table) -> None:
    pages = [page.rows for page in lay_out(made).pages if page.rows]
    for page, following in pairwise(pages):
        first = next(row for row in following if not row.label.endswith(CONTINUED))
        assert first.indent <= page[-1].indent


@pytest.mark.parametrize("number", range(35, 60))
def test_footnotes_stand_with_the_last_rows(number: int) -> None:
    """However many rows there are."""
    rows = tuple(line(f"Row {i}", indent=0) for i in range(number))
    notes = ("A note. " * 40, "Another one. " * 30, "Source.")
    made = lay_out(table(rows, notes=notes))
    assert [bool(page.rows) for page in made.pages] == [True] * len(made.pages)
    assert made.pages[-1].notes == made.table.footnotes


def test_a_page_begins_with_the_headings_that_its_rows_stand_under() -> None:
    pages = lay_out(LONG).pages
    assert [page.title for page in pages[:2]] == [
        "Table 14.3.1. Adverse events",
        "Table 14.3.1. Adverse events (continued)",
    ]
    assert pages[0].subtitles == LONG.subtitles
    assert pages[1].subtitles == ()
    # Twelve rows of a block are too many to keep together: page 1 ends within block 3.
    assert pages[0].rows[-1].label.startswith("Row 3.")
    assert pages[1].rows[0] == Row("Block 3 (continued)")
    small = table(tuple(r for b in range(20) for r in (Row(f"B{b}"), *[line(f"{b}")] * 4)))
    assert lay_out(small).pages[1].rows[0].label == "B9"


@pytest.mark.parametrize(
    ("columns", "cell", "landscape", "size"),
    [
        (3, "1 (10.0)", False, 8),
        (8, "12/12, 100.0 (73.5, 100.0)", True, 8),
        (11, "12/12, 100.0 (73.5, 100.0)", True, 7),
        (30, "12/12, 100.0 (73.5, 100.0)", True, 6),
    ],
)
def test_many_columns_turn_the_page_and_then_make_the_type_smaller(
    columns: int, cell: str, landscape: bool, size: float
) -> None:
    made = table((line("Improved", cell=cell, columns=columns),), columns)
    sheet = lay_out(made).sheet
    assert (sheet.landscape, sheet.size) == (landscape, size)


def test_a_cell_breaks_before_a_bracket_only() -> None:
    assert layout.unbroken("5.9 (5.9, NE); 2") == f"5.9 (5.9,{NO_BREAK}NE);{NO_BREAK}2"
    assert layout.wrap("ab (c d)", 3.3, 8) == ["ab", "(c", "d)"]
    assert layout.wrap("abcdefgh", 5, 8) == ["abc", "def", "gh"]


# RTF


def test_what_xml_forbids_is_replaced_and_a_line_end_is_a_space() -> None:
    assert layout.clean("a\x00b\uffffc\ufffed\ud800e\r\nf") == "a\ufffdb\ufffdc\ufffdd\ufffde  f"


def plain(escaped: str) -> str:
    """Text of escaped RTF, by the rules of its specification."""
    units: list[bytes] = []
    for number, char, sign in re.findall(r"\\u(-?\d+)\?|\\([\\{}~])|([^\\])", escaped, re.DOTALL):
        if number:
            units.append((int(number) % 65536).to_bytes(2, "big"))
        else:
            units.append((NO_BREAK if char == "~" else char or sign).encode("utf-16-be"))
    return b"".join(units).decode("utf-16-be")


@given(st.text(st.characters(codec="utf-8")))
def test_text_in_rtf_is_ascii_and_reads_back(text: str) -> None:
    escaped = rtf.escape(text)
    assert escaped.isascii()
    assert plain(escaped) == layout.clean(text)


def test_text_in_rtf_by_hand() -> None:
    assert rtf.escape("a\\b{c}") == r"a\\b\{c\}"
    assert rtf.escape("≥红") == r"\u8805?\u32418?"
    assert rtf.escape("\uff01") == r"\u-255?"  # units are signed
    assert rtf.escape("😀") == r"\u-10179?\u-8704?"
    assert rtf.escape("a\x00b\nc\ud800") == "a\\u-3?b c\\u-3?"


def test_rtf_repeats_column_headings_keeps_headings_and_numbers_pages() -> None:
    laid = lay_out(LONG)
    text = rtf.render(laid, HEAD)
    with_rows = sum(bool(page.rows) for page in laid.pages)
    assert text.count("\\trhdr") == with_rows > 1
    assert text.count(r"\pagebb") == len(laid.pages) - 1
    assert r"{\field{\*\fldinst PAGE}" in text
    assert r"{\field{\*\fldinst NUMPAGES}" in text
    rows = text.split("\\trowd")[1:]
    assert all(r"\trkeep" in row for row in rows)
    blocks = [row for row in rows if re.search(r"\\b Block \d+\\cell", row)]
    assert len(blocks) == 12
    assert all(r"\keepn" in row for row in blocks)
    assert text.count("{") == text.count("}")


def test_cells_of_an_rtf_table_end_at_the_margin() -> None:
    edges = re.findall(r"\\cellx(\d+)", rtf.render(lay_out(LONG), HEAD))
    # 170 mm = 9638 twips.
    assert max(map(int, edges)) == 9638


# DOCX


def test_docx_reads_back_with_its_headings_repeated_and_rows_whole() -> None:
    laid = lay_out(LONG)
    read = Document(BytesIO(docx.render(laid, HEAD)))
    assert len(read.tables) == sum(bool(page.rows) for page in laid.pages)
    assert [cell.text for cell in read.tables[0].rows[2].cells] == ["Row 0.0"] + [
        "1 (10.0)".replace(" (", " (")
    ] * 3
    xml = read.tables[0]._tbl.xml
    assert xml.count("<w:tblHeader/>") == 1
    assert xml.count("<w:cantSplit/>") == xml.count("<w:tr>")
    header = read.sections[0].header._element.xml
    assert 'w:instr="PAGE"' in header
    assert 'w:instr="NUMPAGES"' in header
    assert read.core_properties.title == "Table 14.3.1. Adverse events"


def test_docx_holds_awkward_text_as_it_is() -> None:
    read = Document(BytesIO(docx.render(lay_out(ODD), HEAD)))
    shown = read.tables[0].rows[2].cells[1].text.replace(NO_BREAK, " ")
    assert shown == AWKWARD
    assert read.paragraphs[-1].text == AWKWARD


def test_docx_bears_no_time() -> None:
    with ZipFile(BytesIO(docx.render(lay_out(LONG), HEAD))) as file:
        assert {info.date_time for info in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"1980-01-01T00:00:00Z" in file.read("docProps/core.xml")


# PDF


@pytest.fixture
def drawings(tmp_path: Path) -> list[DrawnFigure]:
    """Two figures as the stage writes them: one 170 mm x 85 mm, one taller than a page allows."""
    from matplotlib.figure import Figure

    folder = tmp_path / "figures"
    folder.mkdir()
    drawn = []
    for number, name, height in ((2, "early", 400), (10, "late", 85)):
        figure = Figure(figsize=(170 / 25.4, height / 25.4))
        figure.text(0.5, 0.5, f"drawn {name}")
        for form in ("png", "pdf", "svg"):
            figure.savefig(folder / f"f_{name}.{form}")
        caption = Caption(f"Figure {number}", f"A < {name}", "", "")
        drawn.append(DrawnFigure(f"f_{name}", caption, folder))
    return drawn


def test_figures_are_as_large_as_the_page_allows(drawings: list[DrawnFigure]) -> None:
    tall, wide = (figure.file("png").read_bytes() for figure in drawings)
    assert rtf.fitted_size(wide, 170, 254) == pytest.approx((170, 85), rel=0.01)
    assert rtf.fitted_size(tall, 170, 254) == pytest.approx((108, 254), rel=0.01)


def test_the_bound_pdf_lists_marks_and_numbers_every_output(drawings: list[DrawnFigure]) -> None:
    laid = lay_out(LONG)
    read = PdfReader(BytesIO(pdf.bind([laid], drawings, DEFINITIONS, HEAD)))
    texts = [page.extract_text() for page in read.pages]
    total = 1 + len(laid.pages) + 2 + 1
    assert len(texts) == total
    for number, text in enumerate(texts, start=1):
        assert f"Page {number} of {total}" in text
        for part in (HEAD.study, HEAD.analysis, HEAD.status):
            assert part in text
    contents = texts[0].split("Contents")[1].split("\n")
    assert "Table 14.3.1. Adverse events" in contents
    assert str(total) in contents
    marks = {m.title: read.get_destination_page_number(m) for m in read.outline}
    assert marks == {
        "Table 14.3.1. Adverse events": 1,
        "Figure 2. A < early": total - 3,
        "Figure 10. A < late": total - 2,
        "List of definitions": total - 1,
    }
    assert "drawn early" in texts[-3]
    assert "drawn late" in texts[-2]
    assert "Remission: the rule in force." in texts[-1]


def test_the_bound_rtf_lists_the_same_pages_as_the_pdf(drawings: list[DrawnFigure]) -> None:
    laid = lay_out(LONG)
    text = rtf.bind([laid], drawings, DEFINITIONS, HEAD)
    numbers = re.findall(r"PAGEREF (\w+)\}\{\\fldrslt (\d+)\}", text)
    pages = len(laid.pages)
    assert numbers == [("t_x", "2"), ("f_early", str(2 + pages)), ("f_late", str(3 + pages)),
                       ("definitions", str(4 + pages))]  # fmt: skip
    for name, _ in numbers:
        assert text.count(rf"{{\*\bkmkstart {name}}}") == 1
    assert text.count(r"\pngblip") == 2
    assert layout.first_pages([laid] * 40, [1] * 10, DEFINITIONS)[0] == 3


def test_the_bound_documents_open_with_the_key_results(drawings: list[DrawnFigure]) -> None:
    laid = lay_out(LONG)
    results = [
        Result("Disease improvement at M3", "70.0%", ("7 of 10 improved", ""), "t_x", "Remission"),
        Result("Of a table that is not shown", "1", (), "t_y", "Remission"),
    ]
    first = opening(results, Bound([laid], [1, 1], DEFINITIONS))
    assert first is not None
    # The page itself, then the contents: the table begins on page 3.
    last = 2 + len(laid.pages) + 2 + 1
    assert [
        (row.label, *(cell.strip() for cell in row.cells)) for row in first.layout.table.rows
    ] == [
        ("Disease improvement at M3", "70.0%", "14.3.1", "3", str(last)),
        ("7 of 10 improved", "", "", "", ""),
    ]
    read = PdfReader(BytesIO(pdf.bind([laid], drawings, DEFINITIONS, HEAD, opening=first)))
    assert len(read.pages) == last
    assert "70.0%" in read.pages[0].extract_text()
    assert "Table 14.3.1. Adverse events" in read.pages[2].extract_text()
    assert "Remission: the rule in force." in read.pages[-1].extract_text()
    (link,) = (one.get_object() for one in read.pages[0]["/Annots"])
    assert read.get_page_number(link["/Dest"][0].get_object()) == 2
    text = rtf.bind([laid], drawings, DEFINITIONS, HEAD, first)
    assert re.findall(r"PAGEREF (\w+)\}\{\\fldrslt (\d+)\}", text)[0] == ("t_x", "3")
    assert text.index("70.0%") < text.index("PAGEREF")
    assert opening(results[1:], Bound([laid], [], DEFINITIONS)) is None


def test_a_figure_of_several_pages_takes_as_many_in_the_documents(tmp_path: Path) -> None:
    """Of 100 subjects the swimmer plot has three pages; what comes after begins that much later."""
    folder = tmp_path / "figures"
    folder.mkdir()
    for name, n in (("swimmer", 100), ("waterfall", 3)):
        (folder / f"f_{name}.csv").write_text(point_texts.study(n)[name])
    draw_all(PLAN, tmp_path)
    draw_pages(PLAN, tmp_path)
    figures = figures_drawn(PLAN, tmp_path)
    laid = lay_out(LONG)
    before = 1 + len(laid.pages)
    texts = [
        p.extract_text()
        for p in PdfReader(BytesIO(pdf.bind([laid], figures, DEFINITIONS, HEAD))).pages
    ]
    assert len(texts) == before + 5
    for i in (1, 2, 3):
        assert f"(page {i} of 3)" in texts[before + i]
    swimmer = "\n".join(texts[before + 1 : before + 4])
    assert re.findall(r"CQ-\d{3}(?= \()", swimmer) == point_texts.subjects(100)
    text = rtf.bind([laid], figures, DEFINITIONS, HEAD)
    numbers = re.findall(r"PAGEREF (\w+)\}\{\\fldrslt (\d+)\}", text)
    assert numbers[1:] == [
        ("f_waterfall", str(before + 1)),
        ("f_swimmer", str(before + 2)),
        ("definitions", str(before + 5)),
    ]
    assert text.count(r"\pngblip") == 4
    assert text.count(r"{\*\bkmkstart f_swimmer}") == 1


def test_text_of_the_pdf_stays_within_its_cells() -> None:
    """The type of the PDF is wider than what the layout measures, and scaled down for it."""
    pdf._register_fonts(None, ())
    for text in ("0123456789 (55.5, 99.7)", "Percent of the infused, all", "NE; 0", "ABC Dose 3e7"):
        for font in (pdf._REGULAR, pdf._BOLD):
            drawn = pdf._string_width(text, font, 8 * pdf._SCALE) / layout.MM
            assert drawn < layout.text_width(text, 8) * 1.12, text


def test_full_width_text_of_the_pdf_has_a_font_that_shows_it() -> None:
    wide = pdf._register_fonts(None, ())
    assert list(pdf._runs("a红≥", False, wide)) == [
        ("DejaVuSans", "a"),
        ("STSong-Light", "红"),
        ("DejaVuSans", "≥"),
    ]


def test_documents_are_the_same_bytes_again(drawings: list[DrawnFigure]) -> None:
    laid = lay_out(LONG)
    assert docx.render(laid, HEAD) == docx.render(laid, HEAD)
    assert pdf.bind([laid], drawings, DEFINITIONS, HEAD) == pdf.bind(
        [laid], drawings, DEFINITIONS, HEAD
    )


# Rendered


def assert_drawn(wanted: str, found: str) -> None:
    """Whether a text stands in what was drawn, wherever lines were broken.

    Of the signs of other scripts a machine may have no font: it draws a box for each and reads
    them back as one of them. Where one is lacking, none of them is looked at.
    """
    wanted, found = ("".join(text.split()) for text in (wanted, found))
    if any(sign not in found for sign in wanted if sign >= OTHER_SCRIPTS):
        wanted, found = (
            "".join(sign for sign in text if sign < OTHER_SCRIPTS) for text in (wanted, found)
        )
    assert wanted in found


@pytest.mark.slow
@needs("soffice")
@pytest.mark.parametrize("form", ["rtf", "docx"])
@pytest.mark.parametrize("made", [LONG, ODD], ids=["long", "odd"])
def test_a_word_processor_makes_the_same_pages(tmp_path: Path, form: str, made: Table) -> None:
    laid = lay_out(made)
    path = tmp_path / f"t.{form}"
    if form == "rtf":
        path.write_text(rtf.render(laid, HEAD), encoding="ascii")
    else:
        path.write_bytes(docx.render(laid, HEAD))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", str(path)]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    read = PdfReader(tmp_path / "t.pdf")
    assert len(read.pages) == len(laid.pages)
    for number, (page, shown) in enumerate(zip(laid.pages, read.pages, strict=True), start=1):
        text = shown.extract_text().replace(NO_BREAK, " ")
        assert f"Page {number} of {len(laid.pages)}" in text
        assert page.title in text
        for row in page.rows:
            assert_drawn(row.label, text)


@pytest.mark.parametrize("size", [6, 7, 8])
def test_a_cell_that_fills_its_column_to_the_last_digit_is_not_broken(size: int) -> None:
    """The padding is added to the width of the widest cell and taken away again."""
    cells = [f"{low}.{decimal}+, {high}.0+" for low in range(30) for high in (1, 24)
             for decimal in range(10)]  # fmt: skip
    for cell in map(layout.unbroken, cells):
        column = layout.text_width(cell, size) + 2 * layout.PADDING
        assert layout.wrap(cell, column - 2 * layout.PADDING, size) == [cell]
