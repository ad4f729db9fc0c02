"""When new systemic therapy began, or an increase of glucocorticoids that counts as it."""

from __future__ import annotations

import pandas as pd

from durable.jdm.parameters import GLUCOCORTICOID_INCREASE
from durable.jdm.response import Response
from durable.outputs.datasets import RecordFilter, select_records

#: Records of ADRS that say whether the dose of glucocorticoids was increased.
INCREASES: RecordFilter = {"PARAMCD": [GLUCOCORTICOID_INCREASE.paramcd]}


def day_of_new_therapy(
    adsl: pd.DataFrame, adrs: pd.DataFrame, response: Response
) -> pd.Series[float]:
    """Study day, as ADY, on which new systemic therapy began, by USUBJID; NaN without any.

    That of NSTDT, or of the first assessment that shows an increase of glucocorticoids where the
    plan counts it as new therapy, whichever is earlier: as the endpoints are derived.

    Parameters
    ----------
    adsl, adrs
        Analysis datasets; of ADRS at least the records of `INCREASES`.
    response
        Definitions of response.
    """
    recorded = (adsl["NSTDT"] - adsl["TRTSDT"]).dt.days.astype(float) + 1
    day = recorded.set_axis(adsl["USUBJID"])
    rule = response.glucocorticoid_increase
    if rule is None or not rule.as_new_therapy:
        return day
    known = select_records(adrs, (INCREASES,)).dropna(subset="AVAL").astype({"USUBJID": object})
    # Of two assessments of a day the last counts, as in the derivation.
    known = known.drop_duplicates(["USUBJID", "ADY"], keep="last")
    increased = known.loc[known["AVAL"] == 1].groupby("USUBJID")["ADY"].min().astype(float)
    return pd.concat([day, increased.reindex(day.index)], axis=1).min(axis=1)
