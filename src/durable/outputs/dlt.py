"""``t_dlt``: dose-limiting toxicities and the recommendation of the 3+3 rule."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan

import pandas as pd

from durable.contracts.results import NO_EVENTS_TABLE, NOT_RECORDED, Statistic
from durable.outputs import cells, definitions, incidence
from durable.outputs.ard import TableResults
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.follow_up import followed_to
from durable.outputs.groups import groups, not_made, of_parameter
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.quantities import percent
from durable.outputs.table import Cell, Lookup, Row, Rows, column_name
from durable.plan import Outputs, Plan, Safety

#: Parameter over all parts of the study; the other is the part that escalates.
ALL_PARTS = "ALL"
ESCALATE = "escalate"


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    """The escalating part by dose level, each with its recommendation, then all parts."""
    adsl, safety, level = datasets.adsl, plan.safety, plan.statistics.conf_level
    columns = groups(adsl, plan.groups)
    if datasets.adae is None:
        yield from not_made(columns, NO_EVENTS_TABLE)
        return
    status = dlt_status(adsl, datasets.adae, safety)
    part = safety.escalation_part
    unplaced = _unplaced(adsl, part)
    for column in groups(adsl.loc[adsl["PART"] == part], ("dose_level",))[:-1]:
        subjects = column.select(status)
        statistics = [*_counts(subjects, level)]
        if safety.escalation == "3+3":
            step = recommendation(subjects, column.group, unplaced, safety.dlt_window_days)
            statistics.append(Statistic("next", nan, note=step))
        yield column, of_parameter((part,), statistics)
    for column in columns:
        yield column, of_parameter((ALL_PARTS,), _counts(column.select(status), level))


def _counts(status: pd.DataFrame, conf_level: float) -> Iterator[Statistic]:
    evaluable, toxic = int(status["evaluable"].sum()), int(status["toxic"].sum())
    yield Statistic("n_infused", len(status))
    yield Statistic("n_evaluable", evaluable)
    yield Statistic("n_dlt", toxic)
    yield Statistic("percent", percent(toxic, evaluable))
    yield Statistic("n_dlt_unassessed_death", int(status["unassessed"].sum()))
    yield Statistic("n_death_not_limiting", int(status["not_limiting"].sum()))
    if not toxic:
        yield incidence.upper_limit(evaluable, conf_level)


def dlt_status(adsl: pd.DataFrame, adae: pd.DataFrame, safety: Safety) -> pd.DataFrame:
    """Status of each infused subject for the escalation.

    Parameters
    ----------
    adsl, adae
        Datasets of the study.
    safety
        Window of the dose-limiting toxicities.

    Returns
    -------
    DataFrame
        ``USUBJID`` and, true or false: ``recorded`` (a dose-limiting toxicity is recorded in the
        window), ``unassessed`` (died in the window and nobody assessed the death: counts as one),
        ``not_limiting`` (died in the window, of events recorded as not dose-limiting), ``open``
        (died later, of an event of the window that nobody assessed), ``toxic`` and ``evaluable``.
    """
    infused = adsl.loc[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    window = safety.dlt_window_days
    in_window = (adae["TRTEMFL"] == "Y") & (adae["ADAY"] <= window).fillna(False).astype(bool)
    fatal = incidence.fatal_events(adae)
    unrecorded = adae["AEDLT"].isna()

    def has(events: pd.Series[bool]) -> pd.Series[bool]:
        subjects = infused.index.isin(adae.loc[events, "USUBJID"])
        return pd.Series(subjects, index=infused.index)

    day = (_date_of_death(infused, adae.loc[fatal]) - infused["TRTSDT"]).dt.days
    died = (day >= 0) & (day <= window)
    limiting = adae["AEDLT"] == "Y"
    recorded = has(in_window & limiting) | (died & has(fatal & limiting))
    unassessed = died & ~recorded & (has(fatal & unrecorded) | ~has(fatal))
    toxic = recorded | unassessed
    status = pd.DataFrame(
        {
            "recorded": recorded,
            "unassessed": unassessed,
            "not_limiting": died & ~toxic,
            "open": ~died & ~toxic & has(in_window & fatal & unrecorded),
            "toxic": toxic,
            "evaluable": followed_to(infused, window) | toxic,
        }
    )
    return status.reset_index()


def _date_of_death(infused: pd.DataFrame, fatal: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """Date of death; where only a fatal event tells of it, its end, else its start."""
    reported = fatal["AENDT"].fillna(fatal["ASTDT"]).groupby(fatal["USUBJID"]).min()
    return infused["DTHDT"].fillna(reported.reindex(infused.index))


def recommendation(status: pd.DataFrame, dose_level: str, unplaced: int, window: int) -> str:
    """Recommendation of the 3+3 rule for one dose level, in words, with what to adjudicate first.

    Parameters
    ----------
    status
        Subjects of the level, as `dlt_status` returns them.
    dose_level
        Name of the level.
    unplaced
        Infused subjects whose part or dose level is not recorded: they are in no line.
    window
        Days in which a toxicity counts.
    """
    evaluable, toxic = int(status["evaluable"].sum()), int(status["toxic"].sum())
    step = next_step(evaluable, toxic)
    doubts = _doubts(status, window)
    if dose_level == NOT_RECORDED:
        step = "no recommendation, the dose level is not recorded"
    elif doubts:
        # Nothing is recommended that the adjudication could forbid.
        interim = "" if step == ESCALATE else f"; as counted, {step}"
        step = f"adjudicate first ({'; '.join(doubts)}){interim}"
    not_limiting = int(status["not_limiting"].sum())
    if not_limiting:
        step += f"; {_deaths(not_limiting)} within {window} days recorded as not dose-limiting"
    if unplaced and dose_level != NOT_RECORDED:
        step += f"; {unplaced} infused without a recorded part or dose level not in any line"
    return f"{toxic} of {evaluable} evaluable with a dose-limiting toxicity: {step}"


def _doubts(status: pd.DataFrame, window: int) -> list[str]:
    """Deaths that nobody assessed."""
    doubts = []
    if deaths := int(status["unassessed"].sum()):
        doubts.append(
            f"{_deaths(deaths)} within {window} days without a recorded assessment, counted as"
            " dose-limiting"
        )
    if later := int(status["open"].sum()):
        doubts.append(
            f"{_deaths(later)} later of an event begun within {window} days, not assessed"
        )
    return doubts


def _deaths(count: int) -> str:
    return f"{count} death{'s' if count > 1 else ''}"


def next_step(evaluable: int, toxic: int) -> str:
    """Next step at one dose level by the 3+3 rule, in words (Storer, Biometrics 1989;45:925, A).

    Parameters
    ----------
    evaluable, toxic
        Subjects evaluable for dose-limiting toxicity, and those of them with one.
    """
    if toxic >= 2:
        return "stop, the maximum tolerated dose is exceeded"
    if evaluable < 3:
        return "treat or follow more subjects until 3 are evaluable"
    if toxic == 1 and evaluable < 6:
        return "expand the dose level to 6 evaluable"
    return ESCALATE


def _unplaced(adsl: pd.DataFrame, part: str) -> int:
    """Infused subjects who may belong to a line of the escalating part, but are in none."""
    no_part, no_level = adsl["PART"].isna(), adsl["DOSELVL"].isna()
    unplaced = no_part | ((adsl["PART"] == part) & no_level)
    return int((unplaced & (adsl["SAFFL"] == "Y")).sum())


def _table(results: TableResults, plan: Plan) -> Rows:
    """A row per dose level of the escalating part, then one per group over all parts."""
    part = plan.safety.escalation_part
    for parameter, heading in ((part, f"Part {part}, by dose level"), (ALL_PARTS, "All parts")):
        yield Row(heading)
        infused = False
        for column in results.columns:
            find = results.lookup((parameter,), column)
            if find("n_infused") is not None:
                infused = True
                shown = tuple(cell(find, plan.outputs) for _, cell in _columns(plan))
                yield Row(column_name(column), shown, 1)
        if not infused:
            yield Row("No subject infused", ("",) * len(_columns(plan)), 1)


def _columns(plan: Plan) -> list[tuple[str, Cell]]:
    """Heading and cell of each column."""
    columns = [
        ("Infused", cells.count("n_infused")),
        ("Evaluable", cells.count("n_evaluable")),
        ("With DLT, n (%)", cells.count_percent("n_dlt", "percent")),
        ("DLTs that are deaths not assessed", cells.count("n_dlt_unassessed_death")),
        ("Deaths assessed as not DLT", cells.count("n_death_not_limiting")),
        (f"{incidence.upper_limit_name(plan)} (no DLT), %", incidence.upper_limit_cell),
    ]
    rule = plan.safety.escalation
    if rule != "none":
        columns.append((f"Dose-escalation recommendation ({rule})", _next_step))
    return columns


def _evaluable(safety: Safety) -> Iterator[str]:
    """What counts as a DLT, who is evaluable for one, and the rule of escalation."""
    days = safety.dlt_window_days
    yield (
        f"DLT: dose-limiting toxicity within {days} days of infusion, or a death in them that was"
        f" not assessed. Evaluable: followed to day {days}, or with a DLT by then. Percentages and"
        " confidence limits are of evaluable subjects."
    )
    yield from definitions.escalation(safety)


def _next_step(find: Lookup, _: Outputs) -> str:
    """The recommendation; the counts before the colon stand in the columns beside it."""
    step = find("next")
    return step.note.rpartition(": ")[2] if step else ""


OUTPUT = Output(
    name="t_dlt",
    population=SAFETY_SET,
    datasets="ADSL, ADAE",
    results=_results,
    dates=("DTHDT", "EOSDT", "LSTALVDT"),
    tables=(
        OutputTable(
            name="t_dlt",
            title="Dose-limiting toxicities and dose-escalation recommendation",
            population=f"{SAFETY_SET}; proportions of the evaluable",
            headings=lambda plan: tuple(heading for heading, _ in _columns(plan)),
            rows=_table,
            footnotes=lambda plan: (
                *_evaluable(plan.safety),
                definitions.upper_limit(plan.statistics),
            ),
            defined=("Dose-limiting toxicities", "Adverse events"),
        ),
    ),
)
