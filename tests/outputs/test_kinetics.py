"""ADPC, ADPP and their summaries: odd profiles, groups without anyone, and who counts where."""

from __future__ import annotations

import re
from math import exp, isnan, log, nan, sqrt
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from durable.contracts.adam.adpc import ADPC
from durable.contracts.adam.adpp import ADPP
from durable.contracts.adam.registry import dataset_specs
from durable.contracts.results import NO_SAMPLES, TOTAL, Result
from durable.contracts.tables import NATIVE_COLUMNS
from durable.derive.endpoints import EVERY_ENDPOINT
from durable.derive.kinetics import Assay, concentrations, parameter_codes, parameters
from durable.display.record_view import cell_text
from durable.figures.kinetics import profiles
from durable.outputs.ard import Ard
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.kinetics import OUTPUT, kinetics_statistics
from durable.outputs.listings.kinetics_parameters import LISTING as PARAMETERS
from durable.outputs.table import Row
from durable.plan import Exposure, Kinetics, Persistence, parse
from tests.derive.build import date
from tests.derive.events import adsl, child, never_infused
from tests.outputs.analysed import NONE, results_of

pytestmark = pytest.mark.requirement("KIN-02", "KIN-03")

RULE = Kinetics()
METADATA = {dataset.name: dataset for dataset in dataset_specs(EVERY_ENDPOINT)}
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
    adpc = ADPC.validate(concentrations(sl, samples(rows), rule.last_day))
    return adpc, ADPP.validate(parameters(adpc, rule))


def values(adpp: pd.DataFrame, name: str = "S1") -> dict[str, float]:
    mine = adpp.loc[adpp["USUBJID"] == name]
    return dict(zip(mine["PARAMCD"], mine["AVAL"], strict=True))


def flags(adpp: pd.DataFrame, name: str = "S1") -> dict[str, Any]:
    mine = adpp.loc[adpp["USUBJID"] == name]
    return dict(zip(mine["PARAMCD"], mine["FLAG"], strict=True))


def summary(adpp: pd.DataFrame, code: str, infused: int = 3) -> dict[str, float]:
    rows = kinetics_statistics(code, adpp.loc[adpp["PARCAT3"] == code], infused)
    return {row.name: row.value for row in rows}


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


def test_an_area_of_zero_with_cells_is_not_one_of_a_subject_without() -> None:
    """S1 has its only cells on day 0, S2 never any, S3 a course; by linear trapezoids."""
    rule = Kinetics(method="linear")
    rows = [
        *profile({0: 5.0, 7: None, 14: None}),
        *profile(dict.fromkeys(EXAMPLE), "S2"),
        *profile(EXAMPLE, "S3"),
    ]
    adpp = datasets(rows, [child(), child("S2"), child("S3")], rule)[1]
    assert [values(adpp, name)["AUCLAST"] for name in ("S1", "S2")] == [0, 0]
    found = summary(adpp, "AUCLAST")
    assert (found["n"], found["n_not_detected"], found["n_detected"]) == (3, 1, 2)
    assert isnan(found["geo_mean_detected"])
    records = adpp.loc[adpp["PARCAT3"] == "AUCLAST"]
    notes = {row.name: row.note for row in kinetics_statistics("AUCLAST", records, 3)}
    assert notes["geo_mean"] == "1 not detected, 1 measured as 0: no logarithm"


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


def at(day: int, *timed: tuple[str | None, float | None], **given: Any) -> list[Any]:
    """Samples of one day, each with its time."""
    return [
        row
        for time, value in timed
        for row in profile({day: value}, **{"sample_time": time} | given)
    ]


def test_all_timed_results_of_a_day_count_at_their_time() -> None:
    """50 at 16:00 is the peak, eight hours, a third of a day, after 32.69 at 08:00."""
    others = profile({day: value for day, value in EXAMPLE.items() if day != 7})
    adpc, adpp = datasets(others + at(7, ("16:00", 50.0), ("08:00", 32.69)))
    found = values(adpp)
    assert found["CMAX"] == 50
    assert found["TMAX"] == pytest.approx(7 + 1 / 3, rel=1e-12)
    assert adpc["ANL01FL"].eq("Y").all()
    # To day 10 by hand: 4 x 1.5 / 2; 3 (1.5 + 32.69) / 2; (32.69 + 50) / 6 up;
    # 8/3 days down from 50 to 20. The rest of the 251.4862 is from day 10 on.
    early = 3 + 3 * 34.19 / 2 + 82.69 / 6 + (8 / 3) * 30 / log(50 / 20)
    usual = 3 + 3 * 34.19 / 2 + 3 * 12.69 / log(32.69 / 20)
    assert found["AUC0_90"] == pytest.approx(251.4862 - usual + early, abs=5e-5)


@pytest.mark.parametrize(
    ("timed", "peak", "day"),
    [
        ((("08:00", 4.0), ("18:00", 12.0)), 12, 11 + 10 / 24),
        ((("08:00", 12.0), ("18:00", 4.0)), 12, 11),
        ((("06:00", 4.0), ("12:00", 9.0), ("18:00", 7.0)), 9, 11.25),
        # Without time, as drawn at 00:00: the first of the day.
        (((None, 4.0), ("18:00", 12.0)), 12, 11.75),
        (((None, 12.0), ("18:00", 4.0)), 12, 11),
        # A draw without a result is no sample, and moves no other.
        ((("06:00", nan), ("08:00", 12.0)), 12, 11),
        ((("08:00", 12.0), ("10:00", nan)), 12, 11),
        (((None, 12.0), (None, nan)), 12, 11),
        # Of a single result the time says nothing, as that of the infusion is not recorded.
        ((("18:00", 12.0),), 12, 11),
        ((("08:00:00", 4.0), ("08:00:30", 12.0)), 12, 11 + 30 / 86400),
    ],
)
def test_peak_of_a_day_with_several_draws(
    timed: tuple[tuple[str | None, float | None], ...], peak: float, day: float
) -> None:
    rows = profile({0: None, 7: 2.0, 14: 1.0}) + at(11, *timed)
    found = values(datasets(rows)[1])
    assert (found["CMAX"], found["TMAX"]) == (peak, pytest.approx(day, rel=1e-12))


def test_persistence_takes_the_first_of_a_day_and_windows_are_of_whole_days() -> None:
    rows = at(28, ("08:00", None), ("18:00", 3.0)) + at(74, ("08:00", 2.0), ("18:00", None))
    found = values(datasets(rows)[1])
    assert (found["PERSD28"], found["PERSM2"]) == (0, 1)
    late = datasets(at(104, ("08:00", 2.0), ("18:00", 3.0)))[1]
    assert (values(late)["PERSM3"], values(late)["CMAX"]) == (1, 3)


@pytest.mark.parametrize(
    "without", [{"below_lloq": "N"}, {"below_lloq": None}, {"below_lloq": None, "lloq": nan}]
)
def test_a_sample_without_a_result_is_no_sample(without: dict[str, Any]) -> None:
    """Not the nearest of the window of day 28, nor the last sample, nor among those drawn."""
    rows = profile({26: 2.0, 90: None})
    adpc, adpp = datasets(rows + profile({28: nan, 95: nan}, **without))
    assert values(adpp)["PERSD28"] == 1
    assert values(adpp)["TLAST"] == 26
    unused = adpc.loc[adpc["BLQFL"].isna()]
    assert unused["AFRLT"].tolist() == [28, 95]
    assert unused[["AVAL", "ANL01FL"]].isna().all(axis=None)
    drawn = profiles(adpc, pd.Series({"S1": "1e7"}))
    assert drawn.loc[drawn["kind"] == "individual", "day"].tolist() == [26, 90]


def test_an_excluded_sample_is_no_sample_and_keeps_its_result() -> None:
    """900 on day 10 is neither the peak nor drawn; of day 104 none is left for persistence."""
    rows = profile({7: 30.0, 28: 2.0}) + profile({10: 900.0, 95: 5.0}, exclusion_reason="clotted")
    adpc, adpp = datasets(rows)
    found = values(adpp)
    assert (found["CMAX"], found["TMAX"], found["TLAST"]) == (30, 7, 28)
    assert isnan(found["PERSM3"])
    left_out = adpc.loc[adpc["PKSUMXF"] == "Y"]
    assert left_out["AVAL"].tolist() == [900, 5]
    assert left_out["NCAXRS"].tolist() == ["clotted", "clotted"]
    assert left_out["BLQFL"].tolist() == ["N", "N"]
    assert left_out["ANL01FL"].isna().all()
    drawn = profiles(adpc, pd.Series({"S1": "1e7"}))
    assert drawn.loc[drawn["kind"] == "individual", "day"].tolist() == [7, 28]


def test_an_excluded_sample_moves_no_other_of_its_day() -> None:
    """Excluded at 08:00; the one of 18:00 is the first of the day, so at day 11."""
    rows = profile({11: 4.0}, sample_time="08:00", exclusion_reason="haemolysed")
    rows += profile({11: 12.0}, sample_time="18:00")
    assert values(datasets(rows)[1])["TMAX"] == 11


def test_the_reason_without_a_result_is_that_there_is_none() -> None:
    without = profile({10: nan}, below_lloq="N", exclusion_reason="clotted")
    adpc = datasets(profile({7: 30.0}) + without)[0]
    assert adpc["NCAXRS"].tolist() == [None, "NO RESULT"]


def test_a_subject_whose_samples_are_all_excluded_has_no_record() -> None:
    rows = profile({7: 30.0}) + profile({7: 5.0}, "S2", exclusion_reason="clotted")
    subjects = [child(), child("S2")]
    adpp = datasets(rows, subjects)[1]
    assert set(adpp["USUBJID"]) == {"S1"}


def test_the_area_does_not_rest_on_a_last_sample_without_a_result() -> None:
    """Quantifiable on day 60, no result on day 90: not within the 14 days of the end."""
    measured = {day: value for day, value in EXAMPLE.items() if day <= 60}
    adpp = datasets(profile(measured) + profile({90: nan}, below_lloq="N"))[1]
    reasons = dict(zip(adpp["PARAMCD"], adpp["REASON"], strict=True))
    assert reasons["AUC0_90"] == "still quantifiable at the last result on day 60, before day 76"
    assert reasons["PERSM3"] == "no result in the window"


@pytest.mark.parametrize(
    "given",
    [
        {"value": 0.0, "below_lloq": "N"},
        {"value": 0.0, "below_lloq": None, "lloq": nan},
        {"value": nan, "below_lloq": "Y"},
        {"value": 0.05, "below_lloq": "Y"},
        {"value": 0.05, "below_lloq": "N"},
    ],
)
def test_zero_and_what_lies_below_its_limit_is_not_quantifiable(given: dict[str, Any]) -> None:
    rows = profile({7: 4.0, 28: 1.0}) + profile({60: 1.0}, **given)
    adpc, adpp = datasets(rows)
    found = values(adpp)
    assert (found["PERSM2"], found["TLAST"], found["CLAST"]) == (0, 28, 1)
    assert adpc["BLQFL"].tolist() == ["N", "N", "Y"]


def test_a_value_at_its_limit_is_quantifiable() -> None:
    assert values(datasets(profile({7: 4.0, 60: 0.1}))[1])["PERSM2"] == 1


@pytest.mark.parametrize(
    "days", [{0: None}, {0: 5.0}, {-7: None, 0: None}, {0: None, 105: 7.0}, {120: None}]
)
def test_without_a_result_in_the_three_months_after_infusion_nothing_is_calculable(
    days: dict[int, float | None],
) -> None:
    adpp = datasets(profile(days))[1]
    exposure = adpp.loc[~adpp["PARCAT3"].str.startswith("PERS")]
    assert exposure["AVAL"].isna().all()
    assert set(exposure["FLAG"]) == {"NC"}
    assert set(exposure["REASON"]) == {"no result after the day of infusion, up to day 104"}
    counted = summary(adpp, "CMAX", infused=1)
    assert (counted["n_not_detected"], counted["n_not_calculable"]) == (0, 1)


def test_samples_of_one_day_of_infusion_are_nothing_after_it() -> None:
    adpp = datasets(at(0, ("08:00", None), ("20:00", None)))[1]
    assert summary(adpp, "CMAX", infused=1)["n_not_detected"] == 0


@pytest.mark.parametrize(("day", "peak", "last"), [(104, 55, 104), (105, 30, 90), (180, 30, 90)])
def test_parameters_are_of_the_samples_up_to_the_last_day(day: int, peak: float, last: int) -> None:
    adpp = datasets(profile({7: 30.0, 28: 2.0, 90: 0.5, day: 55.0}))[1]
    found = values(adpp)
    assert (found["CMAX"], found["TLAST"]) == (peak, last)


def test_the_last_day_is_of_the_plan_and_not_before_the_end_of_an_area() -> None:
    rows = profile({7: 30.0, 90: 0.5, 180: 55.0})
    assert values(datasets(rows, rule=Kinetics(last_day=180))[1])["CMAX"] == 55
    with pytest.raises(ValidationError, match="last_day of at least 90, the last day of an area"):
        Kinetics(last_day=89)


def test_a_sample_after_the_last_day_is_not_interpolated_to_but_shows_persistence() -> None:
    """From day 60 to 180 would be a line over four months: not calculable as without it."""
    rule = Kinetics(persistence=(Persistence(label="M6", day=180, window=14),))
    adpp = datasets(profile({7: 30.0, 28: 4.0, 60: 2.0, 180: 1.0}), rule=rule)[1]
    assert flags(adpp)["AUC0_90"] == "NC"
    assert values(adpp)["PERSM6"] == 1
    # To a sample of day 100 it is: 2 x 2^(-3/4) on day 90, halving in 40 days.
    near = values(datasets(profile({7: 30.0, 28: 4.0, 60: 2.0, 100: 1.0}))[1])
    rate = log(2) / 40
    to_60 = 105 + 21 * 26 / log(30 / 4) + 32 * 2 / log(2)
    assert near["AUC0_90"] == pytest.approx(to_60 + 2 * (1 - 2**-0.75) / rate, rel=1e-12)


def test_infused_without_a_sample_have_a_row_and_all_add_up_to_n() -> None:
    """Of five: one measured, one only before, one never detected, one without result, one none."""
    subjects = [child(f"S{i}") for i in range(1, 6)]
    rows = profile({0: None, 7: 4.0}) + profile({0: None}, "S2")
    rows += profile({7: None, 90: None}, "S3") + profile({7: nan}, "S4", below_lloq="N")
    adpp = datasets(rows, subjects)[1]
    for code, calculable in (("CMAX", 2), ("TMAX", 1), ("AUC0_90", 1), ("PERSM3", 1)):
        found = summary(adpp, code, infused=5)
        assert (found["n"], found["n_no_sample"]) == (calculable, 2)
        assert found["n"] + found["n_not_calculable"] + found["n_no_sample"] == 5


TWO = [
    *profile({7: 30.0}),
    *profile({7: 4000.0}, assay="qPCR", unit="copies/ug DNA", lloq=50.0),
]


def test_codes_and_names_tell_assay_and_unit() -> None:
    _, adpp = datasets(TWO)
    peaks = adpp.loc[adpp["PARCAT3"] == "CMAX", ["PARAMCD", "PARAM", "AVAL"]]
    assert peaks.to_numpy().tolist() == [
        ["CMAXA", "Highest concentration, flow (cells/uL)", 30],
        ["CMAXB", "Highest concentration, qPCR (copies/ug DNA)", 4000],
    ]
    assert len(adpp) == adpp["PARAMCD"].nunique() == adpp["PARAM"].nunique() == 20
    one = datasets(profile({7: 30.0}))[1]
    assert one["PARAMCD"].equals(one["PARCAT3"])
    assert one["PARAM"].iloc[0] == "Highest concentration, flow (cells/uL)"


@pytest.mark.parametrize("assays", [1, 2, 26, 27])
def test_every_code_has_at_most_eight_characters_and_is_of_one_parameter(assays: int) -> None:
    areas = tuple(Exposure(day=day, extrapolation_days=3) for day in (7, 90, 365, 10000))
    labels = ("D28", "MONTH12", "MONTH24", "1", "M-2", "m2", "2")
    points = tuple(Persistence(label=label, day=28, window=3) for label in labels)
    rule = Kinetics(auc=areas, persistence=points, last_day=10000)
    names = sorted(Assay(f"assay {n}", "cells/uL") for n in range(assays))
    codes = parameter_codes(names, rule)
    assert len(codes) == len(set(codes.values())) == assays * (5 + 4 + 7)
    assert all(re.fullmatch("[A-Z][A-Z0-9_]{0,7}", code) for code in codes.values())
    for code in codes.values():
        METADATA["ADPP"].parameter(code)


def test_codes_that_do_not_fit_are_shortened() -> None:
    points = [Persistence(label=name, day=28, window=3) for name in ("MONTH12", "1", "D28")]
    areas = [Exposure(day=day, extrapolation_days=3) for day in (90, 365)]
    rule = Kinetics(auc=areas, persistence=points, last_day=365)
    found = [
        code
        for (_, _), code in parameter_codes([Assay("flow", "u"), Assay("q", "v")], rule).items()
    ]
    assert found[5:10] == ["AUC0_90A", "AUC365A", "PERS2A", "PERS1A", "PERSD28A"]


def test_assays_are_analysed_apart_and_only_of_the_infused() -> None:
    rows = profile(EXAMPLE) + profile({7: 4000.0}, assay="qPCR", unit="copies/ug DNA")
    rows += profile(EXAMPLE, name="S2")
    adpc, adpp = datasets(rows, [child(), never_infused("S2")])
    assert set(adpc["USUBJID"]) == {"S1"}
    peaks = adpp.loc[adpp["PARCAT3"] == "CMAX"].set_index("PARCAT1")
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
    frame = profiles(adpc, pd.Series({"S1": "1e7", "S2": "1e7"}))
    means = frame.loc[frame["kind"] == "geo_mean"]
    assert list(zip(means["day"], means["value"].round(9), strict=True)) == [(7, 6), (28, 2)]


def test_a_subject_counts_once_in_the_geometric_mean_of_a_nominal_day() -> None:
    """S1 twice on day 7, with geometric mean 6; with the 24 of S2 the mean is 12."""
    rows = at(7, ("08:00", 4.0), ("18:00", 9.0)) + profile({7: 24.0}, "S2")
    adpc, _ = datasets(rows, [child("S1"), child("S2")])
    frame = profiles(adpc, pd.Series({"S1": "1e7", "S2": "1e7"}))
    (mean,) = frame.loc[frame["kind"] == "geo_mean", "value"]
    assert mean == pytest.approx(12, rel=1e-12)


GIVEN = {
    "analysis": {"id": "a", "data_cutoff": "2024-06-30"},
    "study": {"id": "S-1"},
    "inputs": {"subjects": {"path": "s.csv"}, "visits": {"path": "v.csv"}},
    "groups": ["dose_level"],
}


def results(rows: list[Any], subjects: list[Any]) -> list[Result]:
    """Results of t_kinetics."""
    adpc, adpp = datasets(rows, subjects)
    given = AnalysisDatasets(adsl=adsl(subjects), adrs=NONE, adtte=NONE, adpc=adpc, adpp=adpp)
    return list(
        results_of(["t_kinetics"], given, parse(GIVEN, "plan").restrict_to(("groups", "subgroups")))
    )


def test_without_a_sample_the_table_says_why() -> None:
    """At a cut-off before the first sample."""
    rows = results([], [child()])
    (total,) = (row for row in rows if (row.group_by, row.group) == TOTAL)
    assert (total.statistic, total.value, total.note) == ("n_infused", 1, NO_SAMPLES)
    (row,) = OUTPUT.table_rows(OUTPUT.tables[0], Ard.from_results(rows), parse(GIVEN, "plan"))
    assert row == Row(f"Not made: {NO_SAMPLES}", ("", ""))


def test_an_assay_is_named_where_there_are_several_also_with_a_bar_in_its_name() -> None:
    """S2 has no sample of the second assay."""
    odd = profile({7: 9.0}, assay="CD19|CAR", unit="copies/ug")
    rows = results(profile({7: 4.0}) + odd + profile({7: 5.0}, "S2"), [child(), child("S2")])
    counted = {
        row.parameter: row.value
        for row in rows
        if row.statistic == "n_no_sample" and (row.group_by, row.group) == TOTAL
    }
    assert counted["CMAX", "flow (cells/uL)"] == 0
    assert counted["CMAX", "CD19|CAR (copies/ug)"] == 1
    shown = OUTPUT.table_rows(OUTPUT.tables[0], Ard.from_results(rows), parse(GIVEN, "plan"))
    headings = [row.label for row in shown if not row.cells and not row.indent]
    assert headings == ["CD19|CAR (copies/ug)", "flow (cells/uL)"]
    none = [row.cells for row in shown if row.label == "Infused, without a sample"]
    assert none == [("1", "1"), ("0", "0")]


@pytest.mark.parametrize("unit", ["cells/uL", "copies (per ug)"])
def test_an_area_is_in_the_unit_of_the_assay_times_days(unit: str) -> None:
    """Cmax is in the unit that the heading names, an area is not."""
    rows = results(profile({7: 4.0}, assay="flow (CD3+)", unit=unit), [child()])
    ard, the_plan = Ard.from_results(rows), parse(GIVEN, "plan")
    main, further = (
        [row.label for row in OUTPUT.table_rows(table, ard, the_plan)] for table in OUTPUT.tables
    )
    assert main[0] == further[0] == f"flow (CD3+) ({unit})"
    assert f"AUC from day 0 to 28 ({unit} x days)" in main
    assert [label for label in further if "AUC" in label] == [
        f"AUC to Tlast ({unit} x days)",
        f"AUC from day 0 to 28 ({unit} x days)",
        f"AUC from day 0 to 90 ({unit} x days)",
    ]
    assert not [label for label in main if label.startswith("Cmax") and "days" in label]


def test_one_assay_with_a_result_is_named_by_the_table_alone() -> None:
    """Not by the parameters of the results; the note of a number has it, with the unit."""
    codes = ("CMAX", "TMAX", "AUC0_28", "AUC0_90", "PERSD28")
    rows = results(TWO[:1] + profile({7: nan}, assay="qPCR", below_lloq="N"), [child()])
    assert {row.parameter for row in rows} >= {(code,) for code in codes}
    notes = {row.note for row in rows if row.statistic == "n_infused"}
    assert notes == {"flow (cells/uL)"}
    for table in OUTPUT.tables:
        shown = OUTPUT.table_rows(table, Ard.from_results(rows), parse(GIVEN, "plan"))
        assert next(iter(shown)) == Row("flow (cells/uL)")


def test_n_is_of_all_infused_as_the_table_names_them() -> None:
    """One of two has samples: N is 2, and the other has a row of its own."""
    rows = results(profile({7: 4.0}), [child("S1"), child("S2")])
    infused = {row.value for row in rows if row.statistic == "n_infused"}
    without = {row.value for row in rows if row.statistic == "n_no_sample"}
    assert (infused, without) == ({2}, {1})
    assert OUTPUT.population == "Safety Analysis Set (all infused)"


def test_a_group_without_any_sample_has_its_rows() -> None:
    other = child("S2", DOSELVL="3e7")
    rows = results(profile({7: 4.0}), [child("S1", DOSELVL="1e7"), other])
    found = {(row.group, row.statistic): row.value for row in rows if row.parameter == ("CMAX",)}
    assert (found["3e7", "n_infused"], found["3e7", "n_no_sample"], found["3e7", "n"]) == (1, 1, 0)


def test_small_concentrations_are_shown_with_three_significant_digits() -> None:
    """Peaks 0.03269 and 12.5 of one unit: both with the four decimals that the smaller needs."""
    rows = results(
        profile({7: 0.03269}, lloq=0.01) + profile({7: 12.5}, "S2"), [child(), child("S2")]
    )
    shown = OUTPUT.table_rows(OUTPUT.tables[0], Ard.from_results(rows), parse(GIVEN, "plan"))
    labels = [row.label for row in shown]
    peak = {row.label: row.cells[-1] for row in shown[labels.index("Cmax") + 1 :][:6]}
    assert peak == {
        "n": "2",
        "Geometric mean": "0.6392",  # sqrt(0.03269 x 12.5) = 0.639238...
        "Geometric CV (%)": peak["Geometric CV (%)"],
        "Median": "6.2663",
        "Minimum": "0.0327",
        "Maximum": "12.5000",
    }
    days = {row.label: row.cells[-1] for row in shown[labels.index("Tmax (days)") + 1 :][:4]}
    assert days == {"n": "2", "Median": "7.0", "Minimum": "7.0", "Maximum": "7.0"}


@pytest.mark.parametrize(
    ("peak", "shown"), [(32.69, "32.7"), (1.0, "1.0"), (0.999, "0.999"), (0.0004, "0.000400")]
)
def test_from_1_on_a_concentration_has_the_decimals_of_percentages(peak: float, shown: str) -> None:
    rows = results(profile({7: peak}, lloq=0.0001), [child()])
    table = OUTPUT.table_rows(OUTPUT.tables[1], Ard.from_results(rows), parse(GIVEN, "plan"))
    assert next(row.cells[-1] for row in table if row.label == "Maximum") == shown


@pytest.mark.parametrize(
    ("recorded", "shown"),
    [("251.4862", "251.49"), ("8.0", "8"), ("0.0004", "0.0004"), ("0.03269", "0.0327"), ("0", "0")],
)
def test_the_listing_of_parameters_shows_no_small_value_as_0(recorded: str, shown: str) -> None:
    column = next(c for c in PARAMETERS.variables(parse(GIVEN, "plan")) if c.name == "AVAL")
    assert cell_text({"AVAL": recorded}, column) == shown
    assert cell_text({"AVAL": ""}, column) == "NC"
