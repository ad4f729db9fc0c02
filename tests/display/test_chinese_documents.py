"""Documents in Chinese: their words, their fonts, the same bytes each time."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from io import BytesIO
from zipfile import ZipFile

from pypdf import PdfReader

from durable.display import rtf
from durable.display.layout import lay_out
from durable.export import docx, pdf
from durable.fonts import fallback_font
from durable.language import language
from durable.outputs.page_head import PageHead, page_head
from durable.outputs.table import Row, Table
from durable.plan import Analysis, Input, Inputs, Plan, Study

PLAN = Plan(
    analysis=Analysis(id="a1", data_cutoff=dt.date(2024, 6, 30), status="draft"),
    study=Study(id="NCT06569472"),
    inputs=Inputs(subjects=Input(path="s.csv"), visits=Input(path="v.csv")),
)
TABLE = Table(
    name="t_dor",
    number="14.2.4",
    title="缓解持续时间",
    subtitles=("安全性分析集",),
    columns=("合计 (N = 8)",),
    rows=(Row("有事件的受试者", ("3 (37.5)",)),),
    footnotes=("NE: 不可估计",),
    kind="Table",
)


def head() -> PageHead:
    return page_head(PLAN)


def as_rtf(text: str) -> str:
    return "".join(f"\\u{int.from_bytes(sign.encode('utf-16-be'), signed=True)}?" for sign in text)


def test_an_rtf_in_chinese_names_a_font_for_its_signs_and_numbers_pages_in_chinese() -> None:
    with language("zh"):
        text = rtf.render(lay_out(TABLE), head())
    assert r"\stshfdbch1" in text
    assert r"{\f1\fnil\fcharset134 SimSun;}" in text
    number, of, end = as_rtf("第"), as_rtf("页\uff0c共"), as_rtf("页")
    fields = [rf"{{\field{{\*\fldinst {name}}}{{\fldrslt 1}}}}" for name in ("PAGE", "NUMPAGES")]
    assert rf"\tab {number}{fields[0]}{of}{fields[1]}{end}\par" in text
    assert as_rtf("缓解持续时间") in text
    assert f"gtextUNICODE}}{{\\sv {as_rtf('草稿')}" in text


def test_an_rtf_in_english_names_one_font() -> None:
    text = rtf.render(lay_out(TABLE), head())
    assert r"\deff0{\fonttbl{\f0\fswiss\fcharset0 Arial;}}{\stylesheet" in text
    assert r"\tab Page {\field{\*\fldinst PAGE}{\fldrslt 1}} of {\field" in text


def test_a_docx_in_chinese_names_a_font_for_its_signs() -> None:
    with language("zh"):
        made = docx.render(lay_out(TABLE), head())
    with ZipFile(BytesIO(made)) as file:
        styles = file.read("word/styles.xml").decode()
        header = next(
            part
            for name in file.namelist()
            if name.startswith("word/header") and "草稿" in (part := file.read(name).decode())
        )
    assert styles.count('w:eastAsia="SimSun"') == 4
    assert 'w:eastAsia="zh-CN"' in styles
    assert ">第<" in header
    assert 'string="草稿" style="font-family:SimSun' in header


def test_a_pdf_in_chinese_embeds_its_signs_and_is_the_same_bytes_each_time() -> None:
    font = fallback_font("zh", None)
    with language("zh"):
        layout = lay_out(TABLE)
        made = [pdf.bind([layout], (), layout, head(), font=font) for _ in range(2)]
    assert made[0] == made[1]
    reader = PdfReader(BytesIO(made[0]))
    fonts = {
        str(font.get_object()["/BaseFont"]).partition("+")[2]
        for page in reader.pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert sum(name.startswith("DurableSigns-") for name in fonts) == 2  # regular and bold
    assert "STSong-Light" not in "".join(fonts)
    pages = [page.extract_text().replace("\n", "") for page in reader.pages]
    assert "目录" in pages[0]
    assert "草稿" in pages[0]
    assert all(words in pages[1] for words in ("缓解持续时间", "有事件的受试者", "安全性分析集"))


def test_each_of_two_documents_has_its_own_signs() -> None:
    """The second was set in the font of the first: a box for each sign that the first lacks."""
    font = fallback_font("zh", None)
    other = replace(TABLE, title="代码脚注", columns=("备注 (N = 8)",))
    with language("zh"):
        for table, words in ((TABLE, ["缓解持续时间"]), (other, ["代码脚注", "备注"])):
            layout = lay_out(table)
            made = pdf.bind([layout], (), layout, head(), font=font)
            text = PdfReader(BytesIO(made)).pages[1].extract_text()
            assert all(word in text for word in words)
