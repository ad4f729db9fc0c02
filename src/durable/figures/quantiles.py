"""Quantiles over the subjects, in place of each subject where a figure has too many of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from durable.outputs.datasets import RecordFilter

if TYPE_CHECKING:
    import pandas as pd

#: From this many subjects on, scores and measures over time are shown by their quantiles.
MANY_SUBJECTS = 500
#: Each quantile's name in place of a subject's, and the proportion of subjects below it.
QUANTILES = {
    "95th percentile": 0.95,
    "upper quartile": 0.75,
    "median": 0.5,
    "lower quartile": 0.25,
    "5th percentile": 0.05,
}


def records_over_time(parameters: Sequence[str], infused: int) -> tuple[RecordFilter, ...]:
    """Filters of ADRS for a figure over time of some parameters.

    From `MANY_SUBJECTS` infused on, only the records of which quantiles are taken.
    """
    every: RecordFilter = {"PARAMCD": parameters}
    if infused < MANY_SUBJECTS:
        return (every,)
    return tuple({**every, flag: ["Y"]} for flag in ("ABLFL", "ANL01FL"))


def visit_quantiles(records: pd.DataFrame) -> pd.DataFrame:
    """Quantiles of a parameter over the subjects at the baseline (day 0) and each analysis visit.

    Linear between order statistics (type 7 of Hyndman and Fan, Am Stat 1996;50:361), of the records
    that stand for the visit, at its target day.

    Parameters
    ----------
    records
        Records of ADRS of one parameter.

    Returns
    -------
    DataFrame
        subject (name of the quantile in `QUANTILES`), day, visit, value; quantiles in their order,
        then by day. No row where nothing is known.
    """
    import pandas as pd

    at_baseline = (records["ABLFL"] == "Y").to_numpy()
    used = (at_baseline | (records["ANL01FL"] == "Y")) & records["AVAL"].notna()
    target = records["AWTARGET"].to_numpy(float, na_value=np.nan)
    frame = pd.DataFrame(
        {
            "day": np.where(at_baseline, 0.0, target)[used],
            "visit": records["AVISIT"].array[used],
            "value": records["AVAL"].to_numpy()[used],
        },
        copy=False,
    )
    by_visit = frame.groupby(["day", "visit"], observed=True)["value"]
    table = by_visit.quantile(np.array(list(QUANTILES.values()))).unstack()  # noqa: PD010
    by_name = {name: table[p] for name, p in QUANTILES.items()}
    quantiles: pd.DataFrame = pd.concat(by_name, names=["subject"]).reset_index(name="value")
    return quantiles


def days_since_infusion(records: pd.DataFrame) -> pd.Series[int]:
    """Days since the infusion, from 0, of records with ADY, the CDISC study day without a day 0."""
    return records["ADY"].astype(int) - (records["ADY"] > 0).astype(int)
