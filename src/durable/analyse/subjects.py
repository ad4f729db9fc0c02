"""Stage ``subjects``: disposition of all who consented, and baseline of all infused."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan
from pathlib import Path

import pandas as pd

from durable.analyse.follow_up import end_of_follow_up
from durable.analyse.groups import Group, groups, of_each, read_adrs, read_adsl
from durable.contracts.parameters import PLACES
from durable.contracts.results import Result, join_parameter, to_csv
from durable.files import write_text
from durable.plan import Plan
from durable.stats.summaries import summarise

Row = tuple[str, str, float, float, float, str]
#: Columns of ADSL that are summarised.
_USED = (
    *("CELLSKG", "SEX", "AGE", "TRTSDT", "LSTALVDT", "DTHDT", "EOSDT", "DCSREAS"),
    *("LDFL", "REMFL", "DTHFL", "BLENZ", "MAXTIS", "BLREMFL"),
)


def run(plan: Plan, folder: Path, *, cores: int = 1) -> None:
    """Read ``adam/``, write ``ard/subjects.csv``.

    Parameters
    ----------
    cores
        Groups analysed at a time.
    """
    adsl = read_adsl(folder, plan.groups, *_USED)
    measures = [code for code, _ in PLACES.values()]
    adrs = read_adrs(
        folder,
        ["USUBJID", "PARAMCD", "AVISIT", "AVAL", "ABLFL"],
        {"PARAMCD": ["IMPR"]},
        {"PARAMCD": measures, "ABLFL": ["Y"]},
        cores=cores,
    )
    status = adrs.loc[adrs["PARAMCD"] == "IMPR"]
    first = adrs.loc[(adrs["ABLFL"] == "Y") & adrs["PARAMCD"].isin(measures)]
    month = plan.statistics.days_per_month

    def where(group: Group) -> list[Result]:
        rows = disposition(group.of(adsl), group.of(status), month)
        return [
            Result("t_disposition", "primary", group.group_by, group.group, *row) for row in rows
        ]

    def began(group: Group) -> list[Result]:
        rows = baseline(group.of(adsl), group.of(first))
        return [Result("t_baseline", "primary", group.group_by, group.group, *row) for row in rows]

    results = [
        *of_each(where, groups(adsl, plan.groups, "ENRLFL"), cores),
        *of_each(began, groups(adsl, plan.groups), cores),
    ]
    write_text(folder / "ard" / "subjects.csv", to_csv(results))


def _number(parameter: str, statistic: str, value: float) -> Row:
    return parameter, statistic, value, nan, nan, ""


def _count(parameter: str, count: int, of: int) -> Iterator[Row]:
    yield _number(parameter, "n", count)
    yield _number(parameter, "percent", 100 * count / of if of else nan)


def _summary(parameter: str, values: pd.Series[float]) -> Iterator[Row]:
    found = summarise(values.to_numpy(float))
    for name in ("n", "mean", "sd", "median", "q1", "q3", "min", "max"):
        yield _number(parameter, name, getattr(found, name))


def disposition(adsl: pd.DataFrame, adrs: pd.DataFrame, month: float) -> Iterator[Row]:
    """Where the subjects are: percentages are of the infused, before infusion of the consented.

    Follow-up runs from the infusion to death, whatever the last contact says; else to withdrawal or
    the last contact, whichever is earlier; in months.
    """
    infused = adsl.loc[adsl["SAFFL"] == "Y"]
    consented, treated = len(adsl), len(infused)
    died, left = infused["DTHFL"] == "Y", infused["EOSDT"].notna()
    yield _number("CONSENTED", "n", consented)
    yield from _count("LYMPHODEPLETED", int((adsl["LDFL"] == "Y").sum()), consented)
    yield from _count("INFUSED", treated, consented)
    yield from _count("NOT_INFUSED", consented - treated, consented)
    yield from _count("REMISSION", int((infused["REMFL"] == "Y").sum()), treated)
    yield from _count("ONGOING", int((~died & ~left).sum()), treated)
    yield from _count("DIED", int(died.sum()), treated)
    withdrawn = infused.loc[left & ~died]
    yield from _count("WITHDRAWN", len(withdrawn), treated)
    for reason, count in (
        withdrawn["DCSREAS"].fillna("not given").value_counts().sort_index().items()
    ):
        yield from _count(join_parameter("WITHDRAWN", str(reason)), int(count), treated)
    status = adrs.loc[adrs["PARAMCD"] == "IMPR"]
    for visit in status["AVISIT"].drop_duplicates():
        assessed = status.loc[status["AVISIT"] == visit, "AVAL"].notna()
        yield from _count(join_parameter("ASSESSED", visit), int(assessed.sum()), treated)
    until = end_of_follow_up(infused)
    yield from _summary("FOLLOW_UP", ((until - infused["TRTSDT"]).dt.days + 1) / month)


def baseline(adsl: pd.DataFrame, adrs: pd.DataFrame) -> Iterator[Row]:
    """Demographics and disease at baseline."""
    for parameter in ("AGE", "CELLSKG"):
        yield from _summary(parameter, adsl[parameter])
    for parameter, variable, levels in (
        ("SEX", "SEX", ("F", "M")),
        ("BLREMFL", "BLREMFL", ("Y", "N", "U")),
    ):
        for level in levels:
            count = int((adsl[variable] == level).sum())
            yield from _count(join_parameter(parameter, level), count, len(adsl))
    first = adrs.loc[adrs["ABLFL"] == "Y"]
    for code, _ in PLACES.values():
        yield from _summary(code, first.loc[first["PARAMCD"] == code, "AVAL"])
    for enzyme, count in adsl["BLENZ"].value_counts().sort_index().items():
        yield from _count(join_parameter("BLENZ", str(enzyme)), int(count), len(adsl))
    yield from _summary("MAXTIS", adsl["MAXTIS"])
