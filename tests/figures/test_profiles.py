"""Patient profiles: what is known of a subject stands on its page, from the datasets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from durable.figures import drawings, profile_points
from durable.figures.profile_axis import TimeAxis
from durable.figures.style import settings
from durable.outputs.datasets import AnalysisDatasets
from durable.plan import Outputs
from tests.derive.build import ACTIVE, INACTIVE, date, derived, plan, subject, visit
from tests.figures.layout import PLAN, SPECS, misplaced, smallest_type, words


@pytest.fixture(autouse=True)
def _settings() -> Iterator[None]:
    with settings():
        yield


def study() -> AnalysisDatasets:
    """S1 is in remission on day 60 and dies on day 200; S2 is never in remission."""
    rows = [
        *(visit(-10, ACTIVE), visit(60, INACTIVE), visit(90, INACTIVE)),
        *(visit(-10, ACTIVE, "S2"), visit(60, ACTIVE, "S2")),
    ]
    dead = {"death_date": date(200), "last_contact_date": date(200)}
    datasets = derived([subject("S1", **dead), subject("S2", last_contact_date=date(100))], rows)
    return AnalysisDatasets(datasets.adsl, datasets.adrs, datasets.adtte)


def events() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "SUBJID": "S1",
            "AEDECOD": ["Pyrexia", "Neutropenia", "Before"],
            "AETERM": "x",
            "ASTDT": [date(1), date(5), date(-20)],
            "AENDT": [date(2), None, date(-19)],
            "AETOXGR": pd.array([1, 4, 5], dtype="Int64"),
            "AESER": ["N", "Y", "N"],
            "TRTEMFL": ["Y", "Y", "N"],
            "AOUT": ["RECOVERED", "NOT RECOVERED", "FATAL"],
            "ONGOFL": ["", "Y", ""],
        }
    ).astype({"ASTDT": "datetime64[ns]", "AENDT": "datetime64[ns]"})


def numbers(points: pd.DataFrame, name: str) -> dict[str, str]:
    rows = points.loc[(points["subject"] == name) & (points["section"] == "number")]
    return dict(zip(rows["label"], rows["text"], strict=True))


def test_key_numbers_are_those_of_the_datasets() -> None:
    datasets = study()
    found = profile_points.points(
        AnalysisDatasets(datasets.adsl, datasets.adrs, datasets.adtte, events()), plan()
    )
    first, second = numbers(found, "S1"), numbers(found, "S2")
    score = datasets.adrs.loc[datasets.adrs["PARAMCD"] == "TIS", "AVAL"].iloc[0]
    assert first["Improved at M2"] == f"yes (TIS {score:g})"
    assert second["Improved at M2"] == "no (TIS 0)"
    assert first["First remission"].startswith("day 60 ")
    # Days are end - start + 1: 200 - 60 + 1 = 141 days, 4.6 months of 30.4375 days.
    assert first["Duration of response"] == "4.6 months (death)"
    assert second["First remission"] == "none"
    assert second["Duration of response"] == "not applicable"
    # The event before the infusion is not treatment-emergent.
    assert first["Worst TEAE grade"] == "4 (2 events, 1 serious)"
    assert second["Worst TEAE grade"] == "no event"


def test_points_are_days_since_infusion_and_an_event_without_an_end_is_open() -> None:
    datasets = study()
    found = (
        profile_points.points(
            AnalysisDatasets(datasets.adsl, datasets.adrs, datasets.adtte, events()), plan()
        )
        .set_index(["subject", "section"])
        .sort_index(kind="stable")
    )
    shown = found.loc[("S1", "event")]
    assert shown["label"].tolist() == ["Pyrexia", "Neutropenia"]
    assert shown["start_day"].tolist() == [1, 5]
    assert shown["end_day"].isna().tolist() == [False, True]
    assert found.loc[("S1", "status"), "text"].tolist() == ["N", "Y", "Y"]
    course = found.loc[("S1", "course")].set_index("label")
    assert course.loc["bar", "end_day"] == 200
    assert course.loc["remission", "start_day"] == 60
    assert course.loc["death", "start_day"] == 200


@pytest.mark.parametrize(
    ("outcome", "ongoing", "end"),
    [("RECOVERED", "", 5), ("FATAL", "", None), ("NOT RECOVERED", "Y", None), (None, "Y", None)],
)
def test_an_event_that_resolved_on_a_day_not_recorded_ends_where_it_began(
    outcome: str | None, ongoing: str, end: float | None, tmp_path: Path
) -> None:
    datasets, adae = study(), events()
    adae.loc[1, ["AOUT", "ONGOFL"]] = [outcome, ongoing]
    found = profile_points.points(
        AnalysisDatasets(datasets.adsl, datasets.adrs, datasets.adtte, adae), plan()
    )
    event = found.loc[found["label"] == "Neutropenia"].iloc[0]
    assert event["start_day"] == 5
    assert (None if pd.isna(event["end_day"]) else event["end_day"]) == end
    # The shortest bar, 0.9 mm; else one to the end of follow-up on day 200.
    (page, _second) = pages(found, tmp_path)
    (width,) = bars(page, to_rgba("#B30000"))
    assert (width == 0.9) == (end is not None)


def bars(page: Figure, colour: tuple[float, ...]) -> list[float]:
    """Widths, in millimetres, of the bars of a colour."""
    (drawn,) = (part for part in page.axes[0].collections if part.get_gid() == "bars")
    return [
        round(float(path.get_extents().width), 3)
        for path, face in zip(drawn.get_paths(), drawn.get_facecolor(), strict=True)
        if tuple(face) == colour
    ]


LONG = "Quantitative PCR of the transgene in peripheral blood (vector copies)"


def kinetics(*units: str) -> AnalysisDatasets:
    """The study with concentrations of S1 by one assay with a long name, in these units."""
    datasets = study()
    samples = {"SUBJID": "S1", "PARCAT1": LONG, "BLQFL": "N", "LLOQ": 50.0, "PKSUMXF": None}
    adpc = pd.DataFrame(
        [
            samples | {"AVALU": unit, "AFRLT": day, "AVAL": value}
            for unit in units
            for day, value in ((7.0, 1000.0), (14.0, 20.0))
        ]
    )
    adpp = pd.DataFrame(
        [
            {"SUBJID": "S1", "PARCAT1": LONG, "PARCAT2": unit, "PARCAT3": code, "AVAL": value}
            for unit in units
            for code, value in (("CMAX", 1000.0), ("TMAX", 7.0))
        ]
    )
    return AnalysisDatasets(datasets.adsl, datasets.adrs, datasets.adtte, adpc=adpc, adpp=adpp)


def test_a_long_name_of_an_assay_lies_on_no_value_and_hides_neither_unit_nor_scale(
    tmp_path: Path,
) -> None:
    page, _ = pages(profile_points.points(kinetics("copies/ug DNA"), plan()), tmp_path)
    assert misplaced(page) == []
    found = " ".join(words(page))
    assert "1,000 copies/ug DNA, day 7" in found
    # 20 and 1,000 copies are between 10 and 1,000.
    assert f"{LONG} (copies/ug DNA), log 10-1,000" in found
    assert f"Cmax, {LONG}".split()[-1] in found


def test_peaks_of_an_assay_in_two_units_are_two_key_numbers() -> None:
    one = numbers(profile_points.points(kinetics("copies/ug DNA"), plan()), "S1")
    assert one[f"Cmax, {LONG}"] == "1,000 copies/ug DNA, day 7"
    two = numbers(profile_points.points(kinetics("copies/ug DNA", "copies/mL"), plan()), "S1")
    assert two[f"Cmax, {LONG} (copies/ug DNA)"] == "1,000 copies/ug DNA, day 7"
    assert two[f"Cmax, {LONG} (copies/mL)"] == "1,000 copies/mL, day 7"


def test_a_study_with_more_subjects_than_the_plan_allows_has_none_and_says_so(
    tmp_path: Path,
) -> None:
    few = plan().model_copy(update={"outputs": Outputs(patient_profiles=1)})
    found = profile_points.points(study(), few)
    assert len(found) == 0
    path = tmp_path / "f_profiles.csv"
    found.to_csv(path, index=False)
    (page,), _ = drawings.draw(SPECS["profiles"], path, few)
    assert any("more than 1" in text for text in words(page))


def pages(points: pd.DataFrame, folder: Path) -> list[Figure]:
    path = folder / "f_profiles.csv"
    points.to_csv(path, index=False)
    return drawings.draw(SPECS["profiles"], path, PLAN)[0]


def test_each_subject_has_a_page_of_one_size_on_which_nothing_overlaps(tmp_path: Path) -> None:
    datasets = study()
    drawn = pages(
        profile_points.points(
            AnalysisDatasets(datasets.adsl, datasets.adrs, datasets.adtte, events()), plan()
        ),
        tmp_path,
    )
    assert len({tuple(page.get_size_inches()) for page in drawn}) == 1
    assert drawn[0].get_figheight() < 250 / 25.4
    for page, name in zip(drawn, ("S1", "S2"), strict=True):
        assert any(f"Patient profile: {name}" in text for text in words(page))
        assert misplaced(page) == []
        assert smallest_type(page) >= 8
    assert "Neutropenia 4*" in words(drawn[0])
    assert "Adverse events: none" in words(drawn[1])


def test_a_page_names_the_worst_events_and_says_how_many_there_are(tmp_path: Path) -> None:
    header = ",".join(SPECS["profiles"].columns)
    rows = "".join(
        f"S1,,event,Event number {i} with a long name of many words,{i},{i + 3},{1 + i % 4},\n"
        for i in range(90)
    )
    path = tmp_path / "f_profiles.csv"
    path.write_text(f"{header}\nS1,,course,bar,0,300,,\n{rows}")
    (page,), _ = drawings.draw(SPECS["profiles"], path, PLAN)
    found = words(page)
    assert any("of 90 shown" in text for text in found)
    lanes = [text for text in found if text.startswith("Event number")]
    assert {text[-1] for text in lanes[:7]} == {"4"}
    assert misplaced(page) == []
    assert page.get_figheight() < 250 / 25.4


def test_the_time_axis_is_wide_at_first_and_in_order() -> None:
    axis = TimeAxis(-28, 700, 0, 100, 30.4375)
    places = axis.positions(pd.Series([-28.0, 0, 35, 700, 900]).to_numpy())
    assert places.tolist() == pytest.approx([0, 18.667, 42, 100, 100], abs=0.001)
    assert [label for _, label in axis.ticks][:5] == ["-28", "0", "7", "14", "28"]
    assert axis.ticks[-1][1] == "M21"
    short = TimeAxis(0, 60, 0, 100, 30.4375)
    assert short.positions(pd.Series([30.0]).to_numpy()).tolist() == [50]


def test_profiles_of_no_subject_are_a_page_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "f_profiles.csv"
    path.write_text(",".join(SPECS["profiles"].columns) + "\n")
    (page,), _ = drawings.draw(SPECS["profiles"], path, PLAN)
    assert misplaced(page) == []
