"""``t_dlt``: dose-limiting toxicities and the recommendation of the 3+3 rule."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan

import pandas as pd

from durable.contracts.results import NO_EVENTS_TABLE, NOT_RECORDED, Statistic
from durable.contracts.subgroups import DOSE_LEVEL
from durable.language import N_, _, translate_stored
from durable.outputs import cells, definitions, incidence
from durable.outputs.ard import TableResults
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.follow_up import followed_to
from durable.outputs.groups import groups, not_made, of_parameter
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output, OutputTable
from durable.outputs.quantities import percent
from durable.outputs.table import Cell, Lookup, Row, Rows, column_name
from durable.plan import Outputs, Plan, Safety
from durable.wording import percent as percent_text

#: Parameter over all parts of the study; the other is the part that escalates.
ALL_PARTS = "ALL"
# The recommendation is a note of ``ard.csv``, in English: it is made of these texts, by which it
# is translated where it is shown.
ESCALATE = N_("escalate")
STOP = N_("stop, the maximum tolerated dose is exceeded")
_FOLLOW = N_("treat or follow more subjects until 3 are evaluable")
_EXPAND = N_("expand the dose level to 6 evaluable")
_NO_LEVEL = N_("no recommendation, the dose level is not recorded")
_ADJUDICATE = N_("adjudicate first ({doubts})")
_ADJUDICATE_COUNTED = N_("adjudicate first ({doubts}); as counted, {step}")
_UNPLACED = N_("{n} infused without a recorded part or dose level not in any line")
_BOTH = N_("{first}; {second}")
#: Of one death, and of several.
_UNASSESSED = (
    N_("{n} death within {days} days without a recorded assessment, counted as dose-limiting"),
    N_("{n} deaths within {days} days without a recorded assessment, counted as dose-limiting"),
)
_LATER = (
    N_("{n} death later of an event begun within {days} days, not assessed"),
    N_("{n} deaths later of an event begun within {days} days, not assessed"),
)
_NOT_LIMITING = (
    N_("{n} death within {days} days recorded as not dose-limiting"),
    N_("{n} deaths within {days} days recorded as not dose-limiting"),
)
#: Next steps of the 3+3 rule.
STEPS = (ESCALATE, STOP, _FOLLOW, _EXPAND)
#: What `adjudicate_first` puts before a step.
ADJUDICATIONS = (_ADJUDICATE_COUNTED, _ADJUDICATE, _BOTH, *_UNASSESSED, *_LATER)
_FORMS = (*ADJUDICATIONS, *STEPS, _NO_LEVEL, *_NOT_LIMITING, _UNPLACED)


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    """The escalating part by dose level, each with its recommendation, then all parts."""
    adsl, safety, level = datasets.adsl, plan.safety, plan.statistics.conf_level
    columns = groups(adsl, plan.group_variables)
    if datasets.adae is None:
        yield from not_made(columns, NO_EVENTS_TABLE)
        return
    status = dlt_status(adsl, datasets.adae, safety)
    part = safety.escalation_part
    unplaced = _unplaced_count(adsl, part)
    for column in groups(adsl.loc[adsl["PART"] == part], (DOSE_LEVEL,))[:-1]:
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
        window, or is the fatal event of a death in it), ``unassessed`` (died in the window and
        nobody assessed the death: counts as one), ``not_limiting`` (died in the window, of events
        recorded as not dose-limiting), ``open`` (not ``toxic``, did not die in the window, and has
        a fatal event begun in it that nobody assessed), ``toxic`` (``recorded`` or ``unassessed``)
        and ``evaluable`` (``toxic``, or observed to the last day of the window or later; so who
        died before that day and is ``not_limiting`` is not).
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
    """Recommendation of the 3+3 rule for one dose level, in English, with what to adjudicate first.

    As ``1 of 6 evaluable with a dose-limiting toxicity: escalate``.

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
    step = adjudicate_first(next_step(evaluable, toxic), status, window)
    if dose_level == NOT_RECORDED:
        step = _NO_LEVEL
    not_limiting = int(status["not_limiting"].sum())
    if not_limiting:
        step = _BOTH.format(first=step, second=_deaths(_NOT_LIMITING, not_limiting, window))
    if unplaced and dose_level != NOT_RECORDED:
        step = _BOTH.format(first=step, second=_UNPLACED.format(n=unplaced))
    return f"{toxic} of {evaluable} evaluable with a dose-limiting toxicity: {step}"


def adjudicate_first(step: str, status: pd.DataFrame, window: int) -> str:
    """A step at a dose level, in English, after the deaths that are to be adjudicated before it.

    Nothing is recommended that the adjudication could forbid: never to escalate.

    Parameters
    ----------
    step
        What a rule of escalation says, ``escalate`` among others; by whichever rule.
    status, window
        As of `recommendation`.
    """
    doubts = _doubts(status, window)
    if not doubts:
        return step
    form = _ADJUDICATE if step == ESCALATE else _ADJUDICATE_COUNTED
    return form.format(doubts="; ".join(doubts), step=step)


def _doubts(status: pd.DataFrame, window: int) -> list[str]:
    """Deaths that nobody assessed."""
    doubts = []
    if deaths := int(status["unassessed"].sum()):
        doubts.append(_deaths(_UNASSESSED, deaths, window))
    if later := int(status["open"].sum()):
        doubts.append(_deaths(_LATER, later, window))
    return doubts


def _deaths(forms: tuple[str, str], count: int, window: int) -> str:
    return forms[count > 1].format(n=count, days=window)


def next_step(evaluable: int, toxic: int) -> str:
    """Next step at one dose level by the 3+3 rule, one of `STEPS`.

    Storer, Biometrics 1989;45:925, design A.

    Parameters
    ----------
    evaluable, toxic
        Subjects evaluable for dose-limiting toxicity, and those of them with one.
    """
    if toxic >= 2:
        return STOP
    if evaluable < 3:
        return _FOLLOW
    if toxic == 1 and evaluable < 6:
        return _EXPAND
    return ESCALATE


def _unplaced_count(adsl: pd.DataFrame, part: str) -> int:
    """Infused subjects who may belong to a line of the escalating part, but are in none."""
    no_part, no_level = adsl["PART"].isna(), adsl["DOSELVL"].isna()
    unplaced = no_part | ((adsl["PART"] == part) & no_level)
    return int((unplaced & (adsl["SAFFL"] == "Y")).sum())


def _table(results: TableResults, plan: Plan) -> Rows:
    """A row per dose level of the escalating part, then one per group over all parts."""
    part = plan.safety.escalation_part
    by_level = _("Part {part}, by dose level").format(part=part)
    for parameter, heading in ((part, by_level), (ALL_PARTS, _("All parts"))):
        yield Row(heading)
        infused = False
        for column in results.columns:
            find = results.lookup((parameter,), column)
            if find("n_infused") is not None:
                infused = True
                shown = tuple(cell(find, plan.outputs) for _heading, cell in _columns(plan))
                yield Row(column_name(column, plan), shown, 1)
        if not infused:
            yield Row(_("No subject infused"), ("",) * len(_columns(plan)), 1)


def _columns(plan: Plan) -> list[tuple[str, Cell]]:
    """Heading and cell of each column."""
    limit = _("One-sided {level} upper confidence limit (no DLT), %").format(
        level=percent_text(plan.statistics.conf_level)
    )
    columns = [
        (_("Infused"), cells.count("n_infused")),
        (_("Evaluable"), cells.count("n_evaluable")),
        (_("With DLT, n (%)"), cells.count_percent("n_dlt", "percent")),
        (_("DLTs that are deaths not assessed"), cells.count("n_dlt_unassessed_death")),
        (_("Deaths assessed as not DLT"), cells.count("n_death_not_limiting")),
        (limit, incidence.upper_limit_cell),
    ]
    rule = plan.safety.escalation
    if rule != "none":
        heading = _("Dose-escalation recommendation ({rule})").format(rule=rule)
        columns.append((heading, _next_step))
    return columns


def _evaluable(safety: Safety) -> Iterator[str]:
    """What counts as a DLT, who is evaluable for one, and the rule of escalation."""
    yield _(
        "DLT: dose-limiting toxicity within {days} days of infusion, or a death in them that was"
        " not assessed. Evaluable: followed to day {days}, or with a DLT by then. Percentages and"
        " confidence limits are of evaluable subjects."
    ).format(days=safety.dlt_window_days)
    yield from definitions.escalation(safety)


def _next_step(find: Lookup, _: Outputs) -> str:
    """The recommendation; the counts before the colon stand in the columns beside it."""
    step = find("next")
    return translate_stored(step.note.rpartition(": ")[2], _FORMS) if step else ""


OUTPUT = Output(
    name="t_dlt",
    analysis_set=SAFETY_SET,
    datasets="ADSL, ADAE",
    variables={
        "ADSL": ("SAFFL", "TRTSDT", "DTHDT", "LSTALVDT"),
        "ADAE": ("TRTEMFL", "AEDLT", "ADAY"),
    },
    results=_results,
    dates=("DTHDT", "EOSDT", "LSTALVDT"),
    # It counts the infused of whom the level is not recorded.
    across_groups=("next",),
    tables=(
        OutputTable(
            name="t_dlt",
            heading=N_("Dose-limiting toxicities and dose-escalation recommendation"),
            analysis_set=N_("Safety Analysis Set (all infused); proportions of the evaluable"),
            headings=lambda plan: tuple(heading for heading, _cell in _columns(plan)),
            rows=_table,
            footnotes=lambda plan: (
                *_evaluable(plan.safety),
                definitions.upper_limit(plan.statistics),
            ),
            defined=("Dose-limiting toxicities", "Adverse events"),
        ),
    ),
)
