"""Values and units declared in the plan: converted exactly, and traceable to what was recorded."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from durable.plan import PlanError, parse
from tests.intake.study import Edit, Study, cell, column, further_column, planned

UNITS = {"physician_global": "mm", "ck": "ukat/L", "ck_uln": "ukat/L", "mmt8": "0-150"}


def run(tmp_path: Path, *edits: Edit) -> tuple[Study, pd.DataFrame, pd.DataFrame]:
    """The study, its listing and its conversions."""
    study = Study(tmp_path)
    for edit in edits:
        edit(study)
    study.check()
    listing = pd.read_csv(study.results / "queries.csv", keep_default_na=False, dtype=str)
    conversions = study.results / "checked" / "conversions.csv"
    return study, listing, pd.read_csv(conversions, keep_default_na=False, dtype=str)


def checked(study: Study, table: str) -> pd.DataFrame:
    return pd.read_parquet(study.results / "checked" / f"{table}.parquet")


def test_units_are_converted_by_exact_factors_and_listed(tmp_path: Path) -> None:
    study, _, conversions = run(
        tmp_path,
        planned("inputs.visits.units", UNITS),
        cell("visits", 6, "physician_global", "24"),
        cell("visits", 6, "ck", "7.1"),
        cell("visits", 6, "ck_uln", "2.85"),
        cell("visits", 6, "mmt8", "147"),
    )
    row = checked(study, "visits").iloc[4]
    assert row["physician_global"] == 2.4
    assert row["ck"] == 426.0  # 7.1 x 60
    assert row["ck_uln"] == 171.0
    assert row["mmt8"] == 147 * 80 / 150 == 78.4
    mine = conversions.loc[conversions["row"] == "6", ["column", "recorded", "unit", "read_as"]]
    assert sorted(mine.itertuples(index=False, name=None)) == [
        ("ck", "7.1", "ukat/L", "426"),
        ("ck_uln", "2.85", "ukat/L", "171"),
        ("mmt8", "147", "0-150", "78.4"),
        ("physician_global", "24", "mm", "2.4"),
    ]


def test_labels_of_visits_are_named_by_patterns(tmp_path: Path) -> None:
    """An exact entry comes before a pattern, and what no pattern takes stays."""
    labels = {2: "Unscheduled 1.2", 6: "Unscheduled (week 9)", 7: "Month 3", 8: "X 6 of Y"}
    values = {"Unscheduled *": "UNS", "Unscheduled (week 9)": "M2", "Month 3*": "M3", "X * Y": "M6"}
    study, _, conversions = run(
        tmp_path,
        *(cell("visits", row, "visit", label) for row, label in labels.items()),
        planned("inputs.visits.values", {"visit": values}),
    )
    read = dict(zip(conversions["row"], conversions["read_as"], strict=True))
    assert read == {"2": "UNS", "6": "M2", "7": "M3", "8": "M6"}
    assert checked(study, "visits")["visit"].iloc[[0, 1, 4, 5, 6]].tolist() == [
        *("UNS", "BASELINE", "M2", "M3", "M6")
    ]


def test_a_star_is_a_pattern_in_no_other_column(tmp_path: Path) -> None:
    _, listing, _ = run(
        tmp_path,
        cell("therapies", 5, "new_systemic", "No *"),
        cell("therapies", 6, "new_systemic", "No way"),
        planned("inputs.therapies.values", {"new_systemic": {"No *": "N"}}),
    )
    assert listing.query("rule == 'not_allowed'")["row"].tolist() == ["6"]


@pytest.mark.parametrize("pattern", ["*", " ** "])
def test_a_pattern_that_takes_every_label_is_refused(pattern: str, tmp_path: Path) -> None:
    study = Study(tmp_path)
    planned("inputs.visits.values", {"visit": {pattern: "UNS"}})(study)
    with pytest.raises(PlanError, match="a pattern with more than"):
        parse(study.raw)


@pytest.mark.parametrize("recorded", ["240", "2.4E+002"])
def test_a_finding_on_a_converted_value_shows_what_was_recorded(
    recorded: str, tmp_path: Path
) -> None:
    edits = planned("inputs.visits.units", UNITS), cell("visits", 6, "physician_global", recorded)
    _, listing, _ = run(tmp_path, *edits)
    (line,) = listing.query("row == '6' and column == 'physician_global'").to_dict("records")
    assert (line["value"], line["rule"]) == (recorded, "out_of_range")
    assert f"found {recorded} (read as 24); expected a number from 0 to 10" in line["message"]


@pytest.mark.parametrize("value", ["1,5", "1e", "<5", "9" * 400, "9" * 300 + "e99", "1e-400"])
def test_what_is_no_number_is_not_converted(value: str, tmp_path: Path) -> None:
    edits = planned("inputs.visits.units", UNITS), cell("visits", 6, "ck", value)
    _, listing, _ = run(tmp_path, *edits)
    assert listing.query("row == '6' and column == 'ck'")["rule"].tolist() == ["not_a_number"]


def test_values_are_mapped_and_what_is_not_mapped_is_told(tmp_path: Path) -> None:
    study, listing, conversions = run(
        tmp_path,
        column("adverse_events", "serious", "\u5426"),
        cell("adverse_events", 3, "serious", "1"),
        cell("adverse_events", 4, "serious", "ND"),
        cell("adverse_events", 5, "serious", "yes"),
        cell("adverse_events", 6, "serious", " 1"),
        planned("inputs.adverse_events.values", {"serious": {"\u5426": "N", "1": "Y", "ND": ""}}),
    )
    assert checked(study, "adverse_events")["serious"].iloc[:5].tolist() == [
        "N",
        "Y",
        None,
        "yes",
        "Y",
    ]
    found = listing.loc[listing["column"] == "serious", ["row", "value", "rule"]]
    assert list(found.itertuples(index=False, name=None)) == [
        ("4", "ND", "flag_missing"),
        ("5", "yes", "not_allowed"),
        ("6", " 1", "blanks"),
    ]
    assert len(conversions) == 49 - 1
    assert conversions["read_as"].value_counts().to_dict() == {"N": 45, "Y": 1, "": 1, " Y": 1}


def test_without_a_conversion_the_list_is_empty(tmp_path: Path) -> None:
    _, _, conversions = run(tmp_path)
    assert conversions.empty


@pytest.mark.parametrize(
    ("units", "problem"),
    [
        (
            {"cmas": "mm"},
            "inputs.visits.units.cmas: found a column without units; expected one of physician_glo",
        ),
        (
            {"physician_global": "cm"},
            "inputs.visits.units.physician_global: found 'cm'; expected one of mm",
        ),
        (
            {"ck": "ukat/L"},
            "inputs.visits.units: found ck and ck_uln in different units; expected one unit for",
        ),
    ],
)
def test_units_that_cannot_be_converted_are_refused(
    units: dict[str, str], problem: str, tmp_path: Path
) -> None:
    study = Study(tmp_path)
    planned("inputs.visits.units", units)(study)
    with pytest.raises(PlanError) as refused:
        parse(study.raw)
    assert problem in str(refused.value)


def test_a_number_in_another_form_leaves_those_in_its_form_alone(tmp_path: Path) -> None:
    """Of two sites one writes 0,3 and the other 0.3; only the second is not in the form."""

    def with_commas(study: Study) -> None:
        header, *rows = study.cells("visits")
        study.write("visits", [header, *([c.replace(".", ",") for c in row] for row in rows)])

    study, listing, _ = run(
        tmp_path,
        with_commas,
        planned("inputs.visits.numbers", {"decimal": ","}),
        cell("visits", 6, "physician_global", "0,3"),
        cell("visits", 7, "physician_global", "0.3"),
    )
    wrong = listing.loc[listing["rule"] == "not_a_number", ["row", "value", "message"]]
    assert wrong.to_numpy().tolist() == [
        [
            "7",
            "0.3",
            "visits.csv, row 7, physician_global: found 0.3; expected a number, written 1234,5",
        ]
    ]
    assert checked(study, "visits")["physician_global"].iloc[4] == 0.3


@pytest.mark.parametrize("unit", [{"tbil": "mg/dL"}, {"tbil_uln": "mg/dL"}])
def test_bilirubin_and_its_limit_have_one_unit(unit: dict[str, str], tmp_path: Path) -> None:
    """1.2 mg/dL of a limit of 17.1 umol/L would be read as 1.2 times the limit of normal."""
    study = Study(tmp_path)
    planned("inputs.screening.units", unit)(study)
    with pytest.raises(PlanError, match="tbil and tbil_uln in different units; expected one unit"):
        parse(study.raw)


def test_a_measure_without_a_limit_of_normal_has_its_unit_alone(tmp_path: Path) -> None:
    study = Study(tmp_path)
    planned("inputs.screening.units", {"tbil": "mg/dL"})(study)
    planned("inputs.screening.columns", {"tbil_uln": None})(study)
    assert parse(study.raw).inputs.screening.units == {"tbil": "mg/dL"}


IN_UKAT = further_column("visits", "CK_UNIT", dict.fromkeys(range(2, 108), "ukat/L"))


def test_an_enzyme_and_its_limit_have_the_units_of_their_rows(tmp_path: Path) -> None:
    columns = {"ck": "CK_UNIT", "ck_uln": "CK_UNIT"}
    planned_columns = planned("inputs.visits.unit_columns", columns)
    _, listing, conversions = run(tmp_path, IN_UKAT, planned_columns)
    assert "other_unit" not in set(listing["rule"])
    assert set(conversions["column"]) == {"ck", "ck_uln"}


@pytest.mark.parametrize("name", ["ck", "ck_uln"])
def test_a_unit_of_the_rows_for_an_enzyme_or_its_limit_alone_is_reported(
    name: str, tmp_path: Path
) -> None:
    """CK in ukat/L by its rows and a limit in U/L would be 60 times too high."""
    alone = planned("inputs.visits.unit_columns", {name: "CK_UNIT"})
    _, listing, _ = run(tmp_path, IN_UKAT, alone)
    (message,) = listing.loc[listing["rule"] == "other_unit", "message"]
    assert message == (
        f"visits.csv: the rows have a unit of {name} alone; expected one unit for ck and ck_uln"
        " (inputs.visits.unit_columns, or long.limit)"
    )


def test_a_unit_column_that_the_file_lacks_is_reported(tmp_path: Path) -> None:
    """Without it the values would be read in the unit of the table."""
    columns = {"ck": "CK_UNIT", "ck_uln": "CK_UNIT"}
    _, listing, _ = run(tmp_path, planned("inputs.visits.unit_columns", columns))
    messages = listing.loc[listing["rule"] == "missing_column", "message"]
    assert sorted(messages) == [
        f"visits.csv: no column CK_UNIT (inputs.visits.unit_columns.{name}); expected in the header"
        for name in ("ck", "ck_uln")
    ]


@pytest.mark.parametrize(("limit", "findings"), [("", 0), ("200", 1)])
def test_a_limit_beside_measurements_with_units_has_one_too(
    limit: str, findings: int, tmp_path: Path
) -> None:
    """One row a measurement, with a unit; the limit stands in a column that has none."""

    def measured(study: Study) -> None:
        header, *rows = study.cells("visits")
        ck = header.index("ck")
        record = [[*row[:3], limit, "CK", row[ck], "U/L"] for row in rows]
        study.write("visits", [[*header[:3], "ck_uln", "TEST", "RESULT", "UNIT"], *record])

    long = {"test": "TEST", "value": "RESULT", "unit": "UNIT", "tests": {"CK": "ck"}}
    _, listing, _ = run(tmp_path, measured, planned("inputs.visits.long", long))
    assert list(listing["rule"]).count("other_unit") == findings
