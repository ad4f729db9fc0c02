"""Results of laboratory tests in the unit of their test, and what those of B cells say."""

from __future__ import annotations

from typing import Any

import pandas as pd

from durable.contracts.times_of_day import seconds_of_day
from durable.plan import BCells, Laboratory

#: Decimals to which a converted number is exact: 1500 x 0.001 is 1.5.
_DECIMALS = 10
#: What half, all or nothing of the limit stands for a result below it.
_SHARE = {"half": 0.5, "limit": 1.0, "zero": 0.0}


def converted_results(rows: pd.DataFrame, laboratory: Laboratory) -> dict[str, pd.Series[Any]]:
    """Results and limits in the unit of the test.

    Parameters
    ----------
    rows
        Records of declared tests, of the validated table.
    laboratory
        The tests with their units, and what a result below its limit counts as.

    Returns
    -------
    dict
        By name a Series, indexed as `rows`: ``aval``, the limits ``lloq``, ``low`` and ``high``,
        NaN where not recorded or in a unit that the test does not have; flags ``below`` (the limit
        of quantification) and ``known`` (a number, or below).
    """
    factors = {
        (test.code, unit): factor
        for test in laboratory.tests
        for unit, factor in {test.unit: 1.0, **test.units}.items()
    }
    keys = pd.MultiIndex.from_frame(rows[["test", "unit"]])
    factor = pd.Series(factors, dtype=float).reindex(keys).to_numpy(float)
    value, lloq, low, high = (
        (rows[name] * factor).round(_DECIMALS)
        for name in ("value", "lloq", "lower_limit", "upper_limit")
    )
    below = (rows["below_lloq"] == "Y") | (value < lloq)
    share = _SHARE[laboratory.below_lloq]
    aval = value.mask(below, lloq * share if share else 0.0)
    known = below | value.notna()
    return {"aval": aval, "below": below, "known": known, "lloq": lloq, "low": low, "high": high}


def below_limit(
    value: pd.Series[float],
    below: pd.Series[bool],
    lloq: pd.Series[float],
    limit: pd.Series[float] | float,
) -> pd.Series[bool]:
    """Whether each result is certainly below a limit, all in one unit.

    What stands for a result below its limit of quantification (`below`) decides nothing: such a
    one is below a limit where that of quantification is not above it. False where the value, or
    the limit that it is below, is not known.
    """
    return (value < limit).mask(below.astype(bool), lloq <= limit).astype(bool)


def in_aplasia(
    value: pd.Series[float], below: pd.Series[bool], lloq: pd.Series[float], rule: BCells
) -> pd.Series[bool]:
    """Whether B cells are absent by each result: below the limit of aplasia (`below_limit`)."""
    return below_limit(value, below, lloq, rule.aplasia_below)


def b_cell_results(
    subjects: pd.DataFrame, samples: pd.DataFrame, laboratory: Laboratory
) -> pd.DataFrame:
    """Results of B cells after the day of infusion, by date, time and row of the file.

    Records without a result, and of subjects who were not infused, are left out.

    Parameters
    ----------
    subjects, samples
        Validated tables after the data cut-off.
    laboratory
        The test of B cells, its units and the limit of aplasia.

    Returns
    -------
    DataFrame
        ``subject_id``, ``date`` and ``aplasia`` (flag); numbered from 0.
    """
    rows = samples.loc[samples["test"] == laboratory.b_cells.test]
    rows = rows.astype({"subject_id": object, "test": object, "unit": object})
    seconds = seconds_of_day(rows["sample_time"]).fillna(0)
    rows = rows.assign(**converted_results(rows, laboratory), seconds=seconds)
    infusion = subjects.set_index("subject_id")["infusion_date"]
    known = rows["known"] & (rows["sample_date"] > rows["subject_id"].map(infusion))
    order = ["sample_date", "seconds", "source_row"]
    rows = rows.loc[known].sort_values(order, ignore_index=True)
    return pd.DataFrame(
        {
            "subject_id": rows["subject_id"],
            "date": rows["sample_date"],
            "aplasia": in_aplasia(rows["aval"], rows["below"], rows["lloq"], laboratory.b_cells),
        }
    )
