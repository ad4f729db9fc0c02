"""Invented studies: package and independent calculation agree where the demo has no case."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.independent import expected, study
from tests.independent.conftest import ROOT, Results, analyse
from tests.independent.deviations import deviations, judged
from tests.independent.drug_free import drug_free, times
from tests.independent.expected import Key, Value
from tests.independent.exposure import exposure
from tests.independent.invented import write_study
from tests.independent.monitoring import monitoring
from tests.independent.over_time import over_time
from tests.independent.reinfusion import reinfusion
from tests.independent.subgroups import subgroups
from tests.independent.test_ard import differences
from tests.independent.test_deviations import recorded

#: Tables of the demo's plan that an invented study does not have.
LEFT_OUT = ("  screening:", "  eligibility:", "  laboratory:")


def analysed(folder: Path, seed: int, n: int, cutoff: date, *, reinfused: bool) -> Results:
    """The package's results of an invented study, by the demo's plan."""
    write_study(folder / "data", seed, n, reinfused=reinfused)
    plan = (ROOT / "config" / "config.yaml").read_text()
    plan = plan.replace("data/demo", str(folder / "data")).replace("2024-06-30", str(cutoff))
    # Turnbull's estimate is compared on the demo: the plain iteration takes long for many subjects.
    for variant in ("interval_censored", "infused_and_eligible"):
        before, _, after = plan.partition(f"  {variant}:\n")
        plan = before + "".join(after.splitlines(keepends=True)[2:])
    # Eligibility has invented children of its own (test_eligibility.py), blood counts the demo's.
    lines = plan.splitlines(keepends=True)
    plan = "".join(one for one in lines if not one.startswith(LEFT_OUT))
    (folder / "plan.yaml").write_text(plan)
    analyse(folder / "plan.yaml", folder / "results")
    return Results("invented", folder / "results")


def own_rows(folder: Path, cutoff: date, monkeypatch: pytest.MonkeyPatch) -> dict[Key, Value]:
    monkeypatch.setattr(study, "DATA", folder / "data")
    for variant in ("interval_censored", "infused_and_eligible"):
        monkeypatch.delitem(study.VARIANTS, variant)
    return (
        expected.everything(cutoff)
        | expected.safety(cutoff)
        | subgroups(cutoff)
        | over_time(cutoff)
        | drug_free(cutoff)
        | monitoring(cutoff)
        | exposure(cutoff, b_cells=False)
        | deviations(cutoff, screened=False)
        | reinfusion(cutoff)
    )


def agrees(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
    n: int,
    day: date,
    *,
    reinfused: bool = False,
) -> Results:
    results = analysed(folder, seed, n, day, reinfused=reinfused)
    own = own_rows(folder, day, monkeypatch)
    assert own.keys() ^ results.ard.keys() == set()
    assert differences(results.ard, own) == {}
    records_agree(results, day)
    assert recorded(results) == judged(day, screened=False)
    return results


@pytest.mark.slow
def test_a_study_with_every_kind_of_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = agrees(tmp_path, monkeypatch, seed=12, n=25, day=date(2024, 5, 31))
    ends = {
        record["EVNTDESC"]
        for record in results.records("adam/adtte")
        if record["PARAMCD"] in ("DOR", "EFS", "TTREM")
    }
    ends_of_all = (
        *(expected.EVENTS, expected.REMITTED, expected.FAILED),
        *(expected.CENSORED, expected.CENSORED_EARLY),
    )
    every = {what for kind in ends_of_all for what in kind.values()}
    assert ends == every


@pytest.mark.slow
def test_a_study_followed_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = agrees(tmp_path, monkeypatch, seed=45, n=25, day=date(2026, 5, 31))
    ends = {record["EVNTDESC"] for record in results.records("adam/adtte")}
    assert not ends & {"REMISSION NOT YET DUE", "NEXT ASSESSMENT NOT YET DUE"}


@pytest.mark.slow
def test_a_study_so_small_that_curves_end_on_a_plateau(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Groups without a remission; follow-up ends on the level of its median: there is none."""
    results = agrees(tmp_path, monkeypatch, seed=10, n=6, day=date(2024, 3, 31))
    follow_up = results.ard["t_dor", "primary", "total", "Total", "DOR", "follow_up"]
    assert follow_up[0] is None


@pytest.mark.slow
def test_a_study_in_which_half_are_infused_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = agrees(tmp_path, monkeypatch, 12, 30, date(2025, 5, 31), reinfused=True)
    ended = [
        record["PARAMCD"]
        for record in results.records("adam/adtte")
        if record["SRCVAR"] == "reinfusion_date"
    ]
    assert {"DOR", "EFS", "TTREM", "TTGCFREE"} <= set(ended)
    total = ("t_reinfusion", "primary", "total", "Total")
    assert results.ard[*total, "REINFUSED", "n"][0] > 5
    assert results.ard[*total, "CRS_GRADE_3_5", "n"][0] > 0


def records_agree(results: Results, cutoff: date) -> None:
    """Each record of each variant, with its source."""
    mine = {
        v: study.durations(study.subjects(cutoff), study.rules(cutoff, v)) for v in study.VARIANTS
    }
    mine["primary"] |= times(study.subjects(cutoff), study.rules(cutoff))
    records = [*results.records("adam/adtte"), *results.records("adam/sensitivity/adtte")]
    for record in records:
        own = mine[record.get("ANALYSIS", "primary")][record["PARAMCD"]][record["SUBJID"]]
        found = (record["STARTDT"], record["ADT"], record["EVNTDESC"], record["LOWDT"])
        assert found == (own.start, own.end.date, own.end.what, own.end.low), record
        source = (record["SRCDOM"], record["SRCVAR"], record["SRCSEQ"])
        assert source == own.end.source, record
