"""Chunk files to operating characteristics: by hand, by another way, and however divided."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from durable.errors import UserError
from durable.outputs.interim import stops
from durable.plan import Decision, Plan, Scenario, Simulation
from durable.simulate import operating
from durable.simulate import tally as tallies
from durable.simulate.characteristics import Measure, measures
from durable.simulate.checks import decisions_frame, missing_data, theory_frame
from durable.simulate.keys import Key
from durable.simulate.sums import exact_sum
from durable.simulate.tally import Tally, tally_chunks
from durable.stage import STAGES
from tests.simulate import chunks

NAN = math.nan
FEW = 60


def ran(of: Plan, folder: Path) -> dict[str, bytes]:
    gathered = STAGES["gather"].part_of(of)
    operating.write_operating(gathered, folder, chunks.truth_frame(of))
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.csv")
    }


def test_sums_are_exact_whatever_the_order() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=2000) * 10.0 ** rng.integers(-12, 12, 2000)
    found = exact_sum(values)
    assert float(found) == math.fsum(values)
    assert exact_sum(rng.permutation(values)) == found
    assert exact_sum(values[:700]) + exact_sum(values[700:]) == found


def test_sums_lose_nothing_where_floats_do() -> None:
    assert exact_sum(np.array([1e17, 1.0, -1e17])) == 1
    assert exact_sum(np.zeros(0)) == 0


def test_sums_refuse_what_has_no_sum() -> None:
    with pytest.raises(ValueError, match="finite"):
        exact_sum(np.array([NAN]))


#: Five trials with a true median of 10: a value of 8 in (4, 12); one of 14 in (11, 20), which
#: misses; one of 14 in (9, open); not reached, from 6 on; and one without events or subjects.
FIVE = pd.DataFrame(
    {
        "SCENARIO": "s",
        "DEFN": "primary",
        "TRIAL": np.arange(5),
        "ESTIMATE": "median DOR",
        "METHOD": "log-log",
        "N": [9, 9, 9, 9, 0],
        "X": [5, 5, 5, 2, 0],
        "VALUE": [8.0, 14.0, 14.0, NAN, NAN],
        "LOWER": [4.0, 11.0, 9.0, 6.0, NAN],
        "UPPER": [12.0, 20.0, NAN, NAN, NAN],
    }
)


def five(tmp_path: Path, true: float = 10.0) -> dict[str, Measure]:
    FIVE.to_parquet(tmp_path / "0.parquet")
    truth = {("s", "median DOR"): true}
    (tally,) = tally_chunks([tmp_path / "0.parquet"], truth).values()
    return {measure.name: measure for measure in measures(tally, true)}


def test_measures_by_hand(tmp_path: Path) -> None:
    found = five(tmp_path)
    assert (found["mean"].value, found["bias"].value, found["bias"].trials) == (12.0, 2.0, 3)
    # Deviations -4, 2, 2: 24 / 2 = 12.
    assert found["empirical SD"].value == pytest.approx(math.sqrt(12))
    assert found["bias"].mcse == pytest.approx(2.0)
    assert found["empirical SD"].mcse == pytest.approx(math.sqrt(12 / 4))
    # Of four intervals three hold 10, two of them open above.
    assert (found["coverage"].value, found["coverage"].trials) == (0.75, 4)
    assert found["coverage"].mcse == pytest.approx(math.sqrt(0.75 * 0.25 / 4))
    assert (found["open upper"].value, found["interval"].value) == (0.5, 0.8)
    # Widths 8 and 9: mean 8.5, SD 1 / sqrt(2), over sqrt(2).
    assert (found["mean width"].value, found["mean width"].trials) == (8.5, 2)
    assert found["mean width"].mcse == pytest.approx(0.5)
    assert found["estimable"].value == 0.6
    # Of 8, 14, 14 and one not reached, the middle two are 14.
    assert (found["median"].value, found["median"].trials) == (14.0, 4)


def test_without_a_true_value_there_is_no_bias_and_no_coverage(tmp_path: Path) -> None:
    found = five(tmp_path, true=NAN)
    assert math.isnan(found["bias"].value)
    assert math.isnan(found["coverage"].value)
    assert found["mean"].value == 12.0


def test_nothing_estimable_is_not_a_number() -> None:
    found = {measure.name: measure for measure in measures(Tally(trials=4), 10.0)}
    assert all(math.isnan(found[name].value) for name in ("mean", "bias", "coverage", "mean width"))
    assert found["estimable"].value == 0.0


def test_median_not_reached_by_half_is_not_estimable() -> None:
    tally = Tally(trials=4, counted=4, estimable=1, by_value=tallies.Counter({5.0: 1}))
    (median,) = (m for m in measures(tally, 10.0) if m.name == "median")
    assert math.isnan(median.value)


def test_measures_as_pandas_has_them(tmp_path: Path) -> None:
    of = chunks.plan(FEW)
    rows = chunks.frame(of)
    files = ran(of, chunks.write(of, rows, tmp_path))
    found = pd.read_csv(tmp_path / "operating.csv")
    assert "operating.csv" in files
    keys = ["SCENARIO", "DEFN", "ESTIMATE"]
    rows = rows.merge(chunks.truth_frame(of), on=["SCENARIO", "ESTIMATE"])
    rows["WIDTH"] = rows["UPPER"] - rows["LOWER"]
    some = rows[["LOWER", "UPPER"]].notna().any(axis=1)
    held = (rows["LOWER"].fillna(-1) <= rows["TRUE"]) & (rows["UPPER"].fillna(1e9) >= rows["TRUE"])
    rows["COVERS"] = held.where(some).astype(float)
    by = rows.groupby(keys)
    expected = {
        "mean": by["VALUE"].mean(),
        "empirical SD": by["VALUE"].std(),
        "coverage": by["COVERS"].mean(),
        "mean width": by["WIDTH"].mean(),
    }
    for measure, values in expected.items():
        got = found.loc[found["MEASURE"] == measure].set_index(keys)["VALUE"]
        pd.testing.assert_series_equal(got.sort_index(), values, check_names=False, rtol=1e-9)


def test_same_bytes_whatever_the_chunks_and_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = chunks.plan(FEW)
    rows = chunks.frame(of)

    def gathered(number: int, rows: pd.DataFrame) -> dict[str, bytes]:
        divided = chunks.plan(FEW, chunks=number)
        return ran(divided, chunks.write(divided, rows, tmp_path / str(number)))

    one, more = gathered(1, rows), gathered(FEW + 1, rows)
    monkeypatch.setattr(tallies, "_BATCH", 101)
    assert one == more == gathered(3, rows.iloc[::-1])
    assert len(one) == 7


@pytest.mark.parametrize("wrong", ["lost", "twice", "another"])
def test_refuses_trials_lost_or_counted_twice(tmp_path: Path, wrong: str) -> None:
    of = chunks.plan(FEW)
    rows = chunks.frame(of)
    last = rows["TRIAL"] == FEW - 1
    changed = {
        "lost": rows.loc[~last],
        "twice": pd.concat([rows, rows.loc[last]]),
        "another": rows.assign(TRIAL=rows["TRIAL"].where(~last, 0)),
    }[wrong]
    with pytest.raises(UserError, match="not each of the 60 trials once"):
        ran(of, chunks.write(of, changed, tmp_path))


def test_refuses_chunks_without_an_estimate_of_a_scenario(tmp_path: Path) -> None:
    of = chunks.plan(FEW)
    rows = chunks.frame(of)
    with pytest.raises(UserError, match="nothing of monthly, primary"):
        ran(of, chunks.write(of, rows.loc[rows["SCENARIO"] != "monthly"], tmp_path))


def test_probability_of_stopping_by_hand(tmp_path: Path) -> None:
    of = chunks.plan(FEW)
    ran(of, chunks.write(of, chunks.frame(of), tmp_path))
    found = pd.read_csv(tmp_path / "decisions.csv").set_index(["SCENARIO", "DECISION"])
    futility = found.loc[("expected", "futility")]
    # P(X <= 3) of binomial(10, 0.6), from tables: 0.0548.
    assert futility["EXACT"] == pytest.approx(0.0548, abs=5e-5)
    rows = chunks.frame(of).query("SCENARIO == 'expected' and DEFN == 'primary'")
    few = rows.loc[rows["ESTIMATE"] == "rate M3", "X"] < 4
    assert futility["PROBABILITY"] == pytest.approx(few.mean())
    assert futility["MCSE"] == pytest.approx(math.sqrt(few.mean() * (1 - few.mean()) / FEW))
    # Under Beta(1 + X, 11 - X), P(rate > 0.4) is 0.0302 at X = 1 and 0.119 at X = 2.
    assert found.loc[("expected", "bayes"), "STOPS_UP_TO"] == 1
    missing = found.loc[("missing", "futility")]
    assert math.isnan(missing["EXACT"])
    assert missing["NOTE"] == "assessments are missing"


def test_posterior_rule_without_a_denominator_does_not_stop() -> None:
    of = chunks.plan()
    rule = Decision(visit="M3", stop_if_probability_below=1.0, rate_above=0.4)
    assert stops(rule, 1, 1, of.statistics.beta_prior)
    assert not stops(rule, 0, 0, of.statistics.beta_prior)


def test_closed_form_only_where_all_are_assessed() -> None:
    of = chunks.plan()
    complete = Scenario(improvement={"M3": 0.6})
    assert missing_data(complete, "M3", of) == ""
    for lost in ("missed_visit", "dropout_per_month", "deaths_per_month"):
        assert missing_data(complete.model_copy(update={lost: 0.1}), "M3", of)
    short = complete.model_copy(update={"follow_up_months": 2.0})
    assert missing_data(short, "M3", of) == "not all are assessed at the cut-off"


def test_exact_probability_of_unlike_dose_levels() -> None:
    truth = Scenario(
        subjects=2,
        improvement={"M3": 0.5},
        dose_levels={"1": 1, "2": 1},
        improvement_by_dose={"2": -0.25},
    )
    rule = {"futility": Decision(visit="M3", stop_if_fewer_than=1)}
    of = chunks.plan(simulation=None)
    simulation = Simulation(trials=4, scenarios={"doses": truth}, decisions=rule)
    of = of.model_copy(update={"simulation": simulation})
    tally = Tally(trials=4, pairs=tallies.Counter({(2, 0): 1, (2, 1): 3}))
    found = decisions_frame({Key("doses", "primary", "rate M3", "clopper-pearson"): tally}, of)
    # Nobody improves with 1/2 x 3/4.
    assert found.loc[0, "EXACT"] == pytest.approx(3 / 8)
    assert found.loc[0, "PROBABILITY"] == 0.25
    # (1/4 - 3/8) / sqrt(3/8 x 5/8 / 4)
    assert found.loc[0, "Z"] == pytest.approx(-0.125 / math.sqrt(15 / 256))


def test_wrong_coverage_is_flagged() -> None:
    of = chunks.plan(2000)
    key = Key("expected", "primary", "rate M3", "clopper-pearson")

    def row(covered: int) -> pd.Series:
        tally = Tally(trials=2000, intervals=2000, covered=covered)
        return theory_frame({key: tally}, of).iloc[0]

    # Exact 0.98166, so 1963 of 2000; one standard error is 6.
    right, wrong = row(1963), row(1963 - 19)
    assert right["EXACT"] == pytest.approx(0.98166, abs=5e-6)
    assert (right["AGREES"], wrong["AGREES"]) == ("Y", "N")
    assert wrong["Z"] == pytest.approx((1944 / 2000 - 0.9816588) / 0.0030003, abs=0.01)


def test_families_differ_in_spacing_alone() -> None:
    of = chunks.plan()
    assert of.simulation is not None
    found = operating.spacing_frame(of.simulation)
    assert found["SCENARIO"].tolist() == ["monthly", "half_yearly", "expected"]
    assert found["FAMILY"].tolist() == [1, 1, 1]


def test_without_a_simulation_the_user_is_told(tmp_path: Path) -> None:
    of = chunks.plan().model_copy(update={"simulation": None})
    with pytest.raises(UserError, match="simulation: not in the configuration"):
        operating.write_operating(of, tmp_path, chunks.truth_frame(chunks.plan()))


def test_a_chunk_without_trials_adds_nothing(tmp_path: Path) -> None:
    """More chunks than blocks of trials leave some empty, whose columns of text have no type."""
    empty = FIVE.iloc[:0].astype(dict.fromkeys(("SCENARIO", "DEFN", "ESTIMATE", "METHOD"), object))
    empty.to_parquet(tmp_path / "1.parquet")
    FIVE.to_parquet(tmp_path / "0.parquet")
    alone = tally_chunks([tmp_path / "0.parquet"], {})
    assert tally_chunks([tmp_path / "1.parquet", tmp_path / "0.parquet"], {}) == alone
