"""Whatever a plan declares of a file, the table is read or refused; nothing fails or is lost."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from durable.contracts.tables import INPUT_TABLES
from durable.intake.conversion import convert
from durable.intake.findings import Findings
from durable.intake.needs import Needs
from durable.intake.parsing import parse_table
from durable.intake.shaping.table import SourceReader
from durable.jdm.response import Ranges
from durable.plan import Input
from durable.plan.shape_checks import table_findings

NAMES = ["S", "V", "D", "T", "R", "U", "L", "M2_ck", "M3_ck"]
TEXTS = [
    *("", "1", "2", "CK", "CMAS", "M2", "SCR", "U/L", "ukat/L", "mg", "NA", "<5", ">7", "1,5"),
    *("2025-01-05", "05-JAN-2025", "UN-UNK-2023", "01/02/2025", "2025年1月5日", " 1", "31"),
]
TEXT = st.sampled_from(TEXTS)
MEASURE = st.sampled_from(["ck", "cmas", "mmt8", "immunosuppressant"])
NUMBER = st.sampled_from(["ck", "cmas"])
FORM = st.sampled_from(["DD-MMM-YYYY", "MM/DD/YYYY", "DD/MM/YYYY", "YYYY年M月D日", "YYYY"])
RULES = st.dictionaries(NUMBER, st.sampled_from(["limit", "half", "missing"]), max_size=2)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """A header and rows of as many cells."""
    header = draw(st.lists(st.sampled_from(NAMES), min_size=4, max_size=8, unique=True))
    cells = st.lists(TEXT, min_size=len(header), max_size=len(header))
    return [header, *draw(st.lists(cells, max_size=6))]


def as_csv(table: list[list[str]]) -> str:
    return "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in table)


@st.composite
def long_keys(draw: st.DrawFn, name: st.SearchStrategy[str]) -> dict[str, Any]:
    tests = st.dictionaries(st.sampled_from(["CK", "CMAS", "1"]), MEASURE, min_size=1, max_size=2)
    keys = {"test": draw(name), "value": draw(name), "tests": draw(tests)}
    for key in ("unit", "limit"):
        if draw(st.booleans()):
            keys[key] = draw(name)
    return keys


@st.composite
def keys_of(draw: st.DrawFn, header: list[str], other: list[str]) -> dict[str, Any]:
    """Keys of a table, most of them about columns that are there."""
    name = st.sampled_from([*header, *header, *header, "Z"])
    foreign = st.sampled_from([*other, *other, *other, "Z"])
    conditions = st.dictionaries(name, st.lists(TEXT, min_size=1, max_size=3, unique=True),
                                 max_size=1)  # fmt: skip
    joins = st.fixed_dictionaries(
        {"by": st.dictionaries(name, foreign, min_size=1, max_size=2)},
        optional={"columns": st.lists(foreign, max_size=2, unique=True),
                  "long": long_keys(foreign)},
    )  # fmt: skip
    optional: dict[str, st.SearchStrategy[Any]] = {
        "where": conditions,
        "where_not": conditions,
        "skip_rows": st.lists(st.integers(2, 5), max_size=2, unique=True),
        "long": long_keys(name),
        "stack": st.fixed_dictionaries({
            "columns": st.one_of(
                st.sampled_from(["{v}_{t}", "{v}_ck", "M{v}", "{a}{b}"]),
                st.dictionaries(name, st.fixed_dictionaries({"t": name}), min_size=1, max_size=2),
            ),
            "value": st.just("cell"),
        }),
        "missing": st.one_of(st.lists(TEXT, min_size=1, max_size=2, unique=True),
                             st.dictionaries(MEASURE, st.just(["NA"]), max_size=1)),
        "dates": st.lists(FORM, min_size=1, max_size=2, unique=True),
        "numbers": st.fixed_dictionaries(
            {"below": RULES, "decimal": st.sampled_from([".", ","])},
        ),
        "values": st.dictionaries(MEASURE, st.dictionaries(TEXT, TEXT, max_size=2), max_size=2),
        "units": st.sampled_from([{"ck": "ukat/L", "ck_uln": "ukat/L"}, {}]),
        "unit_columns": st.dictionaries(st.just("ck"), name, max_size=1),
        "unit_names": st.dictionaries(TEXT, st.sampled_from(["ukat/L", "U/L"]), max_size=1),
        "constant": st.dictionaries(st.just("immunosuppressant"), TEXT, max_size=1),
        "join": st.lists(joins, max_size=1),
    }  # fmt: skip
    keys = draw(st.fixed_dictionaries({}, optional=optional))
    made = set(keys.get("long", {}).get("tests", {}).values()) | set(keys.get("constant", {}))
    for join in keys.get("join", ()):
        made |= set(join.get("long", {}).get("tests", {}).values())
    columns = {"subject_id": name, "visit": name, "visit_date": name}
    columns |= {n: st.one_of(name, st.none()) for n in ("ck", "ck_uln", "cmas") if n not in made}
    return keys | {"columns": draw(st.fixed_dictionaries(columns))}


@st.composite
def studies(draw: st.DrawFn) -> tuple[dict[str, Any], str, str]:
    file, other = draw(tables()), draw(tables())
    return draw(keys_of(file[0], other[0])), as_csv(file), as_csv(other)


def declared(keys: dict[str, Any], path: Path, other: Path) -> Input | None:
    """The input, where the plan would take it."""
    joined = [join | {"path": str(other)} for join in keys.get("join", ())]
    try:
        source = Input.model_validate(keys | {"path": str(path), "join": joined})
    except ValidationError:
        return None
    return None if table_findings(INPUT_TABLES["visits"], source) else source


@settings(max_examples=300, deadline=None)
@given(study=studies())
def test_what_a_plan_declares_is_done_or_told(study: tuple[dict[str, Any], str, str]) -> None:
    keys, file, other = study
    with tempfile.TemporaryDirectory() as folder:
        path, second = Path(folder) / "visits.csv", Path(folder) / "other.csv"
        path.write_text(file)
        second.write_text(other)
        source = declared(keys, path, second)
        if source is None:
            return
        findings = Findings()
        reader = SourceReader(findings)
        recorded, _ = reader.table("visits", source, Needs({"visits": {}}))
        reader.report_unused()
    read, changes = convert(recorded, source, findings)
    frame = parse_table(read, Ranges(), findings)
    listed = findings.frame()
    assert len(frame) == len(recorded.text)
    assert listed["message"].str.len().gt(0).all()
    # Every cell that differs from what was recorded is in the list of conversions.
    for name in (n for n in recorded.text if n != "source_row"):
        differs = (recorded.text[name].astype(object) != read.text[name].astype(object)).sum()
        assert differs == (changes["column"] == name).sum()
    if source.is_reshaped and recorded.readable:
        for name, place in recorded.origin.items():
            assert set(place["file"].astype(object)) <= {"visits.csv", "other.csv"}, name
