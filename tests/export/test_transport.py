"""SAS transport files, read back by pyreadstat and R."""

from __future__ import annotations

import csv
import datetime as dt
import html
import re
import subprocess
from dataclasses import replace
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durable.export import transport
from durable.export.datasets import Dataset
from durable.export.define import to_xml
from durable.export.transport import (
    Change,
    TextRule,
    continuations,
    fit_to_xpt,
    pieces_of,
    to_ascii,
    write_transport,
)
from durable.export.xpt import report
from durable.plan import Plan
from tests.programs import needs

DAY, EPOCH = dt.date(2024, 6, 30), dt.date(1960, 1, 1)
#: Prints each file as R reads it, dates as the numbers that they are in it; haven, where it is
#: installed, has to read the same and the labels too.
READ_IN_R = """
for (file in commandArgs(TRUE)) {
  data <- foreign::read.xport(file, as.is = TRUE)
  if (requireNamespace("haven", quietly = TRUE)) {
    again <- haven::read_xpt(file)
    for (name in names(data)) {
      values <- again[[name]]
      stopifnot(nchar(attr(values, "label")) > 0)
      days <- if (inherits(values, "Date")) 3653 else 0
      if (is.numeric(data[[name]])) values <- as.numeric(values) + days
      stopifnot(all(is.na(values) == is.na(data[[name]])))
      stopifnot(all(values == data[[name]], na.rm = TRUE))
    }
  }
  numbers <- vapply(data, is.numeric, NA)
  data[numbers] <- lapply(data[numbers], function(x) ifelse(is.na(x), "", sprintf("%.17g", x)))
  write.csv(data, row.names = FALSE)
  cat("\\f")
}
"""


def written(dataset: Dataset, folder: Path) -> Path:
    path = folder / f"{dataset.name.lower()}.xpt"
    write_transport(path, dataset, DAY)
    return path


def expected(dataset: Dataset, name: str) -> list[Any]:
    """Values as a transport file holds them: no difference of missing and empty text."""
    values = dataset.frame[name]
    if pd.api.types.is_datetime64_any_dtype(values):
        return [None if pd.isna(v) else v.date() for v in values]
    if values.dtype == object:
        return ["" if v is None else v for v in values]
    return [None if pd.isna(v) else float(v) for v in values]


def plain(values: pd.Series[Any]) -> list[Any]:
    return [None if isinstance(v, float) and np.isnan(v) else v for v in values]


def in_parts(dataset: Dataset, fitting: Dataset) -> dict[str, list[str]]:
    """The variables of the file that hold each variable of the dataset, the first by its name."""
    names: dict[str, list[str]] = {}
    own = {variable.name for variable in dataset.variables}
    for variable in fitting.variables:
        if variable.name in own:
            names[variable.name] = last = [variable.name]
        else:
            last.append(variable.name)
    return names


def together(frame: pd.DataFrame, names: list[str]) -> list[Any]:
    """Values of a variable, of a text in several variables with its parts joined."""
    first, *others = names
    return plain(frame[first] if not others else frame[names].agg("".join, axis=1))


def with_texts(dataset: Dataset, name: str, texts: list[str | None]) -> Dataset:
    """The dataset's first records with other values of one variable."""
    frame = dataset.frame.iloc[: len(texts)].assign(**{name: pd.Series(texts, dtype=object)})
    return replace(dataset, frame=frame)


def test_pyreadstat_reads_back_what_the_dataset_holds(
    datasets: dict[str, Dataset], tmp_path: Path
) -> None:
    split = []
    for dataset in datasets.values():
        fitting, changes = fit_to_xpt(dataset, "ascii")
        assert {change.rule for change in changes} <= {"split_at_200"}
        split += [(change.dataset, change.variable, change.row) for change in changes]
        frame, meta = pyreadstat.read_xport(written(fitting, tmp_path))
        assert meta.table_name == dataset.name
        assert meta.file_label == dataset.label
        assert meta.column_names_to_labels == {v.name: v.label for v in fitting.variables}
        parts = in_parts(dataset, fitting)
        assert list(parts) == list(dataset.frame)
        assert list(frame) == [name for names in parts.values() for name in names]
        for variable in dataset.variables:
            assert together(frame, parts[variable.name]) == expected(dataset, variable.name)
            form = meta.original_variable_types[variable.name]
            assert form == ("DATE9" if variable.type == "date" else None)
    # What decided I02 and I03 of each of the 13 screening attempts takes two variables.
    basis = datasets["ADIE"].frame["BASIS"]
    assert split == [
        ("ADIE", "BASIS", row) for row, text in enumerate(basis, 1) if len(text or "") > 200
    ]
    assert len(split) == 26


@pytest.mark.needs_r
@needs("Rscript")
def test_r_reads_back_what_the_dataset_holds(datasets: dict[str, Dataset], tmp_path: Path) -> None:
    fitted = [fit_to_xpt(dataset, "ascii")[0] for dataset in datasets.values()]
    files = [str(written(fitting, tmp_path)) for fitting in fitted]
    done = subprocess.run(
        ["Rscript", "-e", READ_IN_R, *files], check=True, capture_output=True, text=True
    )
    read = done.stdout.split("\f")[:-1]
    assert len(read) == len(datasets)
    for dataset, fitting, text in zip(datasets.values(), fitted, read, strict=True):
        found = pd.read_csv(StringIO(text), keep_default_na=False, dtype=str)
        assert list(found) == [variable.name for variable in fitting.variables]
        parts = in_parts(dataset, fitting)
        for variable in dataset.variables:
            values = expected(dataset, variable.name)
            shown = together(found, parts[variable.name])
            if variable.type == "date":
                values = [None if v is None else (v - EPOCH).days for v in values]
            if variable.type != "text":
                shown = [float(v) if v else None for v in shown]
            assert shown == values


def test_the_header_bears_the_data_cut_off_and_the_file_is_the_same_again(
    datasets: dict[str, Dataset], tmp_path: Path
) -> None:
    dataset, _ = fit_to_xpt(datasets["ADSL"], "ascii")
    content = written(dataset, tmp_path).read_bytes()
    assert re.findall(rb"\d\d[A-Z]{3}\d\d:\d\d:\d\d:\d\d", content) == [b"30JUN24:00:00:00"] * 4
    assert content[80:104] == b"SAS     SAS     SASLIB  "
    assert written(dataset, tmp_path).read_bytes() == content


def test_a_dataset_without_records_or_with_a_variable_never_given_keeps_its_types(
    datasets: dict[str, Dataset], tmp_path: Path
) -> None:
    adsl = datasets["ADSL"]
    empty = replace(adsl, frame=adsl.frame.assign(DTHDT=pd.NaT, AGE=np.nan).astype({"AGE": float}))
    frame, meta = pyreadstat.read_xport(written(fit_to_xpt(empty, "ascii")[0], tmp_path))
    assert meta.original_variable_types["DTHDT"] == "DATE9"
    assert meta.readstat_variable_types["DTHDT"] == "double"
    assert frame["AGE"].isna().all()
    none = replace(adsl, frame=adsl.frame.iloc[:0])
    frame, meta = pyreadstat.read_xport(written(fit_to_xpt(none, "ascii")[0], tmp_path))
    assert len(frame) == 0
    assert list(frame) == list(adsl.frame)
    assert meta.readstat_variable_types["SEX"] == "string"


# Text that the form does not hold


@pytest.mark.parametrize(
    ("text", "ascii"),
    [
        ("红斑", "<U+7EA2><U+6591>"),
        ("Müller, José", "Muller, Jose"),
        ("\u2265 3 \u00d7 10\u2077 \u00b5L \u00b1 \u00bd", ">= 3 x 10^7 uL +/- <U+00BD>"),
        ("\u201cfever\u201d \u2013 \u2018mild\u2019", "\"fever\" - 'mild'"),
        ("\u2162 \ufb01 \uff11", "III fi 1"),
        ("😀", "<U+1F600>"),
    ],
)
def test_text_in_ascii_by_hand(text: str, ascii: str) -> None:
    assert to_ascii(text) == ascii


@pytest.mark.parametrize(
    ("text", "ascii"),
    [
        ("1\u00d710\u2077 cells/kg", "1x10^7 cells/kg"),  # never 107
        ("10^\u2077", "10^7"),
        ("10\u207b\u2077", "10^-7"),
        ("30 mg/m\u00b2, 30 mg/\u33a1", "30 mg/m^2, 30 mg/m^2"),
        ("37\u2070C", "37^0C"),  # never 370
        ("2\u00bd tablets", "2<U+00BD> tablets"),  # never 21/2
        ("day 1\u2460", "day 1<U+2460>"),
        ("SpO\u2082", "SpO2"),
        ("2\u2081", "2<U+2081>"),
        ("CD4\u207a", "CD4+"),
    ],
)
def test_no_number_becomes_another_one_in_ascii(text: str, ascii: str) -> None:
    assert to_ascii(text) == ascii


@given(st.text(st.characters(codec="utf-8")))
def test_text_in_ascii_is_ascii_and_ascii_stays(text: str) -> None:
    assert to_ascii(text).isascii()
    assert to_ascii(to_ascii(text)) == to_ascii(text)


WORDS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters=" "), min_size=1))


@given(WORDS.map(" ".join) | st.text("ab 红\u0301", max_size=900).map(str.strip))
def test_a_long_text_in_parts_is_the_text(text: str) -> None:
    for written in (text, to_ascii(text)):
        parts = pieces_of(written)
        assert "".join(parts) == written
        assert all(len(part.encode()) <= 200 for part in parts)


def test_a_long_text_breaks_between_words() -> None:
    text = "reason " * 60
    parts = pieces_of(text.strip())
    assert [len(part) for part in parts] == [195, 196, 28]
    assert [part.strip().split(" ")[0] for part in parts] == ["reason"] * 3
    assert pieces_of("红" * 100) == ["红" * 66, "红" * 34]


def test_what_the_form_does_not_hold_is_written_by_rule_and_listed(
    datasets: dict[str, Dataset], tmp_path: Path
) -> None:
    long = " ".join(["because"] * 60)
    dataset = with_texts(datasets["ADSL"], "DCSREAS", ["撤回", long, "end ", None])
    fitting, changes = fit_to_xpt(dataset, "ascii")
    assert [(c.variable, c.row, c.rule) for c in changes] == [
        ("DCSREAS", 1, "not_ascii"),
        ("DCSREAS", 2, "split_at_200"),
        ("DCSREAS", 3, "blanks_at_end"),
    ]
    assert changes[0] == Change("ADSL", "DCSREAS", 1, "not_ascii", "撤回", "<U+64A4><U+56DE>")
    frame, meta = pyreadstat.read_xport(written(fitting, tmp_path))
    names = [name for name in frame if name.startswith("DCSREA")]
    assert names == ["DCSREAS", "DCSREAS1", "DCSREAS2"]
    assert list(frame["DCSREAS"])[2:] == ["end", ""]
    assert "".join(frame[name].iloc[1] for name in names) == long
    assert list(frame["DCSREAS1"]) == ["", " because" * 25, "", ""]
    assert meta.variable_storage_width["DCSREAS"] <= 200
    assert changes[1].written == "DCSREAS, DCSREAS1, DCSREAS2"
    assert meta.column_names_to_labels["DCSREAS1"] == "Reason for Discontinuation from St (2/3)"


@pytest.mark.parametrize(
    ("rule", "label", "code"),
    [
        ("ascii", "<U+5E74><U+9F84><U+7EC4>, Group 1", "<U+5973><U+6027>"),
        ("utf-8", "年龄组按登记时记录的, Group 1", "女性"),
    ],
)
def test_labels_and_codes_are_those_that_the_file_holds(
    rule: TextRule, label: str, code: str, datasets: dict[str, Dataset], plan: Plan, tmp_path: Path
) -> None:
    """A group that the plan names in Chinese. 31 bytes are left before the end of its label: three
    code points of eight bytes, or ten signs of three."""
    named = "年龄组按登记时记录的性别分组, Group 1"
    adsl = with_texts(datasets["ADSL"], "SEX", ["女性", None])
    variables = tuple(
        replace(variable, label=named, codes=(("女性", ""), ("Male", "")))
        if variable.name == "SEX"
        else variable
        for variable in adsl.variables
    )
    fitting, changes = fit_to_xpt(replace(adsl, variables=variables), rule)
    assert Change("ADSL", "SEX", 0, "label", named, label) in changes
    frame, meta = pyreadstat.read_xport(written(fitting, tmp_path))
    assert meta.column_names_to_labels["SEX"] == label
    assert list(frame["SEX"]) == [code, ""]
    (written_variable,) = (v for v in fitting.variables if v.name == "SEX")
    assert written_variable.codes == ((code, ""), ("Male", ""))
    xml = to_xml([fitting], plan, "xpt/{}.xpt")
    assert f'<EnumeratedItem CodedValue="{html.escape(code)}"' in xml


# A long text goes on in further variables


@pytest.mark.parametrize(
    ("name", "count", "taken", "names"),
    [
        # Up to six letters: the number follows the name.
        ("AETERM", 2, (), ["AETERM1", "AETERM2"]),
        # Seven letters and one digit are eight signs; two digits cost a letter.
        ("DCSREAS", 10, (), [*(f"DCSREAS{i}" for i in range(1, 10)), "DCSREA10"]),
        # Eight letters: SDTM's AEACNOTH becomes AEACNOT1.
        ("AEACNOTH", 1, (), ["AEACNOT1"]),
        # The name of another variable: one letter fewer.
        ("EVNTDESC", 2, ("EVNTDES1",), ["EVNTDE1", "EVNTDES2"]),
        ("DCSREAS", 1, ("DCSREAS1", "DCSREA1"), ["DCSRE1"]),
        # No letter left: the number is skipped.
        ("AB", 2, ("AB1", "A1"), ["AB2", "AB3"]),
    ],
)
def test_names_of_further_variables_by_hand(
    name: str, count: int, taken: tuple[str, ...], names: list[str]
) -> None:
    assert continuations(name, count, {name, *taken}) == names


@given(
    st.sets(st.from_regex(r"[A-C][A-C0-9]{0,7}", fullmatch=True), min_size=1),
    st.integers(1, 120),
)
def test_names_of_further_variables_are_new_and_have_room(taken: set[str], count: int) -> None:
    name = sorted(taken)[0]
    names = continuations(name, count, taken)
    assert len({*names}) == len(names) == count
    assert taken.isdisjoint(names)
    assert all(1 < len(each) <= 8 and each[0] == name[0] for each in names)


#: 29 signs, each of 8 bytes as a code point and of 3 in UTF-8.
CHINESE = "家长因路途遥远且病情平稳决定退出研究亦由于个人原因不再随访"


@pytest.mark.parametrize(
    ("rule", "sign", "most"),
    # 29 x 15 = 435 signs. As code points 25 fit into 200 bytes: 435 / 25 = 17.4, so 18 parts.
    # In UTF-8 66 fit (198 bytes): 435 / 66 = 6.6, so 7 parts.
    [("ascii", 25, 18), ("utf-8", 66, 7)],
)
@pytest.mark.parametrize(("dataset", "name"), [("ADSL", "DCSREAS"), ("ADTTE", "EVNTDESC")])
def test_a_long_chinese_text_is_read_back_whole(
    datasets: dict[str, Dataset],
    plan: Plan,
    tmp_path: Path,
    dataset: str,
    name: str,
    rule: transport.TextRule,
    sign: int,
    most: int,
) -> None:
    assert len(CHINESE) == 29
    text = CHINESE * 15
    fitting, changes = fit_to_xpt(with_texts(datasets[dataset], name, [text, "short"]), rule)
    frame, meta = pyreadstat.read_xport(written(fitting, tmp_path), encoding="UTF-8")
    split = next(change for change in changes if change.rule == "split_at_200")
    names = split.written.split(", ")
    assert len(names) == most
    assert names[-1] == name[: 8 - len(str(most - 1))] + str(most - 1)
    recorded = text if rule == "utf-8" else "".join(f"<U+{ord(c):04X}>" for c in text)
    assert "".join(frame[each].iloc[0] for each in names) == recorded
    assert [frame[each].iloc[1] for each in names] == ["short"] + [""] * (most - 1)
    # No sign is cut, and none is left out that had room.
    width = 1 if rule == "utf-8" else 8
    assert {len(frame[each].iloc[0]) for each in names[:-1]} == {sign * width}
    label = next(v.label for v in datasets[dataset].variables if v.name == name)
    labels = meta.column_names_to_labels
    assert labels[name] == label
    assert labels[names[-1]].endswith(f" ({most}/{most})")
    assert all(len(labels[each]) <= 40 for each in names)
    # The define.xml describes the variables of the file, in their order.
    xml = to_xml([fitting], plan, "xpt/{}.xpt")
    assert re.findall(rf'<ItemRef ItemOID="IT.{dataset}.(\w+)"', xml) == list(frame)
    assert f'SASFieldName="{names[-1]}"' in xml


def test_two_long_texts_of_one_dataset_do_not_share_a_variable(
    datasets: dict[str, Dataset], tmp_path: Path
) -> None:
    """DCSREAS1 is a variable: DCSREAS goes on in DCSREA1, which DCSREAS1 then cannot have."""
    adsl = with_texts(datasets["ADSL"], "DCSREAS", ["a" * 201])
    reason = next(variable for variable in adsl.variables if variable.name == "DCSREAS")
    other = replace(reason, name="DCSREAS1", label="Another reason")
    both = replace(
        adsl,
        frame=adsl.frame.assign(DCSREAS1=pd.Series(["b" * 401], dtype=object)),
        variables=(*adsl.variables, other),
    )
    fitting, changes = fit_to_xpt(both, "ascii")
    assert [(c.variable, c.written) for c in changes] == [
        ("DCSREAS", "DCSREAS, DCSREA1"),
        ("DCSREAS1", "DCSREAS1, DCSRE1, DCSREAS2"),
    ]
    frame, _ = pyreadstat.read_xport(written(fitting, tmp_path))
    assert frame["DCSREAS"].iloc[0] + frame["DCSREA1"].iloc[0] == "a" * 201
    second = ("DCSREAS1", "DCSRE1", "DCSREAS2")
    assert "".join(frame[name].iloc[0] for name in second) == "b" * 401


def test_a_sign_is_never_cut() -> None:
    # 199 bytes, then a code point of 8, an accent on its letter, a sign of 3 bytes.
    escape, accent, wide = "x" * 195 + "<U+7EA2>" * 2, "x" * 199 + "e\u0301", "x" * 199 + "红红"
    assert [len(part) for part in pieces_of(escape)] == [195, 16]
    assert [len(part) for part in pieces_of(accent)] == [199, 2]
    assert [len(part) for part in pieces_of(wide)] == [199, 2]
    # Nothing but accents: they are cut, since something has to be.
    assert [len(part) for part in pieces_of("\u0301" * 150)] == [100, 50]


@pytest.mark.parametrize("rule", ["ascii", "utf-8"])
def test_a_control_sign_does_not_end_the_text(
    datasets: dict[str, Dataset], tmp_path: Path, rule: transport.TextRule
) -> None:
    fitting, changes = fit_to_xpt(with_texts(datasets["ADSL"], "DCSREAS", ["a\0b\nc"]), rule)
    assert [c.rule for c in changes] == ["control_sign"]
    frame, _ = pyreadstat.read_xport(written(fitting, tmp_path))
    assert list(frame["DCSREAS"]) == ["a<U+0000>b<U+000A>c"]


@given(st.lists(st.floats(1e-70, 1e70) | st.floats(-1e70, -1e-70) | st.just(0.0), min_size=1))
@settings(deadline=None)
def test_numbers_are_exact(datasets: dict[str, Dataset], numbers: list[float]) -> None:
    adpp = datasets["ADPP"]
    frame = adpp.frame.iloc[[0] * len(numbers)].assign(AVAL=numbers)
    with TemporaryDirectory() as folder:
        path = written(fit_to_xpt(replace(adpp, frame=frame), "ascii")[0], Path(folder))
        read, _ = pyreadstat.read_xport(path)
    assert list(read["AVAL"]) == numbers


@pytest.mark.parametrize("missing", [None, np.nan])
def test_a_missing_text_is_empty_and_not_listed(missing: Any, datasets: dict[str, Dataset]) -> None:
    fitted, changes = fit_to_xpt(with_texts(datasets["ADDV"], "SRCVAR", ["x", missing]), "ascii")
    assert fitted.frame["SRCVAR"].tolist() == ["x", ""]
    assert not [change for change in changes if change.variable == "SRCVAR"]


def test_utf8_is_kept_where_the_plan_says_so(datasets: dict[str, Dataset], tmp_path: Path) -> None:
    fitting, changes = fit_to_xpt(with_texts(datasets["ADSL"], "DCSREAS", ["撤回 é"]), "utf-8")
    assert changes == []
    frame, _ = pyreadstat.read_xport(written(fitting, tmp_path), encoding="UTF-8")
    assert list(frame["DCSREAS"]) == ["撤回 é"]


def test_a_parameter_code_that_is_too_long_is_listed(datasets: dict[str, Dataset]) -> None:
    dataset = with_texts(datasets["ADPP"], "PARAMCD", ["PERSMONTH12"])
    _, changes = fit_to_xpt(dataset, "ascii")
    assert [(c.rule, c.recorded) for c in changes] == [("paramcd_over_8", "PERSMONTH12")]


def test_names_that_the_form_has_no_room_for_are_refused(datasets: dict[str, Dataset]) -> None:
    adsl = datasets["ADSL"]
    first = replace(adsl.variables[0], label="x" * 41)
    with pytest.raises(ValueError, match=r"ADSL\.STUDYID: name or label is too long"):
        fit_to_xpt(replace(adsl, variables=(first, *adsl.variables[1:])), "ascii")


def test_a_header_of_another_form_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "other.xpt"
    path.write_bytes(b" " * 600)
    with pytest.raises(ValueError, match="its times elsewhere"):
        transport._date(path, DAY)
    assert path.read_bytes() == b" " * 600


def test_the_listing_is_safe_in_a_spreadsheet(datasets: dict[str, Dataset]) -> None:
    formula = "=HYPERLINK(\u201cx\u201d)"
    _, changes = fit_to_xpt(with_texts(datasets["ADSL"], "DCSREAS", [formula]), "ascii")
    row = next(csv.DictReader(report(changes).splitlines()))
    assert row["recorded"] == f"'{formula}"
    assert row["written"] == '\'=HYPERLINK("x")'


def test_the_plan_of_the_demo_asks_for_ascii(plan: Plan) -> None:
    assert plan.outputs.xpt_text == "ascii"
    assert plan.outputs.datasets == ()
