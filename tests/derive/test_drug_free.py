"""Time to freedom from medicines and to sustained remission: by hand, days since infusion."""

from __future__ import annotations

from typing import Any

import pytest

from durable.derive.drug_free import DRUG_FREE_ENDPOINTS
from durable.vocabulary import CNSR
from tests.derive.build import (
    ACTIVE,
    FLARING,
    INACTIVE,
    UNKNOWN,
    date,
    derived,
    subject,
    tte,
    visit,
)

FREE, TAKEN = {"glucocorticoid_mg_kg": 0.0}, {"glucocorticoid_mg_kg": 0.2}
OFF, ON = {"immunosuppressant": "N"}, {"immunosuppressant": "Y"}
BASE = visit(-6, ACTIVE, glucocorticoid_mg_kg=0.5, immunosuppressant="Y")
End = tuple[str, int, int]
#: CNSR of a state that was shown at the last assessments only.
UNCONFIRMED = CNSR["NOT YET CONFIRMED"]


def ends(
    code: str,
    *visits: tuple[int, dict[str, Any]],
    therapy: int | None = None,
    cutoff: int = 400,
    who: dict[str, int] | None = None,
    response: dict[str, Any] | None = None,
    **drug_free: Any,
) -> End:
    """What ends it, CNSR and the day, of a child assessed on some days."""
    rows = [BASE, *(visit(day, values) for day, values in visits)]
    began = {"subject_id": "S1", "therapy": "rituximab", "new_systemic": "Y"}
    therapies = None if therapy is None else [began | {"start_date": date(therapy)}]
    dated = {name: date(day) for name, day in (who or {}).items()}
    datasets = derived(
        [subject(**dated)],
        rows,
        therapies,
        cutoff=cutoff,
        response={"drug_free": drug_free, **(response or {})},
    )
    row = tte(datasets, code)
    return row["EVNTDESC"], row["CNSR"], row["ADT"]


def test_the_first_dose_of_0_that_is_held_to_the_next_assessment_is_the_event() -> None:
    course = (28, TAKEN), (60, FREE), (90, TAKEN), (180, FREE), (270, FREE)
    assert ends("TTGCFREE", *course) == ("GLUCOCORTICOID-FREE", 0, 180)
    assert ends("TTGCFREE", *course, consecutive=1) == ("GLUCOCORTICOID-FREE", 0, 60)


def test_an_unknown_dose_neither_confirms_nor_refutes() -> None:
    course = (60, FREE), (90, {}), (180, FREE)
    assert ends("TTGCFREE", *course) == ("GLUCOCORTICOID-FREE", 0, 60)


def test_two_forms_of_one_day_are_one_assessment() -> None:
    course = (28, TAKEN), (60, FREE), (60, FREE)
    assert ends("TTGCFREE", *course, cutoff=80) == ("NOT YET CONFIRMED", UNCONFIRMED, 28)


def test_a_dose_of_at_most_the_limit_counts() -> None:
    low = {"glucocorticoid_mg_kg": 0.1}
    assert ends("TTGCFREE", (60, low), (90, low), glucocorticoid_max_mg_kg=0.1)[2] == 60
    assert ends("TTGCFREE", (60, low), (90, low), cutoff=100)[0] == "ONGOING AT DATA CUT-OFF"


def test_shown_only_at_the_last_assessment_it_is_censored_before_it() -> None:
    """On the day of infusion, where there is no assessment before."""
    assert ends("TTGCFREE", (28, TAKEN), (60, FREE), cutoff=80) == (
        "NOT YET CONFIRMED",
        UNCONFIRMED,
        28,
    )
    assert ends("TTGCFREE", (60, FREE), cutoff=80) == ("NOT YET CONFIRMED", UNCONFIRMED, 0)
    three = (28, TAKEN), (60, FREE), (90, FREE)
    assert ends("TTGCFREE", *three, cutoff=100, consecutive=3) == (
        "NOT YET CONFIRMED",
        UNCONFIRMED,
        28,
    )


def test_without_it_the_last_assessment_with_a_dose_censors() -> None:
    course = (28, TAKEN), (60, TAKEN), (90, {})
    assert ends("TTGCFREE", *course, cutoff=100) == ("ONGOING AT DATA CUT-OFF", 1, 60)
    assert ends("TTGCFREE", *course, cutoff=100, who={"withdrawal_date": 95})[0] == "WITHDRAWN"
    missed = ends("TTGCFREE", *course, cutoff=400)
    assert missed == ("MISSED OR INADEQUATE ASSESSMENTS", 2, 60)
    assert ends("TTGCFREE") == ("NO ASSESSMENT AFTER INFUSION", 11, 0)


def test_death_and_new_therapy_before_it_censor_on_their_dates() -> None:
    course = (28, TAKEN), (60, FREE)
    assert ends("TTGCFREE", *course, who={"death_date": 70}) == ("DEATH", 10, 70)
    course = (28, TAKEN), (60, FREE), (90, FREE)
    assert ends("TTGCFREE", *course, therapy=70) == ("NEW SYSTEMIC THERAPY", 3, 70)
    ignored = ends("TTGCFREE", *course, therapy=70, response={"new_therapy": "treatment_policy"})
    assert ignored == ("GLUCOCORTICOID-FREE", 0, 60)


def test_immunosuppressant_free_is_a_recorded_no() -> None:
    course = (28, ON), (60, {}), (90, OFF), (180, OFF)
    assert ends("TTISFREE", *course) == ("IMMUNOSUPPRESSANT-FREE", 0, 90)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (INACTIVE | FREE | OFF, ("DRUG-FREE REMISSION", 0, 90)),
        (INACTIVE | FREE | ON, ("ONGOING AT DATA CUT-OFF", 1, 180)),
        (INACTIVE | TAKEN | OFF, ("ONGOING AT DATA CUT-OFF", 1, 180)),
        (FLARING | FREE | OFF, ("ONGOING AT DATA CUT-OFF", 1, 180)),
        # Unknown whether remission; that a medicine is taken is known.
        (UNKNOWN | FREE | OFF, ("NOT YET CONFIRMED", UNCONFIRMED, 60)),
        (UNKNOWN | FREE | ON, ("ONGOING AT DATA CUT-OFF", 1, 180)),
    ],
)
def test_drug_free_remission_needs_all_three(last: dict[str, Any], expected: End) -> None:
    course = (60, INACTIVE | TAKEN | OFF), (90, INACTIVE | FREE | OFF), (180, last)
    assert ends("TTDFREM", *course, cutoff=190) == expected


def test_sustained_remission_is_dated_at_the_assessment_that_reaches_the_days() -> None:
    """In remission from day 60 on: day 242 is 182 days later, day 243 is 183."""
    early = (60, INACTIVE), (180, INACTIVE), (242, INACTIVE)
    assert ends("TTSREM", *early, cutoff=250) == ("ONGOING AT DATA CUT-OFF", 1, 242)
    assert ends("TTSREM", *early[:2], (243, INACTIVE)) == ("SUSTAINED REMISSION", 0, 243)
    assert ends("TTSREM", *early, sustained_days=120) == ("SUSTAINED REMISSION", 0, 180)


def test_a_loss_begins_the_days_again_and_an_unknown_status_does_not() -> None:
    course = (60, INACTIVE), (90, FLARING), (180, INACTIVE), (270, INACTIVE), (365, INACTIVE)
    assert ends("TTSREM", *course) == ("SUSTAINED REMISSION", 0, 365)
    unknown = (60, INACTIVE), (90, UNKNOWN), (180, INACTIVE), (270, INACTIVE)
    assert ends("TTSREM", *unknown) == ("SUSTAINED REMISSION", 0, 270)


def test_remission_after_new_therapy_does_not_sustain_it() -> None:
    course = (60, INACTIVE), (180, INACTIVE), (270, INACTIVE)
    assert ends("TTSREM", *course, therapy=200) == ("NEW SYSTEMIC THERAPY", 3, 200)


def test_a_study_has_the_endpoints_that_its_plan_asks_for() -> None:
    rows = [BASE, visit(60, FREE)]
    codes = {endpoint.code for endpoint in DRUG_FREE_ENDPOINTS}
    assert not codes & set(derived([subject()], rows).adtte["PARAMCD"])
    one = {"drug_free": {"analyses": ["glucocorticoid_free"]}}
    datasets = derived([subject()], rows, response=one)
    assert codes & set(datasets.adtte["PARAMCD"]) == {"TTGCFREE"}
    assert "GCDOSE" not in set(datasets.adrs["PARAMCD"])


def test_each_subject_has_its_own_runs() -> None:
    """S1 ends with a dose of 0, S2 begins with one: neither is held."""
    rows = [BASE, visit(60, FREE), visit(-6, ACTIVE, "S2"), visit(28, FREE, "S2")]
    datasets = derived([subject(), subject("S2")], rows, cutoff=80, response={"drug_free": {}})
    assert tte(datasets, "TTGCFREE")["EVNTDESC"] == "NOT YET CONFIRMED"
    assert tte(datasets, "TTGCFREE", "S2")["EVNTDESC"] == "NOT YET CONFIRMED"


def test_nobody_infused_has_no_record() -> None:
    datasets = derived([subject(infusion_date=None)], [BASE], response={"drug_free": {}})
    assert datasets.adtte.empty
