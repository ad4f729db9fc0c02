"""Forms of dates and times: what a text means in each, and nothing else."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable.dates import DateForm, Moment, forms_of, known_forms


@pytest.mark.parametrize(
    ("form", "text", "date", "time"),
    [
        ("DD-MMM-YYYY", "16-Mar-2025", "2025-03-16", ""),
        ("DD-MMM-YYYY", "16-MAR-2025", "2025-03-16", ""),
        ("DD-MMM-YYYY", "UN-MAR-2025", "2025-03", ""),
        ("DD-MMM-YYYY", "UN-UNK-2023", "2023", ""),
        ("DD MMM YYYY", "UNK unk 2023", "2023", ""),
        ("DDMMMYYYY", "16MAR2025", "2025-03-16", ""),
        ("DD-MMM-YY", "16-MAR-25", "2025-03-16", ""),
        ("MM/DD/YYYY", "03/16/2025", "2025-03-16", ""),
        ("D.M.YYYY", "6.3.2025", "2025-03-06", ""),
        ("DDMMMYYYY:hh:mm:ss", "16MAR2025:08:30:00", "2025-03-16", "08:30"),
        ("MMM D, YYYY", "Mar 6, 2025", "2025-03-06", ""),
        ("YYYY. M. D.", "2025. 3. 16.", "2025-03-16", ""),
        ("YYYY年M月D日", "2025年3月16日", "2025-03-16", ""),
        ("YYYY年M月", "2025年12月", "2025-12", ""),
        ("YYYY年", "2025年", "2025", ""),
        ("MMMM D, YYYY", "September 6, 2025", "2025-09-06", ""),
        ("YYYY-MM-DD hh:mm", "2025-03-16 08:30", "2025-03-16", "08:30"),
        ("YYYY-MM-DDThh:mm:ss", "2025-03-16T08:30:59", "2025-03-16", "08:30"),
        ("h:mm am", "12:05 AM", "", "00:05"),
        ("h:mm am", "12:05 p.m.", "", "12:05"),
    ],
)
def test_a_text_in_its_form(form: str, text: str, date: str, time: str) -> None:
    assert DateForm(form).read(text) == Moment(date, time)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("DD-MMM-YYYY", "31-FEB-2025"),
        ("DD-MMM-YYYY", "00-MAR-2025"),
        ("MM/DD/YYYY", "00/16/2025"),
        ("MM/DD/YYYY", "00/00/2025"),
        ("MM/YYYY", "00/2025"),
        ("YYYY-MM-DD hh:mm", "2025-03-00 08:30"),
        ("DD-MMM-YYYY", "16-Mär-2025"),
        ("DD-MMM-YYYY", "16-UNK-2025"),  # a day without its month
        ("DD-MMM-YYYY", "6-MAR-2025"),
        ("DD-MMM-YYYY", "16-MAR-2025 08:30"),
        ("MM/DD/YYYY", "16/03/2025"),
        ("MM/DD/YYYY", "03/16/25"),
        ("MM/DD/YYYY", "٠٣/١٦/٢٠٢٥"),
        ("hh:mm", "24:00"),
        ("h:mm am", "13:05 pm"),
        ("YYYY", "0000"),
    ],
)
def test_a_text_in_another_form_is_not_read(form: str, text: str) -> None:
    assert DateForm(form).read(text) is None


@pytest.mark.parametrize(
    "text", ["", "date", "MM/DD", "DD", "hh", "YYYY-YYYY", "YYYY-DD", "mm:ss", "MMM D hh:mm"]
)
def test_what_says_neither_a_date_nor_a_time_is_no_form(text: str) -> None:
    with pytest.raises(ValueError, match="a form of a date, of a time, or of both"):
        DateForm(text)


@pytest.mark.parametrize("zone", ["Z", ".000Z", " UTC", "+08:00", "-05:00"])
def test_a_time_with_its_zone_is_no_form_since_the_day_may_be_another(zone: str) -> None:
    with pytest.raises(ValueError, match="a form without a time zone"):
        DateForm(f"YYYY-MM-DDThh:mm:ss{zone}")


def test_the_forms_of_some_texts_are_those_that_read_each() -> None:
    assert forms_of(["03/04/2025"]) == ["MM/DD/YYYY", "DD/MM/YYYY"]
    assert forms_of(["03/04/2025", "16/04/2025"]) == ["DD/MM/YYYY"]
    assert forms_of(["03/04/2025", "today"]) == []


@given(st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)))
def test_every_usual_form_reads_the_date_that_it_writes(date: dt.date) -> None:
    month = date.strftime("%B")
    parts = {"YYYY": f"{date:%Y}", "YY": f"{date:%y}", "MMMM": month, "MMM": month[:3],
             "MM": f"{date:%m}", "DD": f"{date:%d}", "hh": "08", "mm": "30", "ss": "59",
             "M": str(date.month), "D": str(date.day), "h": "8", "am": "am"}  # fmt: skip
    for form in known_forms():
        if not {"D", "Y"} <= set(form.text):
            continue
        text, rest = "", form.text
        while rest:
            part = next((p for p in parts if rest.startswith(p)), rest[0])
            text, rest = text + parts.get(part, part), rest[len(part) :]
        read = form.read(text)
        assert read is not None, (form.text, text)
        assert read.date == date.isoformat(), (form.text, text)
