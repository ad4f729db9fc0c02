"""The table of estimands, and an increase of glucocorticoids as an intercurrent event."""

from __future__ import annotations

from typing import Any

import pytest

from durable.outputs.ard import Ard
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.estimands import OUTPUT
from tests.derive.build import (
    ACTIVE,
    FLARING,
    INACTIVE,
    UNKNOWN,
    date,
    derived,
    ends_of,
    plan,
    status,
    subject,
    tte,
    visit,
)

ESTIMANDS = {"outputs": {"estimands": True}}
RULE = {"by_mg_kg": 0.2}


def dosed(day: int, dose: float | None, values: Any = INACTIVE, name: str = "S1") -> dict[str, Any]:
    return visit(day, values, name, glucocorticoid_mg_kg=dose)


BASE = dosed(-6, 0.5, ACTIVE)


def increases(*doses: float | None, **rule: Any) -> list[str]:
    """GCINC at assessments on days 30, 60, 90 ... with these doses; the baseline has 0.5."""
    visits = [BASE, *(dosed(30 * i, dose) for i, dose in enumerate(doses, 1))]
    response = {"glucocorticoid_increase": RULE | rule}
    return status(derived([subject()], visits, response=response), "GCINC")


def test_an_increase_is_over_the_lowest_dose_by_at_least_the_limit() -> None:
    """0.1 to 0.3 is 0.2 more, whatever binary fractions make of it; 0.29 is not."""
    assert increases(0.3, 0.1, 0.3) == ["N", "N", "Y"]
    assert increases(0.3, 0.1, 0.29) == ["N", "N", "N"]
    assert increases(0.7) == ["Y"]


@pytest.mark.parametrize(
    ("over", "expected"),
    [
        ("lowest", ["N", "N", "Y", "N"]),
        ("previous", ["N", "N", "Y", "N"]),
        ("baseline", ["N", "N", "N", "N"]),
    ],
)
def test_the_reference_dose_is_configuration(over: str, expected: list[str]) -> None:
    assert increases(0.4, 0.1, 0.3, 0.2, over=over) == expected
    steps = {"lowest": ["N", "N", "Y"], "previous": ["N", "N", "N"], "baseline": ["N", "N", "N"]}
    assert increases(0.1, 0.2, 0.3, over=over) == steps[over]


def test_an_unknown_dose_is_unknown_and_no_reference() -> None:
    assert increases(0.1, None, 0.3) == ["N", "U", "Y"]
    assert increases(0.1, None, 0.3, over="previous") == ["N", "U", "Y"]
    response = {"glucocorticoid_increase": RULE}
    unknown = [dosed(-6, None, ACTIVE), dosed(30, 0.6)]
    assert status(derived([subject()], unknown, response=response), "GCINC") == ["U"]


COURSE = [BASE, dosed(30, 0.1), dosed(60, 0.1), dosed(90, 0.4), dosed(180, 0.4)]


def end(code: str = "DOR", strategy: str = "composite", **rule: Any) -> tuple[str, int, str]:
    response = {"glucocorticoid_increase": RULE | rule, "new_therapy": strategy}
    row = tte(derived([subject()], COURSE, cutoff=200, response=response), code)
    return row["EVNTDESC"], row["ADT"], row["SRCDOM"]


def test_by_itself_an_increase_changes_nothing() -> None:
    assert end() == ("ONGOING AT DATA CUT-OFF", 180, "visits")
    plain = derived([subject()], COURSE, cutoff=200)
    assert tte(plain, "DOR")["EVNTDESC"] == "ONGOING AT DATA CUT-OFF"
    assert "GCINC" not in set(plain.adrs["PARAMCD"])


def test_as_new_therapy_it_has_the_strategies_of_new_therapy() -> None:
    assert end(as_new_therapy=True) == ("NEW SYSTEMIC THERAPY", 90, "visits")
    assert end("EFS", as_new_therapy=True) == ("NEW SYSTEMIC THERAPY", 90, "visits")
    censored = end(strategy="hypothetical", as_new_therapy=True)
    assert censored == ("NEW SYSTEMIC THERAPY", 90, "visits")
    ignored = end(strategy="treatment_policy", as_new_therapy=True)
    assert ignored == ("ONGOING AT DATA CUT-OFF", 180, "visits")


def test_of_a_therapy_and_an_increase_the_earlier_counts() -> None:
    therapy = {"subject_id": "S1", "therapy": "rituximab", "new_systemic": "Y"}
    response = {"glucocorticoid_increase": RULE | {"as_new_therapy": True}}
    for day, expected in ((70, "therapies"), (90, "therapies"), (100, "visits")):
        began = [therapy | {"start_date": date(day)}]
        row = tte(derived([subject()], COURSE, began, cutoff=200, response=response), "DOR")
        assert (row["EVNTDESC"], row["ADT"]) == ("NEW SYSTEMIC THERAPY", min(day, 90))
        assert row["SRCDOM"] == expected or day == 90


def test_a_remission_after_it_is_not_credited_and_an_improvement_fails() -> None:
    course = [BASE, dosed(30, 0.1, ACTIVE), dosed(45, 0.4, ACTIVE), dosed(60, 0.4)]
    response = {"glucocorticoid_increase": RULE | {"as_new_therapy": True}}
    datasets = derived([subject()], course, cutoff=200, response=response)
    assert datasets.adsl["REMFL"].tolist() == ["N"]
    row = tte(datasets, "TTREM")
    assert (row["EVNTDESC"], row["ADT"], row["SRCSEQ"]) == ("NEW SYSTEMIC THERAPY", 45, 4)
    improved = datasets.adrs.loc[datasets.adrs["PARAMCD"] == "IMPR"]
    assert improved["AVALC"].tolist()[0] == "N"
    assert improved["REASON"].tolist() == ["NEW SYSTEMIC THERAPY"] * 2
    plain = derived([subject()], course, cutoff=200)
    assert plain.adsl["REMFL"].tolist() == ["Y"]


AS_THERAPY = {"glucocorticoid_increase": {"by_mg_kg": 0.1, "as_new_therapy": True}}
IN = [BASE, dosed(60, 0.1), dosed(90, 0.1)]


def ends(visits: list[dict[str, Any]], **response: Any) -> tuple[str, int, int, float]:
    never = {"missed_assessments": {"consecutive": None}}
    return ends_of("DOR", visits, cutoff=300, **AS_THERAPY, **never, **response)


@pytest.mark.parametrize("strategy", ["composite", "hypothetical", "treatment_policy"])
def test_as_new_therapy_it_confirms_a_loss_under_every_strategy(strategy: str) -> None:
    """A loss on day 180 with a dose raised then or before the next adequate assessment."""
    recurrence = ("RECURRENCE", 0, 180, 121)
    raised, unknown = dosed(180, 1.0, FLARING), dosed(190, 1.0, UNKNOWN)
    assert ends([*IN, raised], new_therapy=strategy) == recurrence
    assert ends([*IN, dosed(180, 0.1, FLARING), unknown], new_therapy=strategy) == recurrence
    # At the next adequate assessment, in remission, it comes too late.
    late = [*IN, dosed(180, 0.1, FLARING), dosed(270, 1.0)]
    assert ends(late, new_therapy=strategy)[0] != "RECURRENCE"


def test_an_increase_that_goes_on_begins_once() -> None:
    """0.5 on day 28 over 0.1 on day 14: the same dose in remission on day 60 is no new one."""
    before = [BASE, dosed(14, 0.1, ACTIVE), dosed(28, 0.5, ACTIVE)]
    credited: dict[str, Any] = {"new_therapy": {"remission": "treatment_policy"}}
    ongoing = ("ONGOING AT DATA CUT-OFF", 1, 90, 31)
    assert ends([*before, dosed(60, 0.5), dosed(90, 0.5)], **credited) == ongoing
    assert ends([*before, dosed(60, 0.5), dosed(90, 0.55)], **credited) == ongoing
    # A further step of the limit is a new one, and so is one after the dose was low again.
    stepped = ("NEW SYSTEMIC THERAPY", 0, 90, 31)
    assert ends([*before, dosed(60, 0.5), dosed(90, 0.6)], **credited) == stepped
    assert ends([*before, dosed(60, 0.15), dosed(90, 0.2)], **credited) == stepped
    # Nor does it confirm a loss.
    lost = [*before, dosed(60, 0.5), dosed(90, 0.5), dosed(180, 0.5, FLARING)]
    assert ends(lost, **credited) == ("UNCONFIRMED LOSS", 6, 90, 31)


def shown(visits: list[dict[str, Any]], people: int = 1, **response: Any) -> dict[str, list[str]]:
    """Cells of the table by block and row."""
    sections = {**ESTIMANDS, "response": response}
    subjects = [subject(f"S{i + 1}") for i in range(people)]
    datasets = derived(subjects, visits, cutoff=200, **sections)
    analysed = AnalysisDatasets(adsl=datasets.adsl, adrs=datasets.adrs, adtte=datasets.adtte)
    the_plan = plan(**sections)
    ard = Ard.from_results(OUTPUT.rows(analysed, the_plan))
    found, block = {}, ""
    for row in OUTPUT.table_rows(OUTPUT.tables[0], ard, the_plan):
        block = row.label.split(":")[0] if not row.cells else block
        found[f"{block} / {row.label}"] = list(row.cells)
    return found


def test_the_table_says_the_strategies_of_the_plan() -> None:
    cells = shown(COURSE, new_therapy={"duration": "hypothetical"})
    rescue = "New systemic therapy (rescue)"
    assert cells[f"Duration of response / {rescue}"][:2] == ["Hypothetical", "censored before it"]
    assert cells[f"Disease improvement at M2 and M3 / {rescue}"][:2] == [
        "Composite", "not improved"
    ]  # fmt: skip
    assert cells["Overall survival / Death"][:2] == ["", "the event itself"]
    assert cells["Intercurrent events, all infused / Glucocorticoid increase"] == [
        "", "not defined in the plan", ""
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("missing", "strategy", "handling"),
    [
        ("non_improved", "Composite", "not improved"),
        ("observed", "Hypothetical", "excluded from the denominator"),
        ("improved", "Composite", "improved (best case)"),
    ],
)
def test_one_assessment_is_enough_to_be_missing_for_the_improvement_rate(
    missing: str, strategy: str, handling: str
) -> None:
    """Two in a row, as the table defines missed assessments, are a matter of the durations."""
    cells = shown(COURSE, improvement={"missing": missing})
    assert cells["Disease improvement at M2 and M3 / Missed assessments"][:2] == [
        strategy, f"no assessment at the visit: {handling}"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("applies", "handling"),
    [
        ((), "an event seen at a visit after them is censored before them"),
        (
            ("applies_to_death",),
            "death, or an event seen at a visit, after them is censored before them",
        ),
        (
            ("applies_to_new_therapy",),
            "new systemic therapy, or an event seen at a visit, after them is censored before them",
        ),
        (
            ("applies_to_death", "applies_to_new_therapy"),
            "an event after them is censored before them",
        ),
    ],
)
def test_every_event_that_missed_assessments_censor_is_named(
    applies: tuple[str, ...], handling: str
) -> None:
    cells = shown(COURSE, missed_assessments=dict.fromkeys(applies, True))
    row = cells["Duration of response / Missed assessments"]
    assert row[:2] == ["Hypothetical", handling]


def test_the_table_counts_who_had_the_events() -> None:
    cells = shown([*COURSE, dosed(-6, 0.5, ACTIVE, "S2")], 2, glucocorticoid_increase=RULE)
    event = cells["Intercurrent events, all infused / Glucocorticoid increase"]
    limit = "dose at least 0.2 mg/kg above the lowest dose recorded since the baseline"
    assert event == ["", limit, "1 (50.0)"]
    assert cells["Intercurrent events, all infused / Death"][2] == "0 (0.0)"
    assert cells["Event-free survival / Glucocorticoid increase"][:2] == [
        "Treatment policy", "ignored"
    ]  # fmt: skip


def test_an_increase_that_counts_as_new_therapy_is_handled_as_it() -> None:
    rule = RULE | {"as_new_therapy": True}
    cells = shown(COURSE, glucocorticoid_increase=rule)
    for block in ("Duration of response", "Event-free survival"):
        rows = [f"{block} / {row}" for row in ("New systemic therapy (rescue)",)]
        assert cells[f"{block} / Glucocorticoid increase"] == cells[rows[0]]


def test_without_its_key_there_is_no_row() -> None:
    datasets = derived([subject()], COURSE)
    analysed = AnalysisDatasets(adsl=datasets.adsl, adrs=datasets.adrs, adtte=datasets.adtte)
    assert list(OUTPUT.rows(analysed, plan())) == []
