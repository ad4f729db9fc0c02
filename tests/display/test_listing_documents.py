"""Listings in documents: every record once, whole words, subjects together, in all three forms."""

from __future__ import annotations

import subprocess
from io import BytesIO
from itertools import chain
from pathlib import Path

import pandas as pd
import pytest
from docx import Document
from pypdf import PdfReader

from durable.display import layout as lay
from durable.display import rtf
from durable.display.layout import CONTINUED, Layout
from durable.display.listing_layout import MOST, lay_out_listing
from durable.export import docx, pdf
from durable.outputs.alignment import FIGURE_SPACE
from durable.outputs.definition_list import definition_list
from durable.outputs.listings import LISTINGS
from durable.outputs.listings.listing import Column, Listing, number, text
from durable.outputs.page_head import PageHead
from tests.derive.build import plan
from tests.programs import needs

PLAN = plan(deviations={"visit_window": {}})
HEAD = PageHead("Sponsor. Protocol P-1", "Final analysis, data cut-off 2024-06-30", "Final")
ALL = {entry.name: entry.load() for entry in LISTINGS}
WORDS = ("Hypogammaglobulinaemia", "Immune effector cell-associated neurotoxicity syndrome", "Rash")
#: Columns of free or coded text; the others hold flags.
LONG = ("AETERM", "AEDECOD", "AEBODSYS", "REASON", "EVNTDESC", "DCSREAS", "AVALU", "message")


def records(listing: Listing, subjects: int, each: int) -> pd.DataFrame:
    """Records of invented subjects, whose cells say which record and column they are of."""
    rows = []
    for i in range(subjects * each):
        row = {column.name: cell(column, i) for column in listing.columns(PLAN)}
        for name in listing.by:
            row[name] = f"{name}{i // each:03}" if name != "DOSELVL" else f"{1 + i // each}e7"
        rows.append(row)
    return pd.DataFrame(rows)


def cell(column: Column, i: int) -> object:
    if column.kind == "number":
        return i * 10.5
    if column.kind == "date":
        return "2024-01-31"
    return WORDS[i % len(WORDS)] if column.name in LONG else "Y"


def shown(part: Layout) -> list[tuple[str, ...]]:
    """The cells of each record of a part, as they stand on its pages."""
    rows = chain.from_iterable(page.rows for page in part.pages)
    return [(row.label, *row.cells) for row in rows if row.cells]


@pytest.fixture(scope="module")
def events() -> list[Layout]:
    listing = ALL["adverse_events"]
    return lay_out_listing(listing, records(listing, 30, 7), PLAN)


@pytest.mark.parametrize("name", [name for name in ALL if not ALL[name].blocks])
def test_every_record_stands_once_in_each_part_and_every_column_in_one(name: str) -> None:
    listing = ALL[name]
    parts = lay_out_listing(listing, records(listing, 4, 6), PLAN)
    labels = {label for part in parts for label in part.heading}
    own = [c for c in listing.shown_columns(PLAN) if c.name not in listing.by]
    assert labels == {column.label for column in own}
    for part in parts:
        assert len(shown(part)) == 24
        assert part.sheet.size >= 6
        assert sum(part.sheet.widths) == pytest.approx(257)
        assert all(len(page.title) for page in part.pages)


@pytest.mark.parametrize("name", [name for name in ALL if not ALL[name].blocks])
def test_no_word_of_a_heading_or_a_cell_is_broken(name: str) -> None:
    listing = ALL[name]
    for part in lay_out_listing(listing, records(listing, 4, 6), PLAN):
        size = part.sheet.size
        for heading, width in lay.heading_texts(part):
            assert lay.widest_word(heading, size) <= width, heading
        for page in part.pages:
            for row in page.rows:
                for words, _, width in lay.row_texts(row, part.sheet):
                    assert lay.widest_word(words, size) <= width, words


def test_the_key_columns_begin_each_part_where_the_columns_do_not_fit(events: list[Layout]) -> None:
    assert [part.table.heading for part in events] == [
        "Listing 16.2.7.1. Adverse events (part 1 of 2)",
        "Listing 16.2.7.1. Adverse events (part 2 of 2)",
    ]
    assert [part.table.name for part in events] == ["l_adverse_events", "l_adverse_events_2"]
    assert all(part.heading[:2] == ("Event", "Preferred term") for part in events)
    assert events[1].table.spans[-1] == ("Source", 3)


def test_a_listing_that_names_rows_in_words_has_the_source_in_its_csv_alone() -> None:
    listing = ALL["eligibility"]
    assert [column.name for column in listing.columns(PLAN)][-3:] == ["SRCDOM", "SRCVAR", "SRCSEQ"]
    (part,) = lay_out_listing(listing, records(listing, 1, 1), PLAN)
    assert part.heading[-1] == "Values and rows of the data"
    assert not {"Table", "Column", "Row"} & {*part.heading}
    assert not any("header is row 1" in note for note in part.table.footnotes)


def test_a_column_of_long_texts_gets_the_width_that_others_do_not_need() -> None:
    columns = (text("KEY", "Key"), text("FLAG", "Flag"), text("NOTE", "Note"))
    listing = Listing("deaths", "Invented", "ADSL", lambda _: columns, lambda _: (), traced=False)
    frame = pd.DataFrame({"KEY": ["K1", "K2"], "FLAG": "Y", "NOTE": "some words " * 60})
    (part,) = lay_out_listing(listing, frame, PLAN)
    key, flag, note = part.sheet.widths
    assert key + flag + note == pytest.approx(257)
    # Narrow columns keep a heading and little more: some 220 mm are the note's.
    assert key + flag < 40
    assert note > 215


def test_columns_whose_texts_stand_in_one_line_share_what_is_left() -> None:
    columns = (text("KEY", "Key"), text("FLAG", "Flag"), text("OTHER", "Flag"))
    listing = Listing("deaths", "Invented", "ADSL", lambda _: columns, lambda _: (), traced=False)
    frame = pd.DataFrame({"KEY": ["K1"], "FLAG": ["Y"], "OTHER": ["Y"]})
    (part,) = lay_out_listing(listing, frame, PLAN)
    assert part.sheet.widths[1] == part.sheet.widths[2]
    assert part.sheet.widths[1] > 70


def test_the_records_of_a_subject_stand_on_one_page_under_their_line(events: list[Layout]) -> None:
    lines = [
        f"Subject SUBJID{i:03}, Part PART{i:03}, Dose level {1 + i} x 10^7 cells/kg"
        for i in range(30)
    ]
    for part in events:
        found = [row.label for page in part.pages for row in page.rows if not row.cells]
        assert found == lines
        for page in part.pages:
            assert sum(bool(row.cells) for row in page.rows) % 7 == 0


def test_a_subject_with_more_records_than_a_page_holds_is_continued() -> None:
    listing = ALL["adverse_events"]
    first, second = lay_out_listing(listing, records(listing, 1, 80), PLAN)[0].pages[:2]
    assert not first.rows[0].label.endswith(CONTINUED)
    assert second.rows[0].label == first.rows[0].label + CONTINUED
    assert second.title.endswith(CONTINUED)


def test_footnotes_and_source_stand_once_after_the_last_part(events: list[Layout]) -> None:
    first, last = (part.table.footnotes for part in events)
    assert first == ("Footnotes are given after the last part of the listing.",)
    assert last[0].startswith("Treatment-emergent: onset on or after the day of infusion.")
    assert "Source: ADAE. Program: durable" in last[-1]
    assert "durable.outputs.listings.adverse_events" in last[-1]
    assert [bool(page.notes) for page in events[1].pages].count(True) == 1


def test_decimal_points_of_a_column_stand_under_one_another() -> None:
    listing = Listing(
        name="kinetics",
        title="Numbers",
        source="ADPC",
        variables=lambda _: (text("A", "A"), number("B", "B")),
        notes=lambda _: (),
        traced=False,
    )
    frame = pd.DataFrame({"A": ["x", "y", "z"], "B": ["0.125", "1250.5", ""]})
    (part,) = lay_out_listing(listing, frame, PLAN)
    assert [row[1] for row in shown(part)] == [3 * FIGURE_SPACE + "0.125", "1250.5", ""]


def test_a_long_listing_says_how_many_of_its_records_are_shown() -> None:
    listing = ALL["kinetics_parameters"]
    (part,) = lay_out_listing(listing, records(listing, 1, MOST + 3), PLAN)
    assert len(shown(part)) == MOST
    assert part.table.subtitles == (
        f"Data cut-off {PLAN.analysis.data_cutoff}. The first 5,000 of 5,003 records;"
        " listings/l_kinetics_parameters.csv has all",
    )


def test_a_listing_without_records_says_so() -> None:
    listing = ALL["deaths"]
    empty = records(listing, 1, 1).head(0)
    assert [row[0] for row in shown(lay_out_listing(listing, empty, PLAN)[0])] == ["No records"]
    narratives = ALL["narratives"]
    (part,) = lay_out_listing(narratives, records(narratives, 1, 1).head(0), PLAN)
    assert shown(part) == [("No records", "")]


def test_a_narrative_is_a_block_with_the_items_that_have_a_value() -> None:
    listing = ALL["narratives"]
    frame = records(listing, 2, 1).astype(object)
    frame.loc[0, ["AEID", "AETERM", "AESER", "NEWTHER", "DTHDT"]] = ["AE-1", "fever", *[None] * 3]
    frame.loc[1, ["AEID", "AETERM", "AESER"]] = None
    (part,) = lay_out_listing(listing, frame, PLAN)
    rows = [row for page in part.pages for row in page.rows]
    titles = [i for i, row in enumerate(rows) if row.indent == 0]
    assert rows[0].label == "Subject SUBJID000, Narrative of KIND000, Preferred term AEDECOD000"
    first, second = (
        {row.label: row.cells[0] for row in block if row.cells}
        for block in (rows[: titles[1]], rows[titles[1] :])
    )
    assert first["Term as reported"] == "fever"
    assert first["Serious"] == "not recorded"
    assert first["New systemic therapies since infusion"] == "none recorded"
    assert "Death" not in first
    assert first["Source"].startswith("table ")
    # A death is of no event: nothing about it was to be recorded.
    assert not {"Event", "Term as reported", "Serious"} & set(second)


# The three forms


def closing() -> Layout:
    return lay.lay_out(definition_list(PLAN, ("adsl", "adae")))


def test_the_pdf_has_marks_and_pages_of_every_part(events: list[Layout]) -> None:
    read = PdfReader(BytesIO(pdf.bind(events, (), closing(), HEAD, title="Listings")))
    assert read.metadata is not None
    assert read.metadata.title == "Listings"
    marks = {m.title: read.get_destination_page_number(m) for m in read.outline}
    assert marks["Listing 16.2.7.1. Adverse events (part 2 of 2)"] == 1 + len(events[0].pages)
    last = read.pages[marks["List of definitions"] - 1].extract_text()
    assert "Treatment-emergent: onset on or after" in last


def test_rtf_repeats_both_rows_of_column_headings(events: list[Layout]) -> None:
    written = rtf.bind(events, (), closing(), HEAD)
    with_spans = sum(len(part.pages) for part in events if part.table.spans)
    assert written.count(r"\trhdr") == sum(len(part.pages) for part in events) + with_spans
    assert written.count("{") == written.count("}")
    assert r"\bkmkstart l_adverse_events_2" in written


def test_docx_holds_all_parts_and_headings_over_columns(events: list[Layout]) -> None:
    read = Document(BytesIO(docx.render(events[0], HEAD, events[1:])))
    assert len(read.tables) == sum(len(part.pages) for part in events)
    headings = [p.text for p in read.paragraphs if p.style.name == "Heading 1"]
    assert headings.count("Listing 16.2.7.1. Adverse events (part 2 of 2)") == 1
    spans = [c.text for c in read.tables[-1].rows[0].cells]
    assert spans[-3:] == ["Source"] * 3
    assert read.tables[-1]._tbl.xml.count("<w:tblHeader/>") == 2
    assert read.sections[0].page_width > read.sections[0].page_height


def test_the_head_of_a_docx_page_has_one_tab_at_its_right_margin(events: list[Layout]) -> None:
    document = Document(BytesIO(docx.render(events[0], HEAD)))
    assert not list(document.styles["Header"].paragraph_format.tab_stops)
    (stop,) = document.sections[0].header.paragraphs[0].paragraph_format.tab_stops
    assert stop.position.mm == pytest.approx(257, abs=0.1)


@pytest.mark.slow
@needs("soffice")
@pytest.mark.parametrize("form", ["rtf", "docx"])
@pytest.mark.parametrize("name", ["adverse_events", "narratives"])
def test_a_word_processor_makes_the_same_pages(tmp_path: Path, form: str, name: str) -> None:
    listing = ALL[name]
    parts = lay_out_listing(listing, records(listing, 12, 5), PLAN)
    path = tmp_path / f"l.{form}"
    if form == "rtf":
        path.write_text(rtf.bind(parts, (), closing(), HEAD), encoding="ascii")
    else:
        path.write_bytes(docx.render(parts[0], HEAD, parts[1:]))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", str(path)]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=180)
    titles = [page.title for part in parts for page in part.pages]
    read = [page.extract_text() for page in PdfReader(tmp_path / "l.pdf").pages]
    listed = read[1 : 1 + len(titles)] if form == "rtf" else read
    assert len(listed) == len(titles)
    for title, found in zip(titles, listed, strict=True):
        assert title in found.replace(lay.NO_BREAK, " ")
