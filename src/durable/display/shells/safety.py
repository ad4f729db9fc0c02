"""Adverse events, CRS and ICANS, deaths and dose-limiting toxicities."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from durable.contracts.results import join_parameter, split_parameter
from durable.display import formats as f
from durable.display.shell import Ard, Cell, Line, Lookup, Row, Rows, column_name
from durable.display.shells.cells import count, three
from durable.plan import Plan, Safety

_GRADES = ("1", "2", "3", "4", "5", "missing")
_GROUPED_GRADES = ("1_2", "3", "4", "5", "missing")
_GRADE_NAMES = {"1_2": "grade 1-2", "missing": "grade missing"}


def overview(ard: Ard, plan: Plan) -> Rows:
    """Categories of adverse events in each window; events before infusion apart."""
    output = "t_ae_overview"
    for window, label in _windows(plan.safety):
        yield Row(label)
        for name, category in _categories(plan.safety):
            grades = () if "MISSING_AS" in name else _GRADES
            lines = [*_incidence(plan, category, 1, grades), _bound(plan, 2)]
            if name == "RELATED":
                lines.append(_relation_missing(plan.safety))
            yield from ard.lines(output, join_parameter(window, name), lines)
    yield from _followed(ard, plan)
    yield Row("Not treatment-emergent")
    for name, label, indent in (
        ("ANY", "Infused: any event before the infusion", 1),
        ("BEFORE_LYMPHODEPLETION", "before lymphodepletion", 2),
        ("LYMPHODEPLETION", "from lymphodepletion to the day before the infusion", 2),
        ("LYMPHODEPLETION_UNKNOWN", "lymphodepletion without a date", 2),
    ):
        optional = name == "LYMPHODEPLETION_UNKNOWN"
        before = Line(label, partial(_events, plan=plan), indent, optional)
        yield from ard.lines(output, join_parameter("PRE", name), [before])
    others = Line("Consented, never infused: any event, n/N (%) [events]", partial(_of, plan=plan))
    yield from ard.lines(output, join_parameter("NOT_INFUSED", "ANY"), [others])


def _relation_missing(rule: Safety) -> Line:
    counted = rule.missing_related.replace("_", " ")
    label = f"events without a recorded relation, counted as {counted}"
    return Line(label, count("n_events_missing"), 2, optional=True)


def _followed(ard: Ard, plan: Plan) -> Rows:
    """The registered window among the subjects followed through it."""
    days = plan.safety.windows_days[0]
    yield Row(f"Within {days} days, of those followed {days} days: n/N (%) [events]")
    for name, category in _categories(plan.safety):
        lines = [Line(category, partial(_of, plan=plan)), _bound(plan, 2)]
        yield from ard.lines("t_ae_overview", join_parameter(f"D{days}_FOLLOWED", name), lines)


def _categories(rule: Safety) -> Iterator[tuple[str, str]]:
    yield "ANY", "Any adverse event"
    yield "RELATED", "Related"
    yield "SERIOUS", "Serious"
    yield "GRADE3", "Grade 3 or higher"
    missing = rule.missing_grade
    label = f"Grade 3 or higher, a missing grade counted as {missing}"
    yield f"GRADE3_MISSING_AS_{missing}", label
    yield "RELATED_GRADE3", "Related, grade 3 or higher"
    yield "FATAL", "Fatal"
    yield "DLT", "Dose-limiting toxicity"
    yield "AESI", "Of special interest"


def terms(ard: Ard, plan: Plan) -> Rows:
    """System organ classes and their terms by worst grade, in each window."""
    output = "t_ae_soc_pt"
    bound = Line(f"{_bound_name(plan)} of any row with 0, %", _bound(plan).cell, 0)
    yield from ard.lines(output, "", [bound])
    parameters = [(name, split_parameter(name)) for name in ard.parameters(output) if name]
    events = partial(_events, plan=plan)
    for window, label in _windows(plan.safety):
        yield Row(label)
        inside = [(name, parts) for name, parts in parameters if parts[0] == window]
        if not inside:
            yield Row("No adverse event", ("",) * len(ard.columns(output)), 1)
        for name, (_, organ_class, term) in inside:
            is_class = not term
            any_grade = Line(term or organ_class, events, 1 if is_class else 2, strong=is_class)
            yield from ard.lines(output, name, [any_grade, *_by_grade(plan, 3, _GROUPED_GRADES)])


def neurotoxicity(ard: Ard, plan: Plan) -> Rows:
    """CRS and ICANS: worst grade, first onset, duration."""
    p = plan.outputs.percent_decimals
    for name, label in (("CRS", "Cytokine release syndrome (CRS)"), ("ICANS", "ICANS")):
        yield Row(label)
        lines = [
            Line("Any, n (%) [events]", partial(_events, plan=plan)),
            _bound(plan, 2),
            Line("Worst ASTCT grade, n (%)"),
            *(Line(_grade_name(grade), partial(_grade, grade=grade, p=p), 2) for grade in _GRADES),
            Line("First onset, days after infusion, median (min, max)", _days("onset")),
            _left_out("onset", "subjects"),
            Line("Days that events with an end lasted, median (min, max)", _days("duration")),
            _left_out("duration", "events"),
            Line("Events ongoing at the data cut-off or death", count("n_ongoing")),
            Line("Events ended on a day not recorded", count("n_end_unknown"), optional=True),
        ]
        yield from ard.lines("t_ae_crs", name, lines)


def _left_out(name: str, what: str) -> Line:
    return Line(f"{what} left out: date imputed", count(f"n_{name}_imputed"), 2, optional=True)


def _days(name: str) -> Cell:
    return three(f"{name}_median", f"{name}_min", f"{name}_max", 1, of_limits=0)


def interest(ard: Ard, plan: Plan) -> Rows:
    """Events of special interest as they are labelled in the data, and prolonged cytopenia."""
    rule = plan.safety
    prolonged = (
        f"Prolonged cytopenia (grade {rule.prolonged_cytopenia_grade} or higher"
        f" beyond day {rule.prolonged_cytopenia_day})"
    )
    for name in filter(None, ard.parameters("t_aesi")):
        parts = split_parameter(name)
        # What is recorded is one part, whatever signs it holds.
        label = parts[0] if len(parts) == 1 else prolonged
        lines = [*_incidence(plan, label, 0, _GRADES), _bound(plan, 1)]
        lines.append(
            Line("recovered on a day not recorded: not known", count("n_end_unknown"), 1, True)
        )
        yield from ard.lines("t_aesi", name, lines)


def deaths(ard: Ard, plan: Plan) -> Rows:
    """Deaths in each window."""

    def cell(find: Lookup) -> str:
        return f.incidence(find("n_deaths"), find("percent"), plan.outputs.percent_decimals)

    for window, label in _windows(plan.safety):
        lines = [Line(f"{label}, n (%)", cell, 0), _bound(plan, 1)]
        undated = "fatal event without a date of death: not counted above"
        lines.append(Line(undated, count("n_fatal_undated"), 1, True))
        yield from ard.lines("t_deaths", window, lines)


def limiting(ard: Ard, plan: Plan) -> Rows:
    """A row per dose level of the escalating part, then one per group over all parts."""
    part = plan.safety.escalation_part
    for parameter, heading in ((part, f"Part {part}, by dose level"), ("ALL", "All parts")):
        yield Row(heading)
        found = False
        for column in ard.columns("t_dlt"):
            find = ard.lookup("t_dlt", parameter, column)
            if find("n_infused") is not None:
                found = True
                yield Row(column_name(column), tuple(_limiting_cells(find, plan)), 1)
        if not found:
            yield Row("No subject infused", ("",) * len(limiting_headings(plan)), 1)


def _limiting_cells(find: Lookup, plan: Plan) -> Iterator[str]:
    p = plan.outputs.percent_decimals
    yield f.count(find("n_infused"))
    yield f.count(find("n_evaluable"))
    yield f.count_percent(find("n_dlt"), find("percent"), p)
    yield f.count(find("n_dlt_unassessed_death"))
    yield f.count(find("n_death_not_limiting"))
    yield f.in_percent(find("upper"), p)
    if plan.safety.escalation != "none":
        said = find("next")
        # The counts before the colon stand in the columns beside it.
        yield said.note.rpartition(": ")[2] if said else ""


def limiting_headings(plan: Plan) -> tuple[str, ...]:
    """Columns of the dose-limiting toxicities."""
    rule = plan.safety.escalation
    step = () if rule == "none" else (f"Next, by the {rule} rule",)
    return (
        "Infused",
        "Evaluable",
        "With DLT, n (%)",
        "of these deaths not assessed",
        "Deaths recorded as no DLT",
        f"{_bound_name(plan)} of 0, %",
        *step,
    )


def _windows(rule: Safety) -> Iterator[tuple[str, str]]:
    for days in rule.windows_days:
        yield f"D{days}", f"Within {days} days of infusion"
    yield "ALL", "Any time after infusion"


def _incidence(plan: Plan, label: str, indent: int, grades: tuple[str, ...]) -> Iterator[Line]:
    """Subjects and events, then the subjects by worst grade where there are any."""
    yield Line(label, partial(_events, plan=plan), indent)
    yield from _by_grade(plan, indent + 1, grades)


def _by_grade(plan: Plan, indent: int, grades: tuple[str, ...]) -> Iterator[Line]:
    for grade in grades:
        cell = partial(_grade, grade=grade, p=plan.outputs.percent_decimals)
        yield Line(_grade_name(grade), cell, indent, optional=True)


def _grade_name(grade: str) -> str:
    return _GRADE_NAMES.get(grade, f"grade {grade}")


def _events(find: Lookup, plan: Plan) -> str:
    n = find("n_subjects")
    if n is None or not n.value:
        return f.count(n)
    share = f.incidence(n, find("percent"), plan.outputs.percent_decimals)
    return f"{share} [{f.count(find('n_events'))}]"


def _of(find: Lookup, plan: Plan) -> str:
    """Events of subjects who are not in the N of the column."""
    of = find("n_denominator")
    if of is None:
        return ""
    n, p = find("n_subjects"), plan.outputs.percent_decimals
    share = f"{f.count(n)}/{f.count(of)}"
    if n is None or not n.value:
        return share
    return f"{share} ({f.number(find('percent'), p)}) [{f.count(find('n_events'))}]"


def _grade(find: Lookup, grade: str, p: int) -> str:
    return f.incidence(find(f"n_grade_{grade}"), find(f"percent_grade_{grade}"), p)


def _bound(plan: Plan, indent: int = 0) -> Line:
    def cell(find: Lookup) -> str:
        return f.in_percent(find("upper"), plan.outputs.percent_decimals)

    return Line(f"{_bound_name(plan)} of 0, %", cell, indent, optional=True)


def _bound_name(plan: Plan) -> str:
    return f"{100 * plan.statistics.conf_level:g} % upper bound"
