"""Disposition and baseline: who is counted of whom."""

from __future__ import annotations

from math import isnan

import pandas as pd
import pytest

from durable.contracts.results import join_parameter, split_parameter
from durable.derive.datasets import Datasets
from durable.jdm.parameters import ENZYME_FOLLOWED
from durable.outputs import baseline, disposition
from durable.outputs.ard import Ard
from durable.outputs.baseline import baseline_statistics
from durable.outputs.datasets import AnalysisDatasets, select_records
from durable.outputs.disposition import disposition_statistics
from durable.outputs.follow_up import end_of_follow_up
from durable.outputs.groups import Estimates
from tests.derive.build import ACTIVE, INACTIVE, date, derived, plan, subject, visit

MONTH = 30.4375


def study() -> Datasets:
    """Four consented: one dies, one withdraws, one goes on, one is never infused."""
    never = {"infusion_date": None, "lymphodepletion_date": None}
    subjects = [
        subject("S1", death_date=date(99), last_contact_date=date(99), sex="F", age_years=8),
        subject("S2", withdrawal_date=date(49), withdrawal_reason="consent", sex="M", age_years=12,
                last_contact_date=date(60)),
        subject("S3", last_contact_date=date(199), sex="F", age_years=10),
        subject("S4", **never, sex="M", age_years=5),
    ]  # fmt: skip
    rows = [visit(-10, ACTIVE, name) for name in ("S1", "S2", "S3")]
    rows += [visit(60, INACTIVE, "S1"), visit(60, INACTIVE, "S3"), visit(90, ACTIVE, "S3")]
    return derived(subjects, rows)


def status(datasets: Datasets) -> pd.DataFrame:
    """Records that say whether a subject has improved at a visit."""
    return select_records(datasets.adrs, disposition.OUTPUT.records(plan()))


def measures(datasets: Datasets) -> pd.DataFrame:
    """Records of the measures at baseline."""
    return select_records(datasets.adrs, baseline.OUTPUT.records(plan()))


def found_in(estimates: Estimates) -> dict[tuple[str, str], float]:
    return {(join_parameter(p), statistic.name): statistic.value for p, statistic in estimates}


def test_disposition_counts_the_consented_and_of_the_infused_their_fate() -> None:
    datasets = study()
    found = found_in(disposition_statistics(datasets.adsl, status(datasets), MONTH))
    expected = {
        "CONSENTED": 4,
        "LYMPHODEPLETED": 3,
        "INFUSED": 3,
        "NOT_INFUSED": 1,
        "REMISSION": 2,
        "ONGOING": 1,
        "DIED": 1,
        "WITHDRAWN": 1,
        "WITHDRAWN|consent": 1,
        "ASSESSED|M2": 2,
        "ASSESSED|M3": 1,
    }
    assert {p: n for (p, s), n in found.items() if s == "n" and p != "FOLLOW_UP"} == expected
    assert found["INFUSED", "percent"] == 75
    assert found["DIED", "percent"] == pytest.approx(100 / 3)
    # 100, 50 (to the withdrawal, not the last contact) and 200 days.
    assert found["FOLLOW_UP", "median"] == pytest.approx(100 / MONTH)
    assert found["FOLLOW_UP", "min"] == pytest.approx(50 / MONTH)
    assert found["FOLLOW_UP", "max"] == pytest.approx(200 / MONTH)


def test_footnotes_say_what_a_month_is_and_who_was_assessed() -> None:
    (table,) = disposition.OUTPUT.tables
    counted, assessed = table.footnotes(plan(statistics={"days_per_month": 30}))
    assert counted.endswith("One month is 30 days.")
    assert assessed == "Assessed: with a score at an assessment in the window of the visit."


def test_a_bar_or_a_backslash_in_a_reason_is_part_of_it() -> None:
    datasets = study()
    for reason, parameter in (
        ("moved|abroad", r"WITHDRAWN|moved\|abroad"),
        ("a\\b", r"WITHDRAWN|a\\b"),
        ("|", r"WITHDRAWN|\|"),
    ):
        given = datasets.adsl["DCSREAS"].where(datasets.adsl["DCSREAS"].isna(), reason)
        found = found_in(
            disposition_statistics(datasets.adsl.assign(DCSREAS=given), status(datasets), MONTH)
        )
        assert found[parameter, "n"] == 1
        assert split_parameter(parameter) == ("WITHDRAWN", reason)


def test_a_group_without_anyone_has_counts_of_zero_and_nothing_to_summarise() -> None:
    datasets = study()
    nobody = datasets.adsl.iloc[:0], datasets.adrs.iloc[:0]
    found = found_in(disposition_statistics(*nobody, MONTH)) | found_in(
        baseline_statistics(*nobody)
    )
    assert found["INFUSED", "n"] == found["AGE", "n"] == 0
    assert isnan(found["INFUSED", "percent"])
    assert isnan(found["FOLLOW_UP", "median"])
    assert isnan(found["AGE", "mean"])


def test_baseline_is_of_the_infused() -> None:
    datasets = study()
    infused = datasets.adsl.loc[datasets.adsl["SAFFL"] == "Y"]
    found = found_in(baseline_statistics(infused, measures(datasets)))
    assert found["AGE", "mean"] == 10
    assert found["SEX|F", "n"] == 2
    assert found["SEX|F", "percent"] == pytest.approx(200 / 3)
    assert found["MUS", "median"] == 30
    assert found["BLREMFL|N", "n"] == 3


def test_a_level_that_only_a_later_group_has_stands_with_the_others() -> None:
    datasets, by_part = study(), plan(groups=["part"])
    enzymes = {ENZYME_FOLLOWED.name: ["ck", "ck", "ldh", None], "PART": ["A", "A", "B", "B"]}
    given = AnalysisDatasets(datasets.adsl.assign(**enzymes), datasets.adrs, datasets.adtte)
    ard = Ard.from_results(baseline.OUTPUT.rows(given, by_part))
    rows = baseline.OUTPUT.table_rows(baseline.OUTPUT.tables[0], ard, by_part)
    place = [row.label for row in rows].index(f"{ENZYME_FOLLOWED.label}, n (%)")
    assert [(row.label, row.cells) for row in rows[place + 1 : place + 3]] == [
        ("CK", ("2 (100.0)", "0", "2 (66.7)")),
        ("LDH", ("0", "1 (100.0)", "1 (33.3)")),
    ]


@pytest.mark.parametrize(
    ("last_contact", "withdrawal", "death", "days"),
    [
        ("2024-03-01", None, "2024-04-13", 104),  # 2024 is a leap year: 31 + 29 + 31 + 13
        ("2024-06-01", None, "2024-04-13", 104),
        ("2024-03-01", "2024-02-01", "2024-04-13", 104),
        ("2024-03-01", "2024-02-01", None, 32),
        ("2024-03-01", None, None, 61),
    ],
)
def test_follow_up_of_the_dead_ends_at_death(
    last_contact: str, withdrawal: str | None, death: str | None, days: int
) -> None:
    """Infused on 2024-01-01; the first and the last day count."""
    dates = {
        "TRTSDT": "2024-01-01",
        "LSTALVDT": last_contact,
        "EOSDT": withdrawal,
        "DTHDT": death,
    }
    adsl = pd.DataFrame({name: pd.to_datetime(pd.Series([date])) for name, date in dates.items()})
    end = end_of_follow_up(adsl)
    assert ((end - adsl["TRTSDT"]).dt.days + 1).tolist() == [days]
