"""Records of an SDTM package that contradict themselves: told, and no value chosen silently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from durable.intake.sdtm.results import same_number
from tests.intake.package import domains
from tests.intake.test_sdtm_misreadings import Rows, examined, listed


def with_values(domain: str, values: dict[str, str]) -> Rows:
    """The package of the demo, with other values in the first record of a domain."""
    found = domains()
    for record in found[domain]:
        for name in values:
            record.setdefault(name, "")
    found[domain][0] |= values
    return found


@pytest.mark.parametrize(
    ("domain", "column", "values", "shown", "expected"),
    [
        ("FT", "cmas", {"FTSTRESC": "51", "FTSTRESN": "15"}, "FTSTRESN: found 15",
         "51, as FTSTRESC"),
        ("QS", "physician_global", {"QSSTRESC": "7.4", "QSSTAT": "Not done"},
         "QSSTAT: found Not done",
         "no result of a test that was not done, or an empty QSSTAT"),
        ("FT", "cmas", {"FTORRES": "51", "FTSTRESC": ""}, "FTORRES: found 51",
         "its standard result in FTSTRESC; without one it is not used"),
        ("FT", "cmas", {"FTORRES": "51", "FTSTRESC": "", "FTSTAT": "NOT DONE"},
         "FTORRES: found 51",
         "its standard result in FTSTRESC; without one it is not used"),
        ("PC", "value", {"PCORRES": "20", "PCSTRESC": ""}, "PCORRES: found 20",
         "its standard result in PCSTRESC; without one it is not used"),
        ("PC", "value", {"PCSTRESC": "32.69", "PCSTRESN": "3.269"}, "PCSTRESN: found 3.269",
         "32.69, as PCSTRESC"),
    ],
)  # fmt: skip
def test_a_result_that_its_record_contradicts_is_an_error(
    domain: str, column: str, values: dict[str, str], shown: str, expected: str, tmp_path: Path
) -> None:
    _, queries = examined(tmp_path, with_values(domain, values))
    file = f"{domain.lower()}.csv"
    ((name, row, place, _, severity),) = listed(queries, "contradicted_result")
    assert (name, row, place, severity) == (file, "2", column, "error")
    (message,) = queries.loc[queries["rule"] == "contradicted_result", "message"]
    assert message == f"{file}, row 2: {shown}; expected {expected}"


@pytest.mark.parametrize(
    ("domain", "values"),
    [
        ("FT", {"FTSTRESC": "25", "FTSTRESN": "25.0"}),
        ("FT", {"FTSTRESC": "", "FTSTRESN": "25"}),
        ("FT", {"FTORRES": "Not done", "FTSTRESC": "", "FTSTAT": "NOT DONE"}),
        ("FT", {"FTORRES": "", "FTSTRESC": "", "FTSTAT": "NOT DONE"}),
        ("LB", {"LBORRES": "49.983", "LBORRESU": "ukat/L"}),
        ("PC", {"PCORRES": "<0.1", "PCSTRESC": "<0.1", "PCSTRESN": "0.05"}),
    ],
)
def test_a_result_that_its_record_does_not_contradict_is_none(
    domain: str, values: dict[str, str], tmp_path: Path
) -> None:
    _, queries = examined(tmp_path, with_values(domain, values))
    assert listed(queries, "contradicted_result") == []


@pytest.mark.parametrize(
    ("text", "number", "same"),
    [
        ("51", "51.0", True),
        ("51", "51.4", False),
        ("5.1", "5.14", False),
        ("1.33", "1.33333333333333", True),
        ("1.33", "1.336", False),
        ("0.10", "0.1", True),
        ("1E+7", "10000000", True),
        ("<0.1", "0.05", True),
        ("POSITIVE", "1", True),
    ],
)
def test_a_text_is_the_number_or_the_number_rounded(text: str, number: str, same: bool) -> None:
    assert same_number(text, number) is same


def withdrawn(**values: str) -> Rows:
    """The package with these values in the withdrawal of CQ-011."""
    found = domains()
    for record in found["DS"]:
        record |= {"DSSCAT": ""}
        if record["DSDECOD"] == "WITHDRAWAL BY SUBJECT" and record["USUBJID"] == "CQ-011":
            record |= values
    return found


@pytest.mark.parametrize(
    ("keys", "severities"),
    [
        ({}, ["error"]),
        ({"where": {"DS": {"DSSCAT": ["STUDY TREATMENT", ""]}}}, []),
        ({"where_not": {"DS": {"DSSCAT": ["STUDY TREATMENT"]}}}, []),
    ],
)
def test_the_end_of_a_treatment_is_no_withdrawal_from_the_study_without_a_word(
    keys: dict[str, Any], severities: list[str], tmp_path: Path
) -> None:
    _, queries = examined(tmp_path, withdrawn(DSSCAT="Study Treatment"), **keys)
    found = listed(queries, "mixed_qualifiers")
    assert [severity for *_, severity in found] == severities
    for message in queries.loc[queries["rule"] == "mixed_qualifiers", "message"]:
        assert message.endswith(
            "DSSCAT: found Study Treatment; expected STUDY PARTICIPATION, or those that count"
            " (inputs.sdtm.where.DS.DSSCAT)"
        )


@pytest.mark.parametrize(
    ("death", "told"),
    [
        ({"DSDECOD": "DEATH", "DSSTDTC": "2024-03-01", "USUBJID": "CQ-001"},
         {"missing_value": "DSDECOD: found DEATH; expected the date of death (death_date)"}),
        ({"DSDECOD": "DEATH", "DSSTDTC": "2024-04-15T08:00", "USUBJID": "CQ-005"},
         {"death_differs": "DSSTDTC: found 2024-04-15T08:00; expected 2024-04-13, the date of"
          " death"}),
        ({"DSDECOD": "DEATH", "DSSTDTC": "2024-04", "USUBJID": "CQ-005"}, {}),
        ({"DSDECOD": "DEATH", "DSSTDTC": "2024-04-13", "USUBJID": "CQ-005"}, {}),
    ],
)  # fmt: skip
def test_a_death_of_the_dispositions_is_not_lost(
    death: dict[str, str], told: dict[str, str], tmp_path: Path
) -> None:
    """DM without a date of death: the child would be alive in every table."""
    found = domains()
    found["DS"].append(dict.fromkeys(found["DS"][0], "") | death)
    _, queries = examined(tmp_path, found)
    listing = queries.loc[queries["column"] == "death_date"]
    rules = listing.loc[listing["file"] == "ds.csv", ["rule", "message"]]
    row = len(found["DS"]) + 1
    assert rules.to_numpy().tolist() == [
        [rule, f"ds.csv, row {row}: {message}"] for rule, message in told.items()
    ]


def test_an_infusion_without_its_date_is_an_error(tmp_path: Path) -> None:
    found = domains()
    place = next(k for k, row in enumerate(found["EX"]) if row["EXTRT"] == "CD19 CAR-T")
    found["EX"][place]["EXSTDTC"] = ""
    _, queries = examined(tmp_path, found)
    ((_, _, column, _, severity),) = listed(queries, "infusion_without_date")
    assert (column, severity) == ("infusion_date", "error")
