"""Stage ``safety``: adverse events, CRS and ICANS, deaths and dose-limiting toxicities.

A subject counts once in every row, at the worst known grade; the denominator is all infused. What
each row counts is written in docs/safety.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from durable.analyse import limiting
from durable.analyse.follow_up import followed_through
from durable.analyse.groups import Group, groups
from durable.analyse.incidence import (
    COLUMN,
    Parameter,
    Row,
    Table,
    bound,
    number,
    percent,
    result,
)
from durable.analyse.limiting import ALL, LIMITING, fatal_events
from durable.contracts.adae import (
    BEFORE_INFUSION,
    BEFORE_LYMPHODEPLETION,
    LYMPHODEPLETION,
    window_flag,
)
from durable.contracts.results import NO_EVENTS_TABLE, TOTAL, Result, to_csv
from durable.files import write_text
from durable.plan import Plan, Safety
from durable.stats.summaries import summarise

OVERVIEW = "t_ae_overview"
TERMS = "t_ae_soc_pt"
NEUROTOXICITY = "t_ae_crs"
INTEREST = "t_aesi"
DEATHS = "t_deaths"
#: Tables that cannot be made without adverse events.
OF_EVENTS = (OVERVIEW, TERMS, NEUROTOXICITY, INTEREST, LIMITING)
#: Of two parts, so that no label that is recorded can be the same.
PROLONGED_CYTOPENIA: Parameter = ("DERIVED", "PROLONGED_CYTOPENIA")
_SEVERE = 3


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/adsl`` and, where the study has events, ``adae``; write ``ard/safety.csv``."""
    adsl = pd.read_parquet(folder / "adam" / "adsl.parquet")
    path = folder / "adam" / "adae.parquet"
    adae = pd.read_parquet(path) if path.exists() else None
    columns = groups(adsl, plan.groups)
    results = analyse(adsl, adae, columns, plan.safety, plan.statistics.conf_level)
    write_text(folder / "ard" / "safety.csv", to_csv(results))


def analyse(
    adsl: pd.DataFrame,
    adae: pd.DataFrame | None,
    columns: list[Group],
    rule: Safety,
    level: float,
) -> Iterator[Result]:
    """All rows of the safety tables.

    Parameters
    ----------
    adsl, adae
        Datasets; ADAE None where the study has no table of adverse events: then only deaths are
        reported, and the other tables say so.
    columns
        Groups of the tables, the total last.
    level
        Confidence level of the one-sided bounds.
    """
    for output in OF_EVENTS if adae is None else ():
        for column in columns:
            row = number(COLUMN, "n_infused", len(column.subjects), NO_EVENTS_TABLE)
            yield result(output, column, row)
    if adae is not None:
        for table in (overview(adae, rule), terms(adae, rule), interest(adae, rule)):
            yield from table.results(columns, level)
        yield from _end_unknown(adae, columns, rule)
        yield from _followed(adsl, adae, columns, rule, level)
        yield from _not_recorded(adae, columns, rule)
        yield from _not_infused(adsl, adae, level)
        yield from _neurotoxicity(adae, _with_dose_levels(adsl, columns), rule, level)
        yield from limiting.results(adsl, adae, columns, rule, level)
    undated = frozenset[str]() if adae is None else _without_date_of_death(adsl, adae)
    for column in columns:
        for row in (*deaths(adsl, column, rule, level), *_undated_deaths(column, undated)):
            yield result(DEATHS, column, row)


def overview(adae: pd.DataFrame, rule: Safety) -> Table:
    """Events by category in each window, and before infusion by the lymphodepletion."""
    parts: dict[Parameter, pd.DataFrame] = {}
    for window, inside in _windows(adae, rule).items():
        parts |= _categories(window, adae, inside, rule)
    before = adae["PRETRTFL"] == "Y"
    parts["PRE", "ANY"] = adae.loc[before]
    for name, phase in (
        ("BEFORE_LYMPHODEPLETION", BEFORE_LYMPHODEPLETION),
        ("LYMPHODEPLETION", LYMPHODEPLETION),
        ("LYMPHODEPLETION_UNKNOWN", BEFORE_INFUSION),
    ):
        parts["PRE", name] = adae.loc[before & (adae["APHASE"] == phase)]
    return Table.from_parts(OVERVIEW, parts)


def _categories(
    window: str, adae: pd.DataFrame, inside: pd.Series[bool], rule: Safety
) -> dict[Parameter, pd.DataFrame]:
    """Events of a window by category, at their grade and with missing grades imputed."""
    severe, related = _at_least(adae, _SEVERE), _related(adae, rule)
    categories = {
        "ANY": adae["USUBJID"].notna(),
        "RELATED": related,
        "SERIOUS": adae["AESER"] == "Y",
        "GRADE3": severe,
        "RELATED_GRADE3": severe & related,
        "FATAL": fatal_events(adae),
        "DLT": adae["AEDLT"] == "Y",
        "AESI": adae["AESI"].notna(),
    }
    imputed = adae.assign(AETOXGR=adae["AETOXGR"].fillna(rule.missing_grade))
    worst_case = f"GRADE3_MISSING_AS_{rule.missing_grade}"
    parts: dict[Parameter, pd.DataFrame] = {
        (window, name): adae.loc[inside & category] for name, category in categories.items()
    }
    parts[window, worst_case] = imputed.loc[inside & _at_least(imputed, _SEVERE)]
    return parts


def _related(adae: pd.DataFrame, rule: Safety) -> pd.Series[bool]:
    """Events related to the treatment; one without a record counts as the plan says."""
    related = adae["AEREL"] == "Y"
    return related | adae["AEREL"].isna() if rule.missing_related == "related" else related


def _not_recorded(adae: pd.DataFrame, columns: list[Group], rule: Safety) -> Iterator[Result]:
    """Events of each window whose relation to the treatment is not recorded."""
    missing = adae["AEREL"].isna()
    note = f"counted as {rule.missing_related.replace('_', ' ')}"
    for column in columns:
        for window, inside in _windows(adae, rule).items():
            count = len(column.of(adae.loc[inside & missing]))
            row = number((window, "RELATED"), "n_events_missing", count, note if count else "")
            yield result(OVERVIEW, column, row)


def _followed(
    adsl: pd.DataFrame, adae: pd.DataFrame, columns: list[Group], rule: Safety, level: float
) -> Iterator[Result]:
    """Events of the first window among the subjects followed through it."""
    days = rule.windows_days[0]
    infused = adsl.loc[adsl["SAFFL"] == "Y"]
    followed = frozenset(infused.loc[followed_through(infused, days), "USUBJID"])
    parts = _categories(f"D{days}_FOLLOWED", adae, adae[window_flag(days)] == "Y", rule)
    table = Table.from_parts(OVERVIEW, parts)
    for column in columns:
        part = Group(column.group_by, column.group, column.subjects & followed)
        for parameter in table.parameters:
            row = number(parameter, "n_denominator", len(part.subjects))
            yield result(OVERVIEW, column, row)
        yield from (result(OVERVIEW, column, row) for row in table.rows(part, level))


def terms(adae: pd.DataFrame, rule: Safety) -> Table:
    """Events by system organ class and preferred term in each window.

    Classes by descending number of subjects (all infused) and name, terms alike within their
    class; a window has the terms that occur in it.
    """
    found = []
    for window, inside in _windows(adae, rule).items():
        part = adae.loc[inside, ["USUBJID", "AEBODSYS", "AEDECOD", "AETOXGR"]]
        found.append(pd.concat([part.assign(AEDECOD=""), part]).assign(window=window))
    events = pd.concat(found, ignore_index=True)
    row = ["window", "AEBODSYS", "AEDECOD"]
    order = events.groupby(row, sort=False)["USUBJID"].nunique().rename("n").reset_index()
    order["of_class"] = order.groupby(["window", "AEBODSYS"])["n"].transform("max")
    order["is_term"] = order["AEDECOD"] != ""
    order["place"] = order["window"].map({w: i for i, w in enumerate(_windows(adae, rule))})
    keys = ["place", "of_class", "AEBODSYS", "is_term", "n", "AEDECOD"]
    order = order.sort_values(keys, ascending=[True, False, True, True, False, True])
    # By the columns as they are, not by joined text: a term may hold any sign.
    parameters = pd.MultiIndex.from_frame(order[row])
    position = parameters.get_indexer(pd.MultiIndex.from_frame(events[row]))
    events = events.assign(parameter=position, grade=events["AETOXGR"])
    return Table.from_events(TERMS, parameters.to_list(), events)


def interest(adae: pd.DataFrame, rule: Safety) -> Table:
    """Treatment-emergent events of special interest, by what is recorded, and long cytopenias.

    CRS, ICANS and cytopenia have a row even where none occurred.
    """
    emergent = adae["TRTEMFL"] == "Y"
    labels = {rule.crs, rule.icans, rule.cytopenia, *adae["AESI"].dropna()}
    parts: dict[Parameter, pd.DataFrame] = {
        (label,): adae.loc[emergent & (adae["AESI"] == label)] for label in sorted(labels)
    }
    parts[PROLONGED_CYTOPENIA] = adae.loc[adae["PROLCYFL"] == "Y"]
    return Table.from_parts(INTEREST, parts)


def _end_unknown(adae: pd.DataFrame, columns: list[Group], rule: Safety) -> Iterator[Result]:
    """Subjects with a cytopenia of the grade that has recovered on a day not recorded.

    Whether it was prolonged is not known, where no other event says that there was one.
    """
    severe = (adae["AESI"] == rule.cytopenia) & _at_least(adae, rule.prolonged_cytopenia_grade)
    undated = (adae["AOUT"] == "RECOVERED") & adae["AENDT"].isna() & (adae["TRTEMFL"] == "Y")
    prolonged = adae.loc[adae["PROLCYFL"] == "Y", "USUBJID"]
    doubtful = adae.loc[severe & undated & ~adae["USUBJID"].isin(prolonged)]
    for column in columns:
        count = column.of(doubtful)["USUBJID"].nunique()
        yield result(INTEREST, column, number(PROLONGED_CYTOPENIA, "n_end_unknown", count))


def deaths(adsl: pd.DataFrame, column: Group, rule: Safety, level: float) -> Iterator[Row]:
    """Deaths of any cause in each window and in all of follow-up."""
    infused = column.of(adsl)
    day = (infused["DTHDT"] - infused["TRTSDT"]).dt.days
    yield number(COLUMN, "n_infused", len(infused))
    windows = {f"D{days}": day <= days for days in rule.windows_days} | {ALL: day.notna()}
    for window, died in windows.items():
        count = int(died.sum())
        yield number((window,), "n_deaths", count)
        yield number((window,), "percent", percent(count, len(infused)))
        if not count:
            yield number((window,), "upper", *bound(len(infused), level))


def _without_date_of_death(adsl: pd.DataFrame, adae: pd.DataFrame) -> frozenset[str]:
    """Infused subjects with a fatal event and no date of death."""
    alive = adsl.loc[(adsl["SAFFL"] == "Y") & adsl["DTHDT"].isna(), "USUBJID"]
    return frozenset(alive) & frozenset(adae.loc[fatal_events(adae), "USUBJID"])


def _undated_deaths(column: Group, undated: frozenset[str]) -> Iterator[Row]:
    """How many are in no count of deaths because only a fatal event tells of theirs.

    In every column where there is one in the study.
    """
    if undated:
        note = "a fatal event, and no date of death: in no count of deaths until the date is given"
        yield number((ALL,), "n_fatal_undated", len(column.subjects & undated), note)


def _with_dose_levels(adsl: pd.DataFrame, columns: list[Group]) -> list[Group]:
    """The columns, led by the dose levels where the plan does not group by them."""
    if any(column.group_by == "dose_level" for column in columns):
        return columns
    return [*groups(adsl, ("dose_level",))[:-1], *columns]


def _not_infused(adsl: pd.DataFrame, adae: pd.DataFrame, level: float) -> Iterator[Result]:
    """Events of consented subjects never infused: in no group, so on a row of their own."""
    left_out = adsl.loc[(adsl["ENRLFL"] == "Y") & (adsl["SAFFL"] != "Y"), "USUBJID"]
    column = Group(*TOTAL, frozenset(left_out))
    parameter = ("NOT_INFUSED", "ANY")
    table = Table.from_parts(OVERVIEW, {parameter: adae.loc[adae["USUBJID"].isin(left_out)]})
    yield result(OVERVIEW, column, number(parameter, "n_denominator", len(left_out)))
    yield from (result(OVERVIEW, column, row) for row in table.rows(column, level))


def _neurotoxicity(
    adae: pd.DataFrame, columns: list[Group], rule: Safety, level: float
) -> Iterator[Result]:
    """CRS and ICANS by ASTCT grade (Lee 2019), with their onset and duration."""
    emergent = adae.loc[adae["TRTEMFL"] == "Y"]
    parts: dict[Parameter, pd.DataFrame] = {
        (name,): emergent.loc[emergent["AESI"] == label]
        for name, label in (("CRS", rule.crs), ("ICANS", rule.icans))
    }
    table = Table.from_parts(NEUROTOXICITY, parts, grade="ASTCTGR")
    for column in columns:
        yield from table.results([column], level)
        for parameter, events in parts.items():
            for row in _course(parameter, column.of(events)):
                yield result(NEUROTOXICITY, column, row)


def _course(parameter: Parameter, events: pd.DataFrame) -> Iterator[Row]:
    """Day of each subject's first onset; days that each event with an end lasted.

    By recorded dates alone. A start is imputed as early as it can be, so that a first onset is
    known where a recorded start is not later than any imputed one.
    """
    order = events.assign(imputed=events["ASTDTF"].notna()).sort_values(["ADAY", "imputed"])
    first = order.drop_duplicates("USUBJID")
    onset = first.loc[~first["imputed"], "ADAY"]
    exact = events["ASTDTF"].isna() & events["AENDTF"].isna()
    ended = events["AENDT"].notna()
    left_out = {"onset": len(first) - len(onset), "duration": int((ended & ~exact).sum())}
    for name, days in (("onset", onset), ("duration", events.loc[exact, "ADURN"])):
        summary, count = summarise(days.to_numpy(float)), left_out[name]
        note = f"{count} imputed, left out" if count else ""
        for statistic in ("median", "min", "max"):
            value = getattr(summary, statistic)
            yield number(parameter, f"{name}_{statistic}", value, note)
        yield number(parameter, f"n_{name}_imputed", count)
    yield number(parameter, "n_ongoing", int((events["ONGOFL"] == "Y").sum()))
    unknown = ~ended & (events["ONGOFL"] != "Y")
    yield number(parameter, "n_end_unknown", int(unknown.sum()))


def _windows(adae: pd.DataFrame, rule: Safety) -> dict[str, pd.Series[bool]]:
    """Which events fall into each window, and which emerged at all."""
    flags = {f"D{days}": window_flag(days) for days in rule.windows_days} | {ALL: "TRTEMFL"}
    return {window: adae[name] == "Y" for window, name in flags.items()}


def _at_least(adae: pd.DataFrame, grade: int) -> pd.Series[bool]:
    return (adae["AETOXGR"] >= grade).fillna(False).astype(bool)
