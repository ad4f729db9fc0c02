"""A second infusion: new systemic therapy or ignored, and the second period of the datasets."""

from __future__ import annotations

from math import isnan
from typing import Any

import pandas as pd
import pytest

from durable.contracts.adam.adae import adae_schema
from durable.contracts.adam.adbc import ADBC
from durable.contracts.adam.adpc import adpc_schema
from durable.contracts.adam.adpp import adpp_schema
from durable.contracts.adam.adsl import adsl_schema
from durable.derive import adae, b_cells
from durable.derive.kinetics import concentrations, parameters
from durable.plan import BCells, Kinetics, PlanError, Safety
from tests.derive import events, laboratory
from tests.derive.build import (
    ACTIVE,
    INACTIVE,
    INFUSION,
    date,
    derived,
    new_therapy,
    plan,
    subject,
    tte,
    visit,
)
from tests.outputs.test_kinetics import profile, samples

COUNTS, IGNORED = {"as_new_therapy": True}, {"as_new_therapy": False}
COURSE = [visit(-6, ACTIVE), *(visit(day, INACTIVE) for day in (30, 60, 90, 180))]


def end(
    day: int | None,
    code: str = "DOR",
    therapies: Any = None,
    visits: Any = None,
    rule: Any = COUNTS,
    **response: Any,
) -> tuple[str, int, str, str]:
    """EVNTDESC, ADT, SRCVAR and CNSDTDSC of a subject infused again on a day."""
    again = {} if day is None else {"reinfusion_date": date(day)}
    response |= {} if rule is None else {"reinfusion": rule}
    datasets = derived(
        [subject(**again)], visits or COURSE, therapies, cutoff=200, response=response
    )
    row = tte(datasets, code)
    return row["EVNTDESC"], row["ADT"], row["SRCVAR"], row["CNSDTDSC"]


def test_as_new_therapy_it_has_the_strategies_of_new_therapy() -> None:
    assert end(100)[:3] == ("NEW SYSTEMIC THERAPY", 100, "reinfusion_date")
    assert end(100, "EFS")[:3] == ("NEW SYSTEMIC THERAPY", 100, "reinfusion_date")
    censored = end(100, new_therapy="hypothetical")
    assert censored[:3] == ("NEW SYSTEMIC THERAPY", 90, "visit_date")
    assert end(100, new_therapy="treatment_policy")[:2] == ("ONGOING AT DATA CUT-OFF", 180)


def test_by_treatment_policy_or_without_one_nothing_changes() -> None:
    plain = end(None, rule=None)
    assert plain[:2] == ("ONGOING AT DATA CUT-OFF", 180)
    assert end(100, rule=IGNORED) == end(None) == plain


def test_before_the_first_remission_neither_remission_nor_improvement_is_credited() -> None:
    late = [visit(-6, ACTIVE), visit(20, ACTIVE), visit(60, INACTIVE), visit(90, INACTIVE)]
    assert end(40, "TTREM", visits=late) == (
        *("NEW SYSTEMIC THERAPY", 40, "reinfusion_date", "DAY OF RE-INFUSION"),
    )
    response = {"reinfusion": COUNTS}
    datasets = derived([subject(reinfusion_date=date(40))], late, cutoff=200, response=response)
    assert datasets.adsl["REMFL"].tolist() == ["N"]
    improved = datasets.adrs.loc[datasets.adrs["PARAMCD"] == "IMPR"]
    assert improved["AVALC"].tolist() == ["N", "N"]
    assert improved["REASON"].tolist() == ["NEW SYSTEMIC THERAPY"] * 2
    response = {"reinfusion": IGNORED}
    datasets = derived([subject(reinfusion_date=date(40))], late, cutoff=200, response=response)
    assert datasets.adsl["REMFL"].tolist() == ["Y"]


def test_an_assessment_on_its_day_lies_before_it() -> None:
    seen = [visit(-6, ACTIVE), visit(60, INACTIVE), visit(90, INACTIVE)]
    assert end(60, "TTREM", visits=seen)[:2] == ("REMISSION", 60)
    assert end(59, "TTREM", visits=seen)[:2] == ("NEW SYSTEMIC THERAPY", 59)


@pytest.mark.parametrize(
    ("therapy", "source", "kind"),
    [
        (99, "start_date", "NEW SYSTEMIC THERAPY"),
        (100, "start_date", "NEW SYSTEMIC THERAPY"),
        (101, "reinfusion_date", "RE-INFUSION"),
    ],
)
def test_of_it_and_a_therapy_the_earlier_counts_and_is_named(
    therapy: int, source: str, kind: str
) -> None:
    response = {"reinfusion": COUNTS}
    who = [subject(), subject("S2", reinfusion_date=date(100))]
    course = [one | {"subject_id": name} for name in ("S1", "S2") for one in COURSE]
    began = [new_therapy(therapy) | {"subject_id": "S2"}]
    datasets = derived(who, course, began, cutoff=200, response=response)
    adsl = adsl_schema(map(str, datasets.adsl)).validate(datasets.adsl).set_index("USUBJID")
    assert adsl.loc["S2", "NSTDT"] == date(min(therapy, 100))
    assert adsl.loc["S2", "NSTTYP"] == kind
    assert adsl.loc["S1", "NSTTYP"] is None
    record = tte(datasets, "DOR", "S2")
    assert (record["ADT"], record["SRCVAR"]) == (min(therapy, 100), source)


def test_a_loss_before_it_is_confirmed_by_it() -> None:
    """As new systemic therapy or death before the next assessment confirms a loss."""
    lost = [*COURSE[:4], visit(120, ACTIVE)]
    assert end(130, visits=lost)[:2] == ("RECURRENCE", 120)
    assert end(130, visits=lost, rule=IGNORED)[:2] == ("UNCONFIRMED LOSS", 90)


def test_adsl_has_the_second_period_where_the_plan_says_how_it_counts() -> None:
    who = [subject(reinfusion_date=date(100), reinfusion_cells_per_kg=9e6)]
    for rule in (COUNTS, IGNORED):
        datasets = derived(who, COURSE, cutoff=200, response={"reinfusion": rule})
        (row,) = datasets.adsl.to_dict("records")
        assert (row["TR02SDT"], row["CELLSKG2"]) == (date(100), 9e6)
        assert pd.isna(row["NSTDT"]) == (rule == IGNORED)
    names = set(derived(who, COURSE, cutoff=200).adsl)
    assert not names & {"TR02SDT", "CELLSKG2", "NSTTYP"}


def test_a_study_without_the_columns_has_no_second_infusion() -> None:
    """Such as a simulated one."""
    from durable.derive.datasets import Derivation
    from durable.derive.trial import Trial, ValidatedTables
    from tests.derive.build import table

    the_plan = plan(response={"reinfusion": COUNTS})
    subjects = table("subjects", [subject()]).drop(
        columns=["reinfusion_date", "reinfusion_cells_per_kg"]
    )
    tables = ValidatedTables(subjects, table("visits", COURSE), None)
    trial = Trial("NCT", date(200).date(), the_plan.schedule)
    adsl = Derivation(trial, tables).datasets(the_plan.response).adsl
    assert adsl["TR02SDT"].isna().all()
    assert adsl["NSTDT"].isna().all()


def test_the_plan_must_say_how_it_counts() -> None:
    with pytest.raises(PlanError, match=r"response\.reinfusion\.as_new_therapy"):
        plan(response={"reinfusion": {}})


# --- adverse events -------------------------------------------------------------------------------


def test_events_are_of_the_period_in_which_they_begin() -> None:
    child = events.child()
    adsl = events.adsl([child]).assign(TR02SDT=date(100))
    rows = [
        *(events.event(day) for day in (-1, 0, 99, 100, 101)),
        events.event(None, start_date_partial="2024-04"),
        events.event(None, start_date_partial="2024-05"),
    ]
    rule = Safety()
    found = adae.derive(adsl, events.table(rows), rule)
    found = adae_schema(rule.windows_days, list(map(str, found))).validate(found)
    by_row = found.set_index("SRCSEQ")["APERIOD"].sort_index().tolist()
    # Day 100 is 2024-04-10: in April it can have begun before, in May not.
    assert by_row == [pd.NA, 1, 1, 2, 2, 1, 2]
    plain = adae.derive(events.adsl([child]), events.table(rows), rule)
    assert "APERIOD" not in plain


# --- kinetics -------------------------------------------------------------------------------------


def kinetics(values: dict[int, float | None], again: int | None) -> tuple[Any, Any]:
    """ADPC by day after infusion, and the parameters of flow by period and code."""
    adsl = events.adsl([events.child()])
    adsl = adsl.assign(TR02SDT=pd.NaT if again is None else date(again))
    adsl["TR02SDT"] = adsl["TR02SDT"].astype("datetime64[ns]")
    rule = Kinetics()
    adpc = concentrations(adsl, samples(profile(values)), rule.last_day)
    adpc = adpc_schema(periods=True).validate(adpc)
    adpp = adpp_schema(periods=True).validate(parameters(adpc, rule))
    of = {(r.APERIOD, r.PARCAT3): (r.AVAL, r.FLAG, r.REASON) for r in adpp.itertuples()}
    return adpc.set_index("AFRLT"), of


def test_samples_from_the_second_infusion_on_are_a_profile_of_their_own() -> None:
    # Triangles of height 10 (days 0 to 20) and 50 (days 40 to 60); linear fall into 0.
    values = {0: None, 10: 10.0, 20: None, 40: None, 50: 50.0, 60: None, 130: None}
    adpc, found = kinetics(values, 40)
    assert adpc["APERIOD"].tolist() == [1, 1, 1, 2, 2, 2, 2]
    assert adpc["ARRLT"].tolist() == [0, 10, 20, 0, 10, 20, 90]
    assert adpc["NCAXFL"].isna().all()  # day 130 is day 90 of the second period
    assert found[1, "CMAX"][0] == 10
    assert found[2, "CMAX"][0] == 50
    assert (found[1, "TMAX"][0], found[2, "TMAX"][0]) == (10, 10)
    assert found[2, "AUC0_90"][0] == pytest.approx(5 * found[1, "AUC0_28"][0], rel=1e-12)
    assert {period for period, _ in found} == {1, 2}


def test_the_sample_of_its_day_ends_the_first_profile_and_begins_the_second() -> None:
    """Cells of the first infusion are left: 4 on day 40, before the second."""
    _, found = kinetics({0: None, 10: 10.0, 40: 4.0, 50: 50.0, 130: None}, 40)
    assert (found[1, "TLAST"][0], found[1, "CLAST"][0]) == (40, 4)
    assert found[1, "AUC0_90"][1] == "NC"
    # Up from 4 to 50 in 10 days, then down to 0 in 80.
    assert found[2, "AUC0_90"][0] == pytest.approx(10 * 27 + 80 * 25, rel=1e-12)


def test_without_a_sample_of_its_day_nothing_is_assumed() -> None:
    _, found = kinetics({0: None, 10: 10.0, 50: 50.0, 130: None}, 40)
    assert found[2, "CMAX"][0] == 50
    for code in ("AUCLAST", "AUC0_28", "AUC0_90"):
        value, flag, reason = found[2, code]
        assert isnan(value)
        assert (flag, reason) == ("NC", "no result on or before the day of infusion")


def test_a_late_second_infusion_adds_nothing_to_the_first_profile() -> None:
    values = {0: None, 10: 10.0, 28: 5.0, 60: 1.0, 90: None}
    _, once = kinetics(values, None)
    adpc, twice = kinetics(values | {400: None, 410: 700.0}, 400)
    assert {key: value for key, value in twice.items() if key[0] == 1} == once
    assert adpc["ANL01FL"].tolist() == ["Y"] * 7
    assert {key[0] for key in once} == {1}


# --- B cells --------------------------------------------------------------------------------------


def test_b_cells_are_followed_to_the_second_infusion() -> None:
    rows = [
        laboratory.sample(day, value, "BCELL")
        for day, value in ((14, 10.0), (90, 20.0), (120, 30.0), (150, 200.0), (180, 250.0))
    ]
    person = subject()

    def recovery(again: int | None, **who: Any) -> tuple[int, str]:
        adsl = laboratory.subjects(person | who)
        adsl = adsl.assign(TR02SDT=pd.Series([pd.NaT if again is None else date(again)]))
        frame = ADBC.validate(b_cells.derive(adsl, laboratory.adlb(rows, person), BCells()))
        (row,) = frame.loc[frame["PARAMCD"] == "BCREC"].to_dict("records")
        return (row["ADT"] - INFUSION).days, row["EVNTDESC"]

    assert recovery(None) == (150, "B-CELL RECOVERY")
    assert recovery(120) == (120, "RE-INFUSION")
    assert recovery(119) == (90, "RE-INFUSION")
    assert recovery(119, death_date=date(300)) == (90, "RE-INFUSION")
    assert recovery(160) == (120, "RECOVERY NOT CONFIRMED")
    assert recovery(200) == (150, "B-CELL RECOVERY")
