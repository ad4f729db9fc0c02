"""Which columns of the input tables the definitions in force need; a file may lack the others.

A column that is absent and not needed is one that the study does not record: it is empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from durable.contracts.columns import NATIVE_COLUMNS
from durable.jdm.measures import ENZYMES
from durable.jdm.response import Response
from durable.plan import Plan

#: By column the keys of the plan that need it; '' where every analysis does.
Needed = dict[str, str]

#: Columns that are needed only where a definition says so.
_BY_PLAN: dict[str, frozenset[str]] = {
    "subjects": frozenset(("part", "dose_level", "withdrawal_reason")),
    "visits": frozenset(NATIVE_COLUMNS["visits"]) - {"subject_id", "visit", "visit_date"},
    "therapies": frozenset(("reason",)),
    "adverse_events": frozenset(("term", "ae_seq")),
    "kinetics": frozenset(("sample_time", "nominal_day")),
}


@dataclass(frozen=True)
class Needs:
    """What the definitions in force need of the input tables."""

    columns: dict[str, Needed]
    """By table."""
    enzyme: str = ""
    """The key of the plan by which a muscle enzyme is a measure of the core set, any of the five
    with its upper limit of normal; '' where there is none."""

    def missing(self, table: str, present: set[str]) -> dict[str, str]:
        """Columns that are needed and not among those present, and the keys that need them."""
        found = {n: why for n, why in self.columns[table].items() if n not in present}
        if table != "visits" or not self.enzyme:
            return found
        enzymes = [enzyme for enzyme in ENZYMES if enzyme in present]
        if not enzymes:
            found["ck"] = f"{self.enzyme} (this or another muscle enzyme with its limit)"
        limits = {f"{enzyme}_uln": self.enzyme for enzyme in enzymes}
        return found | {name: why for name, why in limits.items() if name not in present}


def needs(plan: Plan) -> Needs:
    """What the plan's definitions need, those of its sensitivity analyses among them."""
    responses = {"response": plan.response} | {
        f"sensitivity.{name}.response": plan.response_of(name) for name in plan.sensitivity
    }
    visits: Needed = {}
    enzyme = ""
    for prefix, response in responses.items():
        for column, key in _of_response(response):
            if column == "enzyme":
                enzyme = enzyme or f"{prefix}.{key}"
            else:
                visits.setdefault(column, f"{prefix}.{key}")
    columns: dict[str, Needed] = {
        table: dict.fromkeys((n for n in names if n not in _BY_PLAN[table]), "")
        for table, names in NATIVE_COLUMNS.items()
    }
    columns["visits"] |= visits
    for column in ("dose_level", "part"):
        if column in plan.groups:
            columns["subjects"][column] = "groups"
        elif plan.safety.escalation != "none":
            columns["subjects"][column] = f"safety.escalation ({plan.safety.escalation})"
    return Needs(columns, enzyme)


def _of_response(response: Response) -> Iterator[tuple[str, str]]:
    """Columns of visits, or ``enzyme``, and the key below the section that needs each."""
    for measure in response.measures.values():
        yield measure, f"core_set ({response.core_set})"
    remission, recurrence = response.remission, response.recurrence
    for column, key in remission.columns.items():
        yield column, f"remission.{key}"
    if recurrence.investigator:
        yield "investigator_assessment", "recurrence.investigator"
    if recurrence.worsening.enabled:
        for column in ("physician_global", "mmt8", "extramuscular"):
            yield column, "recurrence.worsening.enabled"
