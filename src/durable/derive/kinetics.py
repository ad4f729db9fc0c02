"""Stage ``kinetics_datasets``: ADPC and ADPP, concentrations and parameters of the cells in blood.

Flow cytometry and qPCR measure different things: every assay and unit is analysed on its own,
nothing is converted. The rules are in docs/kinetics.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, product
from pathlib import Path
from string import ascii_uppercase
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from durable.contracts.adam.adpc import AFTER_LAST_DAY, NO_RESULT, adpc_schema
from durable.contracts.adam.adpp import adpp_schema
from durable.contracts.times_of_day import seconds_of_day
from durable.derive.identifiers import unique_identifiers, with_usubjid
from durable.derive.variables import mark, study_day
from durable.files import write_parquet
from durable.plan import Exposure, Kinetics, Persistence, Plan
from durable.stats.kinetics import Method, Noncompartmental, noncompartmental
from durable.vocabulary import (
    AUC_LAST,
    AUC_TO_DAY,
    CLAST,
    CMAX,
    DAYS,
    NO_RESULT_BY,
    NO_RESULT_IN_WINDOW,
    OF_ASSAY,
    PERIOD,
    QUANTIFIABLE_AT,
    TIMES_DAYS,
    TLAST,
    TMAX,
)

_SECONDS = 24 * 60 * 60
#: Longest parameter code that ADaM allows.
_CODE_LENGTH = 8


class Assay(NamedTuple):
    """An assay and the unit of its results."""

    name: str
    unit: str

    def __str__(self) -> str:
        return f"{self.name} ({self.unit})"


def run(plan: Plan, folder: Path) -> None:
    """Read ``adam/adsl`` and ``validated/kinetics``; write ``adam/adpc`` and ``adpp``."""
    adsl = pd.read_parquet(folder / "adam" / "adsl.parquet")
    samples = pd.read_parquet(folder / "validated" / "kinetics.parquet")
    samples = with_usubjid(samples, unique_identifiers(folder, plan.study.id))
    adpc = concentrations(adsl, samples, plan.kinetics.last_day)
    adpp = parameters(adpc, plan.kinetics)
    periods = PERIOD in adpc
    contracts = {"adpc": adpc_schema(periods=periods), "adpp": adpp_schema(periods=periods)}
    write_parquet(folder / "adam" / "adpc.parquet", contracts["adpc"].validate(adpc))
    write_parquet(folder / "adam" / "adpp.parquet", contracts["adpp"].validate(adpp))


# --- ADPC -----------------------------------------------------------------------------------------


def concentrations(
    adsl: pd.DataFrame, samples: pd.DataFrame, last_day: int = Kinetics().last_day
) -> pd.DataFrame:
    """ADPC (`contracts.adam.adpc`): every sample of an infused subject, by subject, assay and time.

    A sample without a result has neither AVAL nor BLQFL and is used for nothing; nor is one with a
    reason of exclusion, which keeps its result (PKSUMXF marks both). A result that is not
    quantifiable has BLQFL Y and no AVAL. ANL01FL marks the results up to `last_day`, of which the
    parameters are; NCAXFL and NCAXRS the others. Where ADSL has the second infusion (TR02SDT),
    APERIOD tells which infusion a sample is of, and ARRLT the days since that one, from which
    `last_day` counts.
    """
    infused = adsl.loc[adsl["SAFFL"] == "Y"].set_index("USUBJID")
    rows = samples.loc[samples["subject_id"].isin(infused.index)]
    order = ["subject_id", "assay", "unit", "sample_date", "sample_time", "source_row"]
    rows = rows.sort_values(order, na_position="first")
    subject = rows["subject_id"]
    result = has_result(rows)
    quantifiable = result & is_quantifiable(rows)
    counts = result & rows["exclusion_reason"].isna()
    infusion = subject.map(infused["TRTSDT"])
    day = (rows["sample_date"] - infusion).dt.days
    within_day = _part_of_day(rows, counts)
    periods = _periods(rows, day, within_day, infused)
    used = counts & (np.floor(periods.get("ARRLT", day)) <= last_day)
    frame = pd.DataFrame(
        {
            "STUDYID": subject.map(infused["STUDYID"]),
            "USUBJID": subject,
            "SUBJID": subject.map(infused["SUBJID"]),
            "TRTP": subject.map(infused["TRT01P"]),
            "TRTA": subject.map(infused["TRT01A"]),
            "ASEQ": rows.groupby("subject_id", observed=True).cumcount() + 1,
            "PARCAT1": rows["assay"],
            **_concentration(rows),
            "ADT": rows["sample_date"],
            "ATM": rows["sample_time"],
            "ADY": study_day(rows["sample_date"], infusion).astype("int64"),
            **periods,
            "NFRLT": rows["nominal_day"],
            "AFRLT": day + within_day,
            "FRLTU": "DAYS",
            "AVAL": rows["value"].where(quantifiable),
            "AVALU": rows["unit"],
            "BLQFL": np.array([None, "Y", "N"], dtype=object)[result.astype(int) + quantifiable],
            "LLOQ": rows["lloq"],
            "ANL01FL": mark(used),
            "NCAXFL": mark(~used),
            "NCAXRS": _exclusion(rows["exclusion_reason"], result, used),
            "PKSUMXF": mark(~counts),
            "SRCDOM": "kinetics",
            "SRCVAR": "value",
            "SRCSEQ": rows["source_row"],
        }
    )
    # Without a sample of an infused subject nothing says that these are text.
    columns = adpc_schema(periods=PERIOD in frame).columns
    text = [name for name, column in columns.items() if str(column.dtype) == "object"]
    return frame.astype(dict.fromkeys(text, object))[list(columns)].reset_index(drop=True)


def _periods(
    rows: pd.DataFrame,
    day: pd.Series[int],
    within_day: pd.Series[float],
    infused: pd.DataFrame,
) -> dict[str, pd.Series[Any]]:
    """Period of a sample, and the days since its infusion; nothing without TR02SDT in ADSL.

    A sample of the day of the second infusion, taken before it, is day 0 of the second period.
    """
    if "TR02SDT" not in infused:
        return {}
    second_infusion = rows["subject_id"].map(infused["TR02SDT"])
    second = rows["sample_date"] >= second_infusion
    days_since_second = (rows["sample_date"] - second_infusion).dt.days
    days_since = pd.Series(np.where(second, days_since_second, day), index=rows.index)
    return {PERIOD: second.astype("int64") + 1, "ARRLT": days_since + within_day}


def _exclusion(
    recorded: pd.Series[str], result: pd.Series[bool], used: pd.Series[bool]
) -> pd.Series[str]:
    """Why a sample is not one of the parameters'; missing for one that is."""
    reason = recorded.astype(object).fillna(AFTER_LAST_DAY)
    return reason.where(result, NO_RESULT).mask(used, None)


def _concentration(rows: pd.DataFrame) -> dict[str, pd.Series[str]]:
    """PARAM and PARAMCD of each sample, by assay and unit."""
    pairs = rows[["assay", "unit"]].drop_duplicates()
    assays = sorted(Assay(*pair) for pair in pairs.itertuples(index=False))
    codes = {
        str(assay): f"CONC{letter}" for assay, letter in zip(assays, _letters(assays), strict=True)
    }
    names = rows["assay"].astype(object) + " (" + rows["unit"].astype(object) + ")"
    return {"PARAM": "CAR-T cell concentration, " + names, "PARAMCD": names.map(codes)}


def has_result(samples: pd.DataFrame) -> pd.Series[bool]:
    """Whether each sample has a value or is marked as below the limit of quantification."""
    return samples["value"].notna() | (samples["below_lloq"] == "Y")


def is_quantifiable(samples: pd.DataFrame) -> pd.Series[bool]:
    """Whether each value is above 0, not below its limit, and not marked as below it.

    False without a value; a limit that is not recorded does not count.
    """
    value, lloq = samples["value"], samples["lloq"]
    return (samples["below_lloq"] != "Y") & (value > 0) & ~(value < lloq)


def _part_of_day(samples: pd.DataFrame, counts: pd.Series[bool]) -> pd.Series[float]:
    """Days from the first result of an assay on a day to each of them; 0 where it is the only one.

    The time of the infusion is not recorded, so that the time of day says nothing else. A result
    without time beside others counts as drawn at 00:00.
    """
    clock = seconds_of_day(samples["sample_time"]).fillna(0).where(counts)
    day = [samples[name] for name in ("subject_id", "assay", "unit", "sample_date")]
    first = clock.groupby(day, observed=True).transform("min")
    return ((clock - first) / _SECONDS).fillna(0)


# --- ADPP -----------------------------------------------------------------------------------------


def parameters(adpc: pd.DataFrame, rule: Kinetics) -> pd.DataFrame:
    """ADPP (`contracts.adam.adpp`): one record per subject, assay, unit and parameter.

    A parameter that cannot be calculated has a record without AVAL, and a FLAG. A subject without
    any result in an assay that counts has no record of it. Where ADPC has APERIOD, the profile
    after a second infusion has records of its own.
    """
    results = adpc.loc[adpc["PKSUMXF"].isna()]
    of_subject = ["SUBJID", "TRTP", "TRTA"]
    subjects = adpc.drop_duplicates("USUBJID").set_index("USUBJID")[of_subject]
    pairs = results[["PARCAT1", "AVALU"]].drop_duplicates()
    assays = sorted(Assay(*pair) for pair in pairs.itertuples(index=False))
    codes = parameter_codes(assays, rule)
    profiles = results.groupby(["STUDYID", "USUBJID", "PARCAT1", "AVALU"])
    records = [
        {
            "STUDYID": study,
            "USUBJID": subject,
            **period,
            **_with_parameter_name(assay, codes, record),
        }
        for (study, subject, *pair), profile in profiles
        for assay in [Assay(*map(str, pair))]
        for period, record in _by_period(profile, assay.unit, rule)
    ]
    columns = list(adpp_schema(periods=PERIOD in adpc).columns)
    frame = pd.DataFrame(records, columns=columns)
    frame[of_subject] = subjects.reindex(frame["USUBJID"]).to_numpy(object)
    numbers = {"AVAL": float} | ({PERIOD: "int64"} if PERIOD in columns else {})
    text = [name for name in columns if name not in numbers]
    return frame.astype({**numbers, **dict.fromkeys(text, object)})


def parameter_codes(assays: list[Assay], rule: Kinetics) -> dict[tuple[Assay, str], str]:
    """PARAMCD by assay and parameter (PARCAT3): at most eight characters, all different.

    With one assay the parameter's own code; with several, assays in alphabetical order have a
    letter each, which ends the code. What is then too long, or holds other signs than capital
    letters, digits and _, is shortened: an area to its day alone or its number in the plan, a time
    point of persistence to its number.
    """
    letters = _letters(assays)
    stems = _stems(rule, _CODE_LENGTH - len(letters[0]) if letters else _CODE_LENGTH)
    return {
        (assay, parameter): stem + letter
        for assay, letter in zip(assays, letters, strict=True)
        for parameter, stem in stems.items()
    }


def _letters(assays: list[Assay]) -> list[str]:
    """What ends the codes of each assay: nothing for the only one, else a letter or more."""
    width = next(n for n in count() if len(ascii_uppercase) ** n >= len(assays))
    every = map("".join, product(ascii_uppercase, repeat=width))
    return [letters for letters, _ in zip(every, assays, strict=False)]


def _stems(rule: Kinetics, length: int) -> dict[str, str]:
    plain = ("CMAX", "TMAX", "TLAST", "CLAST", "AUCLAST")
    stems = {name: name[:length] for name in plain}
    for n, area in enumerate(rule.auc, start=1):
        shorter = (f"AUC0_{area.day}", f"AUC{area.day}", f"AREA{n}")
        stems[shorter[0]] = next(code for code in shorter if len(code) <= length)
    fitting_codes = {code for point in rule.persistence if _fits(code := _code(point), length)}
    numbered = (code for n in count(1) if (code := f"PERS{n}") not in fitting_codes)
    for point in rule.persistence:
        code = _code(point)
        stems[code] = code if code in fitting_codes else next(numbered)
    return stems


def _code(point: Persistence) -> str:
    return f"PERS{point.label}"


def _fits(code: str, length: int) -> bool:
    return len(code) <= length and set(code) <= {*ascii_uppercase, *"0123456789_"}


def _with_parameter_name(
    assay: Assay, codes: dict[tuple[Assay, str], str], record: dict[str, Any]
) -> dict[str, Any]:
    """A record with what tells its parameter from that of another assay or unit."""
    parameter = record["PARCAT3"]
    identity = {"PARCAT1": assay.name, "PARCAT2": assay.unit, "PARAMCD": codes[assay, parameter]}
    name = OF_ASSAY.format(parameter=record["PARAM"], assay=assay.name, unit=assay.unit)
    return record | identity | {"PARAM": name}


def _by_period(
    profile: pd.DataFrame, unit: str, rule: Kinetics
) -> Iterator[tuple[dict[str, int], dict[str, Any]]]:
    """The parameters of each infusion, with its period where there may be two."""
    if PERIOD not in profile:
        yield from (({}, record) for record in _profile(profile, unit, rule))
        return
    second = profile[PERIOD] == 2
    # Taken before the second infusion: the last of the first one, and day 0 of the second.
    in_period = profile.loc[second & (np.floor(profile["ARRLT"]) == 0)]
    first = pd.concat([profile.loc[~second], in_period])
    if len(first):
        late = np.floor(first["AFRLT"]) > rule.last_day
        within_last_day = first.assign(ANL01FL=first["ANL01FL"].mask(late, None))
        yield from (({PERIOD: 1}, record) for record in _profile(within_last_day, unit, rule))
    if second.any():
        start = in_period.tail(1).assign(ARRLT=0.0)
        after = pd.concat([start, profile.loc[second].drop(index=in_period.index)])
        # Cells of the first infusion may be left: nothing is assumed where none were measured.
        records = _profile(after.assign(AFRLT=after["ARRLT"]), unit, rule, start_value=np.nan)
        yield from (({PERIOD: 2}, record) for record in records)


def _profile(
    profile: pd.DataFrame, unit: str, rule: Kinetics, start_value: float = 0.0
) -> Iterator[dict[str, Any]]:
    yield from _exposure(profile.loc[profile["ANL01FL"] == "Y"], unit, rule, start_value)
    for point in rule.persistence:
        yield _persistence(profile, point)


def _exposure(
    profile: pd.DataFrame, unit: str, rule: Kinetics, start_value: float
) -> Iterator[dict[str, Any]]:
    areas = {a.day: _noncompartmental(profile, a, rule.method, start_value) for a in rule.auc}
    peak = areas[rule.auc[0].day]
    no_result, by_days = NO_RESULT_BY.format(day=rule.last_day), TIMES_DAYS.format(unit=unit)
    missing = np.isnan(peak.cmax)
    flag, reason = ("NC", no_result) if missing else ("" if peak.cmax > 0 else "NOT DETECTED", "")
    for code, name, value, its_unit in (
        ("CMAX", CMAX, peak.cmax, unit),
        ("TMAX", TMAX, peak.tmax, DAYS),
        ("TLAST", TLAST, peak.tlast, DAYS),
        ("CLAST", CLAST, peak.clast, unit),
    ):
        yield _record(code, name, value, its_unit, flag, reason)
    if np.isnan(peak.auc_last) and not missing:
        # No concentration from which the area could begin.
        flag, reason = "NC", peak.reason
    yield _record("AUCLAST", AUC_LAST, peak.auc_last, by_days, flag, reason)
    for end, area in areas.items():
        name = AUC_TO_DAY.format(day=end)
        why = no_result if missing else area.reason
        yield _record(f"AUC0_{end}", name, area.auc_end, by_days, area.flag, why)


def _persistence(profile: pd.DataFrame, point: Persistence) -> dict[str, Any]:
    """Whether the result nearest to a day is quantifiable; by whole days, of several the first."""
    distance = (np.floor(profile["AFRLT"]) - point.day).abs()
    near = profile.loc[distance <= point.window]
    name = QUANTIFIABLE_AT.format(label=point.label)
    if near.empty:
        return _record(_code(point), name, np.nan, "", "NC", NO_RESULT_IN_WINDOW)
    nearest = near.loc[distance.loc[near.index].idxmin()]
    return _record(_code(point), name, float(nearest["BLQFL"] == "N"), "", "", "")


def _noncompartmental(
    profile: pd.DataFrame, area: Exposure, method: Method, start_value: float
) -> Noncompartmental:
    return noncompartmental(
        profile["AFRLT"],
        profile["AVAL"],
        profile["BLQFL"] == "Y",
        end=area.day,
        method=method,
        window=area.extrapolation_days,
        start_value=start_value,
    )


def _record(
    code: str, name: str, value: float, unit: str, flag: str, reason: str
) -> dict[str, Any]:
    return {
        "PARCAT3": code,
        "PARAM": name,
        "AVAL": value,
        "AVALU": unit,
        "FLAG": flag or None,
        "REASON": reason or None,
    }
