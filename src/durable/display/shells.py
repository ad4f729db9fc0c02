"""The shells of the tables: which result stands where. No number is computed here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from durable.config.model import Plan
from durable.display import definitions
from durable.display import formats as f
from durable.display.shell import Ard, Cell, Line, Lookup, Row

Rows = Iterator[Row]


def _n(statistic: str) -> Cell:
    return lambda find: f.count(find(statistic))


def _n_percent(name: str, decimals: int) -> Cell:
    return lambda find: f.count_percent(find(f"n_{name}"), find(f"percent_{name}"), decimals)


def _rate(statistic: str, decimals: int) -> Cell:
    return lambda find: f.estimate(find(statistic), decimals, 100)


def _over(x: str, n: str, rate: str, decimals: int) -> Cell:
    """x/n (rate and interval)."""

    def cell(find: Lookup) -> str:
        if find(x) is None or find(n) is None:
            return ""
        return f"{f.count(find(x))}/{f.count(find(n))}, {f.estimate(find(rate), decimals, 100)}"

    return cell


def _value(statistic: str, decimals: int) -> Cell:
    return lambda find: f.number(find(statistic), decimals)


def _time(statistic: str, decimals: int) -> Cell:
    return lambda find: f.estimate(find(statistic), decimals)


def _joined(first: str, second: str, decimals: int, form: str = "{}, {}") -> Cell:
    def cell(find: Lookup) -> str:
        if find(first) is None:
            return ""
        return form.format(f.number(find(first), decimals), f.number(find(second), decimals))

    return cell


def summary(decimals: int, prefix: str = "", indent: int = 1) -> list[Line]:
    """Rows of a continuous variable."""
    p = prefix
    return [
        Line("n", _n(f"n_{p.rstrip('_')}" if p else "n"), indent),
        Line("Mean (SD)", _joined(f"{p}mean", f"{p}sd", decimals, "{} ({})"), indent),
        Line("Median", _value(f"{p}median", decimals), indent),
        Line("Q1, Q3", _joined(f"{p}q1", f"{p}q3", decimals), indent),
        Line("Min, max", _joined(f"{p}min", f"{p}max", decimals), indent),
    ]


def improvement(ard: Ard, plan: Plan) -> Rows:
    """Disease improvement rate, a block per configured visit."""
    output, p = "t_improvement", plan.outputs.percent_decimals
    level = f"{100 * plan.statistics.conf_level:g} %"
    for visit in plan.response.improvement.visits:
        yield Row(f"Visit {visit}")
        yield from ard.lines(output, visit, _improvement_lines(p, level))
    if len(plan.response.improvement.visits) > 1:
        yield Row("Over the visits (descriptive)")
        for parameter, label in (("BOTH", "at every visit"), ("EITHER", "at any visit")):
            line = Line(f"Improved {label}, n (%)", _n_percent("improved", p))
            yield from ard.lines(output, parameter, [line])


def _improvement_lines(p: int, level: str) -> list[Line]:
    return [
        Line("Infused", _n("n_infused")),
        Line("Assessed in window, n (%)", _n_percent("assessed", p)),
        Line("partial score", _n_percent("partial", p), 2),
        Line("Missing, n (%)", _n_percent("missing", p)),
        Line("died", _n_percent("missing_died", p), 2),
        Line("withdrawn", _n_percent("missing_withdrawn", p), 2),
        Line("score not calculable", _n_percent("missing_not_calculable", p), 2),
        Line("not assessed", _n_percent("missing_not_assessed", p), 2),
        Line("Pending at the data cut-off, n (%)", _n_percent("pending", p)),
        Line("Improved, n/N, %", _over("n_improved", "n_denominator", "rate", p)),
        Line(
            "Improved of those with opportunity, n/N, %",
            _over("n_improved_opportunity", "n_opportunity", "rate_opportunity", p),
        ),
        Line("Level of response, n (% of infused)", indent=1),
        *(
            Line(label, _n_percent(name, p), 2)
            for name, label in (
                ("none", "none"),
                ("minimal", "minimal"),
                ("moderate", "moderate"),
                ("major", "major"),
            )
        ),
        Line(f"Other {level} intervals of the rate, %", indent=1),
        Line("Wilson", _rate("rate_wilson", p), 2),
        Line("Jeffreys", _rate("rate_jeffreys", p), 2),
        Line("Posterior mean and credible interval", _rate("posterior_mean", p), 2),
        Line("Sensitivity, n/N, %", indent=1),
        Line("Observed case", _over("n_improved_observed", "n_denominator_observed",
                                    "rate_observed", p), 2),
        Line("Worst case", _over("n_improved_worst", "n_denominator_worst", "rate_worst", p), 2),
        Line("Best case", _over("n_improved_best", "n_denominator_best", "rate_best", p), 2),
        Line("Enzyme or CHQ-PhS scored 0", _over("n_improved_enzyme_zero", "n_denominator",
                                                 "rate_enzyme_zero", p), 2),
        Line("Enzyme or CHQ-PhS at its maximum", _over("n_improved_enzyme_maximum",
                                                       "n_denominator",
                                                       "rate_enzyme_maximum", p), 2),
        Line("Total Improvement Score", indent=1),
        *summary(1, "tis_", 2),
        Line("Core set measures worsened, n (% of assessed)", indent=1),
        *(
            Line(label, _n_percent(f"worsened_{name}", p), 2, optional=True)
            for name, label in (
                ("physician_global", "physician global"),
                ("parent_global", "parent global"),
                ("muscle", "muscle strength"),
                ("function", "physical function"),
                ("enzyme", "enzyme or CHQ-PhS"),
                ("extramuscular", "extramuscular activity"),
                ("any", "at least one"),
            )
        ),
    ]  # fmt: skip


def durability(ard: Ard, plan: Plan) -> Rows:
    """Duration of response, then event-free survival of all infused."""
    for parameter, label, first in (
        ("DOR", "Duration of response", "Subjects with remission"),
        ("EFS", "Event-free survival", "All infused"),
    ):
        yield Row(label)
        yield from ard.lines("t_dor", parameter, _survival_lines(plan, first))


def _survival_lines(plan: Plan, first: str) -> Iterator[Line]:
    p, m = plan.outputs.percent_decimals, plan.outputs.month_decimals
    level = f"{100 * plan.statistics.conf_level:g} % CI"
    yield Line(first, _n("n_subjects"))
    yield Line("With event, n (%)", _n_percent("event", p))
    for name, label in (
        ("recurrence", "recurrence"),
        ("progression", "progression"),
        ("death", "death"),
        ("new_therapy", "new systemic therapy"),
        ("never_remitted", "never in remission"),
    ):
        yield Line(label, _n_percent(name, p), 2, optional=True)
    yield Line("Censored, n (%)", _n_percent("censored", p))
    for name, label in (
        ("ongoing", "ongoing at data cut-off"),
        ("missed_assessments", "missed assessments"),
        ("new_therapy", "new systemic therapy"),
        ("withdrawn", "withdrawn"),
        ("no_assessment", "no assessment after remission"),
    ):
        yield Line(label, _n_percent(f"censored_{name}", p), 2)
    yield Line(f"Months ({level})", indent=1)
    for statistic, label in (
        ("q25", "25th percentile"),
        ("median", "median"),
        ("q75", "75th percentile"),
    ):
        yield Line(label, _time(statistic, m), 2)
    yield Line("min, max", _joined("min", "max", m), 2)
    yield Line(f"Event-free rate, % ({level}); at risk", indent=1)
    for month in plan.statistics.landmarks_months:
        yield Line(f"month {month:g}", partial(_landmark, month=month, p=p), 2)
    yield Line("Median follow-up, reverse Kaplan-Meier, months", _time("follow_up", m))
    rmst = plan.statistics.rmst_months
    yield Line(f"Restricted mean to month {rmst:g}, months", _time(f"rmst_M{rmst:g}", m))


def _landmark(find: Lookup, month: float, p: int) -> str:
    rate, at_risk = find(f"landmark_M{month:g}"), find(f"at_risk_M{month:g}")
    if rate is None:
        return ""
    return f"{f.estimate(rate, p, 100)}; {f.count(at_risk)}"


def disposition(ard: Ard, plan: Plan) -> Rows:
    """Where the subjects are at the data cut-off."""
    output, p, m = "t_disposition", plan.outputs.percent_decimals, plan.outputs.month_decimals
    labels = {
        "CONSENTED": ("Consented", 0),
        "LYMPHODEPLETED": ("Lymphodepleted", 0),
        "NOT_INFUSED": ("Not infused", 0),
        "INFUSED": ("Infused (all-infused set)", 0),
        "REMISSION": ("In remission at least once (remission set)", 1),
        "ONGOING": ("Ongoing", 1),
        "DIED": ("Died", 1),
        "WITHDRAWN": ("Withdrawn", 1),
        "ASSESSED": ("Assessed at", 1),
    }
    cell = partial(_plain_n_percent, decimals=p)
    for parameter in ard.parameters(output):
        name, _, detail = parameter.partition("|")
        if name not in labels:
            continue
        label, indent = labels[name]
        if detail:
            label = f"{label} {detail}" if name == "ASSESSED" else detail
            indent += name != "ASSESSED"
        yield from ard.lines(output, parameter, [Line(label, cell, indent)])
    yield Row("Follow-up from infusion, months")
    yield from ard.lines(output, "FOLLOW_UP", summary(m))


def _plain_n_percent(find: Lookup, decimals: int) -> str:
    n = find("n")
    return "0" if n is None else f.count_percent(n, find("percent"), decimals)


def baseline(ard: Ard, plan: Plan) -> Rows:
    """Demographics and disease at baseline."""
    output, p = "t_baseline", plan.outputs.percent_decimals
    cell = partial(_plain_n_percent, decimals=p)
    continuous = {
        "AGE": "Age, years",
        "CELLSKG": "Cells infused per kg",
        "MAXTIS": "Maximum attainable Total Improvement Score",
        **{code: _measure_label(plan, place) for place, code in _CODES.items()},
    }
    shown: set[str] = set()
    categories = {"SEX": "Sex", "BLREMFL": "Already in remission", "BLENZ": "Enzyme followed"}
    words = {"F": "female", "M": "male", "Y": "yes", "N": "no", "U": "unknown"}
    for parameter in ard.parameters(output):
        name, _, detail = parameter.partition("|")
        if name in categories:
            if name not in shown:
                yield Row(f"{categories[name]}, n (%)")
                shown.add(name)
            yield from ard.lines(output, parameter, [Line(words.get(detail, detail.upper()), cell)])
        elif parameter in continuous:
            yield Row(continuous[parameter])
            yield from ard.lines(output, parameter, summary(0 if parameter == "CELLSKG" else 1))


_CODES = {
    "physician_global": "PHYS",
    "parent_global": "PAR",
    "muscle": "MUS",
    "function": "FUN",
    "enzyme": "ENZ",
    "extramuscular": "EXTR",
}


def _measure_label(plan: Plan, place: str) -> str:
    name = definitions.MEASURES[plan.response.measures[place]]
    return name[0].upper() + name[1:]


def kinetics(ard: Ard, plan: Plan) -> Rows:
    """Cellular kinetics, a block per assay and unit."""
    output, p = "t_kinetics", plan.outputs.percent_decimals
    names = {
        "CMAX": "Cmax",
        "TMAX": "Tmax, days",
        "TLAST": "Tlast, days",
        "AUCLAST": "AUC to Tlast",
        **{f"AUC0_{a.day}": f"AUC from day 0 to {a.day}" for a in plan.kinetics.auc},
    }
    persistence = {f"PERS{point.label}": point.label for point in plan.kinetics.persistence}
    parameters = [parameter.partition("|") for parameter in ard.parameters(output)]
    for assay in dict.fromkeys(assay for _, _, assay in parameters):
        yield Row(assay or "All samples")
        for code, bar, of in parameters:
            if of != assay:
                continue
            if code in names:
                yield Row(names[code], indent=1)
                yield from ard.lines(output, code + bar + of, _kinetic_lines(code, p))
            elif code in persistence:
                cell = partial(_persistence, p=p)
                line = Line(f"Quantifiable at {persistence[code]}, n/N (%)", cell)
                yield from ard.lines(output, code + bar + of, [line])


def _persistence(find: Lookup, p: int) -> str:
    n, x = find("n"), find("n_quantifiable")
    if n is None or x is None:
        return ""
    return f"{f.count(x)}/{f.count(n)} ({f.number(find('percent_quantifiable'), p)})"


def _kinetic_lines(code: str, p: int) -> Iterator[Line]:
    yield Line("n", _n("n"), 2)
    yield Line("not calculable", _n("n_not_calculable"), 2)
    if code in ("TMAX", "TLAST"):
        yield Line("Median (min, max)", _three("median", "min", "max", p), 2)
        return
    yield Line("not detected", _n("n_not_detected"), 2)
    if code.startswith("AUC0_"):
        yield Line("extrapolated", _n("n_extrapolated"), 2)
    yield Line("Mean (SD)", _joined("mean", "sd", p, "{} ({})"), 2)
    yield Line("CV, %", _value("cv", p), 2)
    yield Line("Median (min, max)", _three("median", "min", "max", p), 2)
    yield Line("Geometric mean (geometric CV, %)", _joined("geo_mean", "geo_cv", p, "{} ({})"), 2)
    detected = _joined("geo_mean_detected", "geo_cv_detected", p, "{} ({})")
    yield Line("of those detected", detected, 2)


def _three(first: str, low: str, high: str, decimals: int) -> Cell:
    def cell(find: Lookup) -> str:
        if find(first) is None:
            return ""
        limits = _joined(low, high, decimals, "({}, {})")(find)
        return f"{f.number(find(first), decimals)} {limits}"

    return cell


def sensitivity(ard: Ard, plan: Plan) -> Rows:
    """One row per analysis: what differs, and what comes of it."""
    output = "t_sensitivity"
    column = ard.columns(output)[0]
    for analysis in ("primary", *plan.sensitivity):
        label = "Primary analysis"
        if analysis != "primary":
            label = plan.sensitivity[analysis].title or analysis
        cells = []
        for parameter, show in _sensitivity_columns(plan):
            cells.append(show(ard.lookup(output, parameter, column, analysis)))
        yield Row(label, tuple(cells))


def _sensitivity_columns(plan: Plan) -> list[tuple[str, Cell]]:
    p, m = plan.outputs.percent_decimals, plan.outputs.month_decimals
    columns: list[tuple[str, Cell]] = [
        ("DOR", _n("n_subjects")),
        ("DOR", _n("n_event")),
        ("DOR", _time("median", m)),
    ]
    for month in plan.statistics.sensitivity_landmarks_months:
        columns.append(("DOR", _rate(f"landmark_M{month:g}", p)))
    for visit in plan.response.improvement.visits:
        columns.append((visit, _over("n_improved", "n_denominator", "rate", p)))
    return columns


def sensitivity_headings(plan: Plan) -> tuple[str, ...]:
    """Column headings of the sensitivity analyses."""
    months = plan.statistics.sensitivity_landmarks_months
    return (
        "DOR: N",
        "Events",
        "Median, months",
        *(f"Event-free at month {month:g}, %" for month in months),
        *(f"Improved at {visit}, n/N, %" for visit in plan.response.improvement.visits),
    )


Shell = Callable[[Ard, Plan], Rows]
