"""The head of every page: sponsor, protocol, status and page; the watermark is on drafts alone."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any, Literal
from zipfile import ZipFile

import pytest
from docx import Document
from pypdf import PdfReader

from durable.display import rtf, tables
from durable.display.layout import lay_out
from durable.export import docx, pdf
from durable.figures.drawings import draw_all, draw_pages
from durable.outputs.page_head import PageHead, page_head
from durable.outputs.table import Row, Table
from durable.plan import Plan, Study
from tests.figures import point_texts
from tests.figures.layout import PLAN

pytestmark = pytest.mark.requirement("OUT-03")

Status = Literal["draft", "interim", "final"]
STATUSES: tuple[Status, ...] = ("draft", "interim", "final")
STUDY = Study(id="NCT1", sponsor="The sponsor", protocol="P-7", protocol_version="2.0")
LAID = lay_out(
    Table(
        "t_x", "14.1", "Title", ("All infused",), ("Total",), (Row("n", ("4",)),) * 90, ("Note.",)
    )
)
HEADING_2 = "Table 14.1. Title (continued)"


def plan_of(status: Status, study: Study = STUDY) -> Plan:
    analysis = PLAN.analysis.model_copy(update={"status": status, "title": "Analysis 1"})
    return PLAN.model_copy(update={"analysis": analysis, "study": study})


def head(status: Status) -> PageHead:
    return page_head(plan_of(status))


every_status = pytest.mark.parametrize("status", STATUSES)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, "Protocol NCT1"),
        ({"sponsor": "The sponsor"}, "The sponsor. Protocol NCT1"),
        ({"protocol": "P-7"}, "Protocol P-7"),
        ({"protocol_version": "2.0"}, "Protocol NCT1, version 2.0"),
    ],
)
def test_the_head_says_of_the_study_what_the_plan_does(given: dict[str, Any], line: str) -> None:
    study = Study(id="NCT1", **given)
    assert page_head(plan_of("final", study)).study == line


@every_status
def test_the_head_says_the_analysis_its_cutoff_and_status(status: Status) -> None:
    found = head(status)
    assert found.study == "The sponsor. Protocol P-7, version 2.0"
    assert found.analysis == "Analysis 1, data cut-off 2024-06-30"
    assert found.status == status.capitalize()
    assert found.is_draft == (status == "draft")


@every_status
def test_pages_of_rtf(status: Status) -> None:
    text = rtf.render(LAID, head(status))
    header = text[text.index(r"{\header") : text.index("Title", text.index(r"{\header"))]
    for said in ("The sponsor. Protocol P-7, version 2.0", "Analysis 1, data cut-off 2024-06-30"):
        assert said in header
    assert rf"\tab {status.capitalize()}\par}}" in header
    assert text.count(r"{\sn gtextUNICODE}{\sv DRAFT}") == (1 if status == "draft" else 0)
    assert "DRAFT" not in text or status == "draft"


def test_every_section_of_a_bound_rtf_has_the_head_and_the_watermark() -> None:
    text = rtf.bind([LAID, LAID], [], LAID, head("draft"))
    assert text.count(r"\sectd") == text.count(r"{\header") == text.count("DRAFT") == 4


@every_status
def test_pages_of_docx(status: Status) -> None:
    written = docx.render(LAID, head(status))
    (section,) = Document(BytesIO(written)).sections
    assert [paragraph.text for paragraph in section.header.paragraphs] == [
        # The numbers are fields, which Word fills.
        "The sponsor. Protocol P-7, version 2.0\tPage  of ",
        f"Analysis 1, data cut-off 2024-06-30\t{status.capitalize()}",
    ]
    with ZipFile(BytesIO(written)) as file:
        headers = [file.read(n).decode() for n in file.namelist() if "header" in n]
        body = file.read("word/document.xml").decode()
    # VML as Word draws its own watermarks: a shape of text in the header.
    marks = re.findall(
        r'<v:shape [^>]*id="PowerPlusWaterMarkObject".*?</v:shape>', "".join(headers)
    )
    assert len(marks) == (1 if status == "draft" else 0)
    assert all('string="DRAFT"' in mark for mark in marks)
    assert "DRAFT" not in body


def test_docx_has_the_styles_from_which_word_makes_contents_and_captions() -> None:
    read = Document(BytesIO(docx.render(LAID, head("final"))))
    styled = [(p.style.name, p.text) for p in read.paragraphs if p.style and p.text.strip()]
    assert len(LAID.pages) == 2
    assert styled == [
        ("Heading 1", "Table 14.1. Title"),
        ("Caption", "All infused"),
        ("Heading 1", HEADING_2),
        ("Normal", "Note."),
    ]
    headings = {
        p.text: p._p.xml for p in read.paragraphs if p.style and p.style.name == "Heading 1"
    }
    # The continuation is text in the outline, so that contents list a table once.
    assert '<w:outlineLvl w:val="9"/>' not in headings["Table 14.1. Title"]
    assert '<w:outlineLvl w:val="9"/>' in headings[HEADING_2]
    assert {p.style.name for p in read.sections[0].header.paragraphs if p.style} == {"Header"}


@every_status
def test_pages_of_pdf(status: Status) -> None:
    pages = PdfReader(BytesIO(pdf.bind([LAID], [], LAID, head(status)))).pages
    assert len(pages) == 5
    for number, page in enumerate(pages, start=1):
        text = page.extract_text()
        for said in (
            *("The sponsor. Protocol P-7, version 2.0", "Analysis 1, data cut-off 2024-06-30"),
            *(status.capitalize(), f"Page {number} of 5"),
        ):
            assert said in text
        assert text.count("DRAFT") == (1 if status == "draft" else 0)


@every_status
def test_pages_of_html(status: Status) -> None:
    page = tables.to_html(LAID.table, head(status))
    assert "<p>The sponsor. Protocol P-7, version 2.0</p>" in page
    line = f"<p>Analysis 1, data cut-off 2024-06-30<span>{status.capitalize()}</span></p>"
    assert line in page
    # The style sheet draws the word over a body of this class.
    assert re.findall("<body[^>]*>", page) == [
        '<body class="draft">' if status == "draft" else "<body>"
    ]


@every_status
def test_figures(status: Status, tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    stem = tmp_path / "figures" / "f_waterfall"
    stem.with_suffix(".csv").write_text(point_texts.study(3)["waterfall"])
    draw_all(plan_of(status), tmp_path)
    draw_pages(plan_of(status), tmp_path)
    marks = 1 if status == "draft" else 0
    assert stem.with_suffix(".svg").read_text().count('id="f_waterfall-watermark"') == marks
    (page,) = PdfReader(stem.with_suffix(".pdf")).pages
    assert page.extract_text().count("DRAFT") == marks
