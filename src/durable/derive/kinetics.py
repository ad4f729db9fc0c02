"""Stage ``kinetics_datasets``: ADPC and ADPP, concentrations and parameters of the cells in blood.

Flow cytometry and qPCR measure different things: every assay and unit is analysed on its own,
nothing is converted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from durable.config.model import Exposure, Kinetics, Plan
from durable.contracts import kinetics as contracts
from durable.files import write_parquet
from durable.stats.kinetics import Method, Noncompartmental, noncompartmental

_HOURS = 24 * 60


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/adsl`` and ``validated/kinetics``; write ``adam/adpc`` and ``adpp``."""
    adsl = pd.read_parquet(folder / "adam" / "adsl.parquet")
    samples = pd.read_parquet(folder / "validated" / "kinetics.parquet")
    adpc = concentrations(adsl, samples)
    adpp = parameters(adpc, plan.kinetics)
    write_parquet(folder / "adam" / "adpc.parquet", contracts.ADPC.validate(adpc))
    write_parquet(folder / "adam" / "adpp.parquet", contracts.ADPP.validate(adpp))


def concentrations(adsl: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    """ADPC: every sample of an infused subject, by subject, assay and time.

    Days are actual days since the date of infusion. A sample's time orders samples of one day;
    without a recorded time of the infusion it cannot make a fraction of a day. Of two results on
    one day the later one, a repeat, is used (ANL01FL).
    """
    infused = adsl.loc[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    rows = samples.loc[samples["subject_id"].isin(infused.index)]
    rows = rows.sort_values(["subject_id", "assay", "sample_date", "sample_time", "source_row"])
    subject = rows["subject_id"]
    below = rows["below_lloq"] == "Y"
    repeated = rows.duplicated(["subject_id", "assay", "sample_date"], keep="last")
    frame = pd.DataFrame(
        {
            "STUDYID": subject.map(infused["STUDYID"]),
            "USUBJID": subject,
            "PARCAT1": rows["assay"],
            "AVALU": rows["unit"],
            "ADT": rows["sample_date"],
            "ATM": rows["sample_time"],
            "NFRLT": rows["nominal_day"],
            "AFRLT": (rows["sample_date"] - subject.map(infused["TRTSDT"])).dt.days.astype(float),
            "AVAL": rows["value"].mask(below),
            "BLQFL": np.where(below, "Y", "N"),
            "LLOQ": rows["lloq"],
            "ANL01FL": np.array(["Y", None], dtype=object)[repeated.to_numpy(int)],
            "SRCDOM": "kinetics",
            "SRCVAR": "value",
            "SRCSEQ": rows["source_row"],
        }
    )
    # Without a sample of an infused subject nothing says that these are text.
    text = ("STUDYID", "BLQFL", "ATM")
    return frame.astype(dict.fromkeys(text, object)).reset_index(drop=True)


def parameters(adpc: pd.DataFrame, rule: Kinetics) -> pd.DataFrame:
    """ADPP: parameters of each subject's profile by assay; one record a parameter.

    From the records with ANL01FL.
    """
    usable = adpc.loc[adpc["ANL01FL"] == "Y"]
    records = [
        {"STUDYID": study, "USUBJID": subject, "PARCAT1": assay} | record
        for (study, subject, assay), profile in usable.groupby(["STUDYID", "USUBJID", "PARCAT1"])
        for record in _profile(profile, rule)
    ]
    columns = list(contracts.ADPP.columns)
    frame = pd.DataFrame(records, columns=columns)
    text = [name for name in columns if name != "AVAL"]
    return frame.astype({"AVAL": float, **dict.fromkeys(text, object)})


def _profile(profile: pd.DataFrame, rule: Kinetics) -> Iterator[dict[str, Any]]:
    unit = profile["AVALU"].iloc[0]
    areas = {area.day: _analysed(profile, area, rule.method) for area in rule.auc}
    peak = areas[rule.auc[0].day]
    detected = "" if peak.cmax > 0 else "NOT DETECTED"
    for code, name, value, its_unit in (
        ("CMAX", "Highest concentration", peak.cmax, unit),
        ("TMAX", "Day of the highest concentration", peak.tmax, "days"),
        ("TLAST", "Last day with a quantifiable concentration", peak.tlast, "days"),
        ("CLAST", "Last quantifiable concentration", peak.clast, unit),
        ("AUCLAST", "Area under the curve to TLAST", peak.auc_last, f"{unit} x days"),
    ):
        yield _record(code, name, value, its_unit, detected, "")
    for end, area in areas.items():
        name = f"Area under the curve to day {end}"
        yield _record(f"AUC0_{end}", name, area.auc_end, f"{unit} x days", area.flag, area.reason)
    for point in rule.persistence:
        near = profile.loc[(profile["AFRLT"] - point.day).abs() <= point.window]
        found = "not sampled"
        value = np.nan
        if len(near):
            nearest = near.iloc[(near["AFRLT"] - point.day).abs().argmin()]
            value, found = float(nearest["BLQFL"] == "N"), ""
        name = f"Quantifiable at {point.label} (1 = yes)"
        yield _record(f"PERS{point.label}", name, value, "", "" if len(near) else "NC", found)


def _analysed(profile: pd.DataFrame, area: Exposure, method: Method) -> Noncompartmental:
    return noncompartmental(
        profile["AFRLT"],
        profile["AVAL"],
        profile["BLQFL"] == "Y",
        end=area.day,
        method=method,
        window=area.extrapolation_days,
    )


def _record(
    code: str, name: str, value: float, unit: str, flag: str, reason: str
) -> dict[str, Any]:
    return {
        "PARAMCD": code,
        "PARAM": name,
        "AVAL": value,
        "AVALU": unit,
        "FLAG": flag or None,
        "REASON": reason or None,
    }
