"""ADPC, ADPP and their summaries: odd profiles, groups without anyone, and who counts where."""

from __future__ import annotations

from math import exp, isnan, log, sqrt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from durable.analyse import kinetics
from durable.analyse.kinetics import analyse, figure_data
from durable.config import parse
from durable.config.model import Exposure, Kinetics
from durable.contracts import kinetics as contracts
from durable.contracts.columns import NATIVE_COLUMNS
from durable.contracts.results import NO_SAMPLES, TOTAL, read_csv
from durable.derive.kinetics import concentrations, parameters
from durable.display.shell import Ard
from tests.derive.build import date
from tests.derive.events import adsl, child, never_infused

RULE = Kinetics()
#: The design's example: AUC0-90 251.4862, AUC0-28 232.58, Cmax 32.69 on day 7.
EXAMPLE = {0: 0.0, 4: 1.5, 7: 32.69, 10: 20, 14: 8, 21: 3, 28: 1, 60: 0.2, 90: None}


def profile(values: dict[int, float | None], name: str = "S1", **given: Any) -> list[Any]:
    """Samples of a subject; None is below the limit of 0.1."""
    return [
        {
            "subject_id": name,
            "sample_date": date(day),
            "nominal_day": day,
            "assay": "flow",
            "unit": "cells/uL",
            "value": value,
            "below_lloq": "Y" if value is None else "N",
            "lloq": 0.1,
        }
        | given
        for day, value in values.items()
    ]


def samples(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(NATIVE_COLUMNS["kinetics"]))
    frame = frame.assign(source_row=range(2, len(frame) + 2))
    kinds = {"sample_date": "datetime64[ns]", "value": float, "lloq": float, "nominal_day": float}
    return frame.astype(kinds | {"sample_time": object})


def datasets(
    rows: list[dict[str, Any]], subjects: list[Any] | None = None, rule: Kinetics = RULE
) -> tuple[pd.DataFrame, pd.DataFrame]:
    sl = adsl([child()] if subjects is None else subjects)
    adpc = contracts.ADPC.validate(concentrations(sl, samples(rows)))
    return adpc, contracts.ADPP.validate(parameters(adpc, rule))


def values(adpp: pd.DataFrame, name: str = "S1") -> dict[str, float]:
    mine = adpp.loc[adpp["USUBJID"] == name]
    return dict(zip(mine["PARAMCD"], mine["AVAL"], strict=True))


def flags(adpp: pd.DataFrame, name: str = "S1") -> dict[str, Any]:
    mine = adpp.loc[adpp["USUBJID"] == name]
    return dict(zip(mine["PARAMCD"], mine["FLAG"], strict=True))


def summary(adpp: pd.DataFrame, code: str, infused: int = 3) -> dict[str, float]:
    rows = analyse(adpp.loc[adpp["PARAMCD"] == code], infused)
    return {name: value for name, value, *_ in rows}


def test_the_design_s_example() -> None:
    found = values(datasets(profile(EXAMPLE))[1])
    assert found["CMAX"] == 32.69
    assert (found["TMAX"], found["TLAST"]) == (7, 60)
    assert found["AUC0_90"] == pytest.approx(251.4862, abs=5e-5)
    assert found["AUC0_28"] == pytest.approx(232.58, abs=5e-3)
    assert (found["PERSD28"], found["PERSM2"], found["PERSM3"]) == (1, 1, 0)


def test_linear_trapezoids_when_so_configured() -> None:
    found = values(datasets(profile(EXAMPLE), rule=Kinetics(method="linear"))[1])
    assert found["AUC0_90"] == pytest.approx(264.02, abs=5e-3)
    assert found["AUC0_28"] == pytest.approx(241.82, abs=5e-3)


def test_a_profile_never_above_the_limit_has_no_peak_but_an_area_of_zero() -> None:
    adpp = datasets(profile(dict.fromkeys(EXAMPLE)))[1]
    found = values(adpp)
    assert (found["CMAX"], found["AUC0_90"]) == (0, 0)
    assert isnan(found["TMAX"])
    assert flags(adpp)["AUC0_90"] == flags(adpp)["CMAX"] == "NOT DETECTED"
    assert summary(adpp, "CMAX")["n_not_detected"] == 1


def test_one_sample_only_gives_its_peak_and_no_area() -> None:
    adpp = datasets(profile({10: 5.0}))[1]
    found = values(adpp)
    assert (found["CMAX"], found["TMAX"]) == (5, 10)
    assert isnan(found["AUC0_90"])
    assert flags(adpp)["AUC0_90"] == "NC"
    assert isnan(found["PERSD28"])
    assert flags(adpp)["PERSD28"] == "NC"


def test_each_area_extrapolates_within_its_own_window() -> None:
    short = {day: value for day, value in EXAMPLE.items() if day <= 21}
    assert flags(datasets(profile(short))[1])["AUC0_28"] == "NC"
    wide = Kinetics(auc=(Exposure(day=28, extrapolation_days=7),))
    assert flags(datasets(profile(short), rule=wide)[1])["AUC0_28"] == "EXTRAPOLATED"


def test_of_two_results_of_a_day_the_later_is_used_and_the_other_kept_unused() -> None:
    rows = profile(EXAMPLE)
    first = next(row for row in rows if row["nominal_day"] == 7)
    first["sample_time"] = "08:00"
    rows += profile({7: 50.0}, sample_time="16:00")
    adpc, adpp = datasets(rows)
    assert values(adpp)["CMAX"] == 50
    assert adpc["ANL01FL"].isna().sum() == 1
    assert adpc.loc[adpc["ANL01FL"].isna(), "AVAL"].tolist() == [32.69]


def test_assays_are_analysed_apart_and_only_of_the_infused() -> None:
    rows = profile(EXAMPLE) + profile({7: 4000.0}, assay="qPCR", unit="copies/ug DNA")
    rows += profile(EXAMPLE, name="S2")
    adpc, adpp = datasets(rows, [child(), never_infused("S2")])
    assert set(adpc["USUBJID"]) == {"S1"}
    peaks = adpp.loc[adpp["PARAMCD"] == "CMAX"].set_index("PARCAT1")
    assert peaks["AVAL"].to_dict() == {"flow": 32.69, "qPCR": 4000}
    assert peaks["AVALU"].to_dict() == {"flow": "cells/uL", "qPCR": "copies/ug DNA"}


def test_the_source_of_a_record_is_its_row_of_the_file() -> None:
    adpc, _ = datasets(list(reversed(profile(EXAMPLE))))
    assert adpc["AFRLT"].tolist() == sorted(EXAMPLE)
    assert adpc["SRCSEQ"].tolist() == list(range(10, 1, -1))


def test_without_any_sample_there_are_no_records() -> None:
    adpc, adpp = datasets([])
    assert len(adpc) == len(adpp) == 0


def test_geometric_mean_and_coefficient_of_variation_of_the_design() -> None:
    peaks = (12.1, 32.69, 55, 8.4, 140)
    subjects = [child(f"S{i}") for i in range(5)]
    rows = [row for i, peak in enumerate(peaks) for row in profile({7: peak}, name=f"S{i}")]
    found = summary(datasets(rows, subjects)[1], "CMAX", infused=6)
    assert found["n_infused"] == 6
    assert found["n"] == 5
    assert found["geo_mean"] == pytest.approx(30.3106, abs=5e-5)
    assert found["geo_cv"] == pytest.approx(163.158, abs=5e-4)


def test_a_subject_never_detected_makes_the_geometric_mean_not_estimable_and_is_counted() -> None:
    subjects = [child("S1"), child("S2"), child("S3")]
    rows = profile({7: 4.0}) + profile({7: 9.0}, "S2") + profile({7: None, 90: None}, "S3")
    found = summary(datasets(rows, subjects)[1], "CMAX")
    assert isnan(found["geo_mean"])
    assert found["geo_mean_detected"] == pytest.approx(6)
    spread = sqrt(2 * (log(9 / 4) / 2) ** 2)
    assert found["geo_cv_detected"] == pytest.approx(100 * sqrt(exp(spread**2) - 1))
    assert found["mean"] == pytest.approx(13 / 3)


def test_persistence_is_of_the_sampled_and_takes_the_nearest_sample() -> None:
    subjects = [child("S1"), child("S2"), child("S3")]
    rows = profile({26: None, 29: 2.0}) + profile({28: None}, "S2") + profile({7: 1.0}, "S3")
    found = summary(datasets(rows, subjects)[1], "PERSD28")
    assert (found["n"], found["n_quantifiable"], found["percent_quantifiable"]) == (2, 1, 50)
    assert found["n_not_calculable"] == 1


def test_the_geometric_mean_of_a_day_is_drawn_where_half_are_quantifiable() -> None:
    subjects = [child("S1"), child("S2")]
    rows = profile({7: 4.0, 28: 2.0, 90: None}) + profile({7: 9.0, 28: None, 90: None}, "S2")
    adpc, _ = datasets(rows, subjects)
    frame = figure_data(adpc, pd.Series({"S1": "1e7", "S2": "1e7"}))
    means = frame.loc[frame["kind"] == "geo_mean"]
    assert list(zip(means["day"], means["value"].round(9), strict=True)) == [(7, 6), (28, 2)]


def test_without_a_sample_the_table_says_why(tmp_path: Path) -> None:
    """At a cut-off before the first sample."""
    adpc, adpp = datasets([])
    (tmp_path / "adam").mkdir()
    frames = {"adsl": adsl([child()]), "adpc": adpc, "adpp": adpp}
    for name, frame in frames.items():
        frame.to_parquet(tmp_path / "adam" / f"{name}.parquet")
    given = {
        "analysis": {"id": "a", "data_cutoff": "2024-06-30"},
        "study": {"id": "S-1"},
        "inputs": {"subjects": {"path": "s.csv"}, "visits": {"path": "v.csv"}},
    }
    kinetics.run(parse(given, "plan").only(("groups",)), tmp_path)
    rows = list(read_csv(tmp_path / "ard" / "kinetics.csv"))
    (total,) = (row for row in rows if (row.group_by, row.group) == TOTAL)
    assert (total.statistic, total.value, total.note) == ("n_infused", 1, NO_SAMPLES)
    assert Ard.of(rows).absent("t_kinetics") == NO_SAMPLES
