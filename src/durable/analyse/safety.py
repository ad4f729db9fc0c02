"""Stage ``safety``: adverse events, CRS and ICANS, deaths and dose-limiting toxicities.

A subject counts once in every row, at the worst known grade; the denominator is all infused. What
each row counts is written in docs/safety.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import nan
from pathlib import Path

import numpy as np
import pandas as pd

from durable.analyse.groups import Group, groups
from durable.config.model import Plan, Safety
from durable.contracts.adae import window_flag
from durable.contracts.results import NO_EVENTS_TABLE, TOTAL, Result, to_csv
from durable.files import write_text
from durable.stats.proportions import proportion_bound
from durable.stats.summaries import summarise

OVERVIEW = "t_ae_overview"
TERMS = "t_ae_soc_pt"
NEUROTOXICITY = "t_ae_crs"
INTEREST = "t_aesi"
DEATHS = "t_deaths"
LIMITING = "t_dlt"
#: Tables that cannot be made without adverse events.
OF_EVENTS = (OVERVIEW, TERMS, NEUROTOXICITY, INTEREST, LIMITING)
ALL = "ALL"
#: Derived, so named apart from the labels that are recorded.
PROLONGED_CYTOPENIA = "DERIVED|PROLONGED_CYTOPENIA"
_SEVERE = 3
_FATAL = 5
_GRADES = ("missing", "1", "2", "3", "4", "5")

Row = tuple[str, str, float, float, float, str]


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
        yield from (
            _result(output, c, _number("", "n_infused", _n(c), NO_EVENTS_TABLE)) for c in columns
        )
    if adae is not None:
        for table in (overview(adae, rule), terms(adae, rule), interest(adae, rule)):
            yield from table.results(columns, level)
        yield from _not_infused(adsl, adae, level)
        yield from _neurotoxicity(adae, _with_dose_levels(adsl, columns), rule, level)
        yield from _limiting(adsl, adae, columns, rule, level)
    for column in columns:
        for row in deaths(adsl, column, rule, level):
            yield _result(DEATHS, column, row)


@dataclass(frozen=True)
class Table:
    """Events to be counted under the rows of a table.

    Attributes
    ----------
    parameters
        Rows in their order.
    subjects
        One row per parameter and subject with an event: ``parameter`` (position), ``USUBJID``,
        ``size`` (number of events) and ``max`` (worst known grade, 0 where none is known).
    """

    output: str
    parameters: list[str]
    subjects: pd.DataFrame

    @classmethod
    def of(cls, output: str, parameters: Iterable[str], events: pd.DataFrame) -> Table:
        """From ``parameter``, ``USUBJID`` and ``grade`` of every event under every row."""
        order = list(parameters)
        known = events.assign(
            parameter=pd.Index(order).get_indexer(pd.Index(events["parameter"])),
            grade=events["grade"].fillna(0).astype("int64"),
        )
        by_subject = known.groupby(["parameter", "USUBJID"], sort=False)["grade"]
        return cls(output, order, by_subject.agg(["size", "max"]).reset_index())

    def results(self, columns: list[Group], level: float) -> Iterator[Result]:
        """The rows in every column, zeros included; each column begins with its N and its bound."""
        for column in columns:
            yield _result(self.output, column, _number("", "n_infused", _n(column)))
            yield _result(self.output, column, _number("", "upper", *_bound(_n(column), level)))
            yield from (_result(self.output, column, row) for row in self.rows(column, level))

    def rows(self, column: Group, level: float) -> Iterator[Row]:
        """Subjects, events and worst grades under each parameter in one column."""
        part = column.of(self.subjects)
        cells = part["parameter"].to_numpy() * len(_GRADES) + part["max"].to_numpy()
        shape = (len(self.parameters), len(_GRADES))
        worst = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
        events = np.bincount(part["parameter"], part["size"], minlength=len(self.parameters))
        bound = _bound(_n(column), level)
        for parameter, n_events, grades in zip(
            self.parameters, events.tolist(), worst.tolist(), strict=True
        ):
            yield from _counted(parameter, "", sum(grades), _n(column))
            yield _number(parameter, "n_events", n_events)
            for grade, count in zip(_GRADES, grades, strict=True):
                yield from _counted(parameter, f"grade_{grade}", count, _n(column))
            yield from _counted(parameter, "grade_1_2", grades[1] + grades[2], _n(column))
            if not sum(grades):
                yield _number(parameter, "upper", *bound)


def overview(adae: pd.DataFrame, rule: Safety) -> Table:
    """Events by category in each window, and before infusion."""
    severe = _at_least(adae, _SEVERE)
    categories = {
        "ANY": adae["USUBJID"].notna(),
        "RELATED": adae["AEREL"] == "Y",
        "SERIOUS": adae["AESER"] == "Y",
        "GRADE3": severe,
        "RELATED_GRADE3": severe & (adae["AEREL"] == "Y"),
        "FATAL": _at_least(adae, _FATAL) | (adae["AEOUT"].str.lower() == "fatal"),
        "DLT": adae["AEDLT"] == "Y",
        "AESI": adae["AESI"].notna(),
    }
    imputed = adae.assign(AETOXGR=adae["AETOXGR"].fillna(rule.missing_grade))
    worst_case = f"GRADE3_MISSING_AS_{rule.missing_grade}"
    parts: dict[str, pd.DataFrame] = {}
    for window, inside in _windows(adae, rule).items():
        for name, of_it in categories.items():
            parts[f"{window}|{name}"] = adae.loc[inside & of_it]
        parts[f"{window}|{worst_case}"] = imputed.loc[inside & _at_least(imputed, _SEVERE)]
    parts["PRE|ANY"] = adae.loc[adae["PRETRTFL"] == "Y"]
    return _table(OVERVIEW, parts)


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
    rows = events.groupby(["window", "AEBODSYS", "AEDECOD"], sort=False)["USUBJID"].nunique()
    order = rows.rename("n").reset_index()
    order["of_class"] = order.groupby(["window", "AEBODSYS"])["n"].transform("max")
    order["is_term"] = order["AEDECOD"] != ""
    order["place"] = order["window"].map({w: i for i, w in enumerate(_windows(adae, rule))})
    keys = ["place", "of_class", "AEBODSYS", "is_term", "n", "AEDECOD"]
    order = order.sort_values(keys, ascending=[True, False, True, True, False, True])
    events = events.assign(parameter=_term(events), grade=events["AETOXGR"])
    return Table.of(TERMS, _term(order), events)


def interest(adae: pd.DataFrame, rule: Safety) -> Table:
    """Treatment-emergent events of special interest, by what is recorded, and long cytopenias.

    CRS, ICANS and cytopenia have a row even where none occurred.
    """
    emergent = adae["TRTEMFL"] == "Y"
    labels = {rule.crs, rule.icans, rule.cytopenia, *adae["AESI"].dropna()}
    parts = {label: adae.loc[emergent & (adae["AESI"] == label)] for label in sorted(labels)}
    parts[PROLONGED_CYTOPENIA] = adae.loc[adae["PROLCYFL"] == "Y"]
    return _table(INTEREST, parts)


def deaths(adsl: pd.DataFrame, column: Group, rule: Safety, level: float) -> Iterator[Row]:
    """Deaths of any cause in each window and in all of follow-up."""
    infused = column.of(adsl)
    day = (infused["DTHDT"] - infused["TRTSDT"]).dt.days
    yield _number("", "n_infused", len(infused))
    windows = {f"D{days}": day <= days for days in rule.windows_days} | {ALL: day.notna()}
    for window, died in windows.items():
        count = int(died.sum())
        yield _number(window, "n_deaths", count)
        yield _number(window, "percent", _percent(count, len(infused)))
        if not count:
            yield _number(window, "upper", *_bound(len(infused), level))


def next_step(evaluable: int, toxic: int) -> str:
    """What the 3+3 rule says next of one dose level (design A of Storer, Biometrics 1989;45:925).

    Parameters
    ----------
    evaluable, toxic
        Subjects evaluable for dose-limiting toxicity, and those of them with one.
    """
    seen = f"{toxic} of {evaluable} evaluable with a dose-limiting toxicity"
    if toxic >= 2:
        return f"{seen}: stop, the maximum tolerated dose is exceeded"
    if evaluable < 3:
        return f"{seen}: treat or follow more subjects until 3 are evaluable"
    if toxic == 1 and evaluable < 6:
        return f"{seen}: expand the dose level to 6 evaluable"
    return f"{seen}: escalate"


def _with_dose_levels(adsl: pd.DataFrame, columns: list[Group]) -> list[Group]:
    """The columns, led by the dose levels where the plan does not group by them."""
    if any(column.group_by == "dose_level" for column in columns):
        return columns
    return [*groups(adsl, ("dose_level",))[:-1], *columns]


def _limiting(
    adsl: pd.DataFrame, adae: pd.DataFrame, columns: list[Group], rule: Safety, level: float
) -> Iterator[Result]:
    """Dose-limiting toxicities: the escalating part by dose level, then all parts."""
    escalating = adsl.loc[adsl["PART"] == rule.escalation_part]
    for column in groups(escalating, ("dose_level",))[:-1]:
        n, evaluable, toxic = _evaluable(adsl, adae, column, rule)
        for row in _toxicity(rule.escalation_part, n, evaluable, toxic, level):
            yield _result(LIMITING, column, row)
        if rule.escalation == "3+3":
            said = next_step(evaluable, toxic)
            yield _result(LIMITING, column, _number(rule.escalation_part, "next", nan, said))
    for column in columns:
        for row in _toxicity(ALL, *_evaluable(adsl, adae, column, rule), level):
            yield _result(LIMITING, column, row)


def _evaluable(
    adsl: pd.DataFrame, adae: pd.DataFrame, column: Group, rule: Safety
) -> tuple[int, int, int]:
    """Infused, evaluable for dose-limiting toxicity, and with one in its window.

    Evaluable are subjects known to be alive at the end of the window, and those with a
    dose-limiting toxicity in it.
    """
    infused = column.of(adsl)
    counts = (adae["TRTEMFL"] == "Y") & (adae["AEDLT"] == "Y")
    toxic = infused["USUBJID"].isin(
        adae.loc[counts & (adae["ADAY"] <= rule.dlt_window_days), "USUBJID"]
    )
    alive = infused[["LSTALVDT", "DTHDT"]].max(axis=1)
    followed = (alive - infused["TRTSDT"]).dt.days >= rule.dlt_window_days
    return len(infused), int((followed | toxic).sum()), int(toxic.sum())


def _toxicity(parameter: str, n: int, evaluable: int, toxic: int, level: float) -> Iterator[Row]:
    yield _number(parameter, "n_infused", n)
    yield _number(parameter, "n_evaluable", evaluable)
    yield _number(parameter, "n_dlt", toxic)
    yield _number(parameter, "percent", _percent(toxic, evaluable))
    if not toxic:
        yield _number(parameter, "upper", *_bound(evaluable, level))


def _not_infused(adsl: pd.DataFrame, adae: pd.DataFrame, level: float) -> Iterator[Result]:
    """Events of consented subjects never infused: in no group, so on a row of their own."""
    left_out = adsl.loc[adsl["SAFFL"] != "Y", "USUBJID"]
    column = Group(*TOTAL, frozenset(left_out))
    parameter = "NOT_INFUSED|ANY"
    table = _table(OVERVIEW, {parameter: adae.loc[adae["USUBJID"].isin(left_out)]})
    yield _result(OVERVIEW, column, _number(parameter, "n_denominator", _n(column)))
    yield from (_result(OVERVIEW, column, row) for row in table.rows(column, level))


def _neurotoxicity(
    adae: pd.DataFrame, columns: list[Group], rule: Safety, level: float
) -> Iterator[Result]:
    """CRS and ICANS by ASTCT grade (Lee 2019), with their onset and duration."""
    emergent = adae.loc[adae["TRTEMFL"] == "Y"]
    parts = {
        name: emergent.loc[emergent["AESI"] == label]
        for name, label in (("CRS", rule.crs), ("ICANS", rule.icans))
    }
    table = _table(NEUROTOXICITY, parts, grade="ASTCTGR")
    for column in columns:
        yield from table.results([column], level)
        for name, events in parts.items():
            for row in _course(name, column.of(events)):
                yield _result(NEUROTOXICITY, column, row)


def _course(parameter: str, events: pd.DataFrame) -> Iterator[Row]:
    """Day of each subject's first onset; days that each event with an end lasted."""
    onset = events.groupby("USUBJID")["ADAY"].min()
    for name, days in (("onset", onset), ("duration", events["ADURN"])):
        summary = summarise(days.to_numpy(float))
        for of in ("median", "min", "max"):
            yield _number(parameter, f"{name}_{of}", getattr(summary, of))
    yield _number(parameter, "n_ongoing", int(events["AENDT"].isna().sum()))


def _windows(adae: pd.DataFrame, rule: Safety) -> dict[str, pd.Series[bool]]:
    """Which events fall into each window, and which emerged at all."""
    flags = {f"D{days}": window_flag(days) for days in rule.windows_days} | {ALL: "TRTEMFL"}
    return {window: adae[name] == "Y" for window, name in flags.items()}


def _at_least(adae: pd.DataFrame, grade: int) -> pd.Series[bool]:
    return (adae["AETOXGR"] >= grade).fillna(False).astype(bool)


def _table(output: str, parts: dict[str, pd.DataFrame], grade: str = "AETOXGR") -> Table:
    """A table with a row for each part, its events counted at this grade."""
    events = pd.concat(
        [
            part[["USUBJID", grade]].set_axis(["USUBJID", "grade"], axis=1).assign(parameter=name)
            for name, part in parts.items()
        ],
        ignore_index=True,
    )
    return Table.of(output, parts, events)


def _term(frame: pd.DataFrame) -> pd.Series[str]:
    return frame["window"] + "|" + frame["AEBODSYS"] + "|" + frame["AEDECOD"]


def _n(column: Group) -> int:
    return len(column.subjects)


def _percent(count: float, of: int) -> float:
    return 100 * count / of if of else nan


def _bound(n: int, level: float) -> tuple[float, str]:
    """Exact upper bound of the proportion where none of n has an event, and its name."""
    return proportion_bound(0, n, level), f"one-sided {100 * level:g} % upper bound, none observed"


def _number(parameter: str, statistic: str, value: float, note: str = "") -> Row:
    return parameter, statistic, float(value), nan, nan, note


def _counted(parameter: str, of: str, count: int, n: int) -> Iterator[Row]:
    yield _number(parameter, f"n_{of or 'subjects'}", count)
    yield _number(parameter, f"percent_{of}".rstrip("_"), _percent(count, n))


def _result(output: str, column: Group, row: Row) -> Result:
    return Result(output, "primary", column.group_by, column.group, *row)
