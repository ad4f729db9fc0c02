"""Survival estimates: time against lifelines and R, and numbers against R.

`python -m benchmarks.survival` (`--all`: lifelines on all samples, several minutes). See README.md.
"""

from __future__ import annotations

import argparse
import io
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt

from durable.stats.batch import KaplanMeierBatch, kaplan_meier_batch
from durable.stats.interval_censored import REPLICATES, turnbull
from durable.stats.survival import kaplan_meier

HERE = Path(__file__).parent
SAMPLES, SUBJECTS, LARGE = 10_000, 10, 100_000
LANDMARKS = (6.0, 12.0, 18.0)
ROUNDS = 10
#: Samples of a round that lifelines fits, without `--all`.
LIFELINES = 100
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Goal:
    """A ratio of two times, and the bound it should keep."""

    what: str
    ratio: float
    bound: float
    at_least: bool

    @property
    def kept(self) -> bool:
        """Whether the ratio keeps the bound."""
        return self.ratio >= self.bound if self.at_least else self.ratio <= self.bound

    def row(self) -> str:
        """The row of the table, as Markdown."""
        sign, verdict = (">=" if self.at_least else "<="), ("kept" if self.kept else "MISSED")
        return f"| {self.what} | {sign} {self.bound:,g} | {self.ratio:,.3g} | {verdict} |"


def main() -> int:
    """Measure, print and write the table; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="lifelines on all samples")
    per_round = SAMPLES // ROUNDS if parser.parse_args().all else LIFELINES
    rscript = shutil.which("Rscript")
    with tempfile.TemporaryDirectory() as name:
        goals, notes = small_samples(per_round, rscript, Path(name))
        goals = [*large_sample(rscript, Path(name)), *goals]
        notes.append(between_visits())
    text = report(goals, notes, rscript)
    print(text)
    (HERE / "results" / "survival.md").write_text(text)
    return int(not all(goal.kept for goal in goals))


def small_samples(
    per_round: int, rscript: str | None, folder: Path
) -> tuple[list[Goal], list[str]]:
    """Goals and notes on ten thousand samples of ten subjects, in rounds of batch, lifelines and R.

    Parameters
    ----------
    per_round
        Samples of a round that lifelines fits; its time is that of all, in proportion.
    rscript
        Program of R; None where it is not installed: its goals are then left out.
    folder
        For the files that R reads and writes.
    """
    times, events = simulated()
    first = seconds(lambda: answered(times, events), repeats=5)
    # As in a simulation, whose larger arrays come and go: memory that the process once got is not
    # given back after each batch, only to be asked for again.
    answered(np.tile(times, (10, 1)), np.tile(events, (10, 1)))
    batch, lifelines, r, r_longer = [], [], [], []
    answers, expected = [], []
    for block in np.array_split(np.arange(SAMPLES), ROUNDS):
        batch.append(seconds(lambda: answered(times, events), repeats=5))
        chosen = block[:per_round]
        spent, answer = lifelines_loop(times[chosen], events[chosen])
        lifelines.append(spent * SAMPLES / chosen.size)
        answers.append(answer)
        if rscript:
            loop, longer, numbers = r_loop(rscript, times[block], events[block], folder)
            r.append(loop * SAMPLES / block.size)
            r_longer.append(longer * SAMPLES / block.size)
            expected.append((numbers, numbers[:per_round]))
    notes = [
        f"batch of {SAMPLES:,} x {SUBJECTS}: {1000 * median(batch):.1f} ms, in a process that keeps"
        f" its memory as a simulation's does; {1000 * first:.1f} ms in one that gives it back"
    ]
    goals = [
        Goal(
            "10,000 samples of 10: lifelines loop (bare fit) / batch",
            ratio(lifelines, batch),
            5000,
            True,
        )
    ]
    if rscript:
        goals += [
            Goal(
                "10,000 samples of 10: R loop without landmarks / batch with them",
                ratio(r, batch),
                1000,
                True,
            ),
            Goal(
                "10,000 samples of 10: R loop (survfit, quantile, landmarks) / batch",
                ratio(r_longer, batch),
                1000,
                True,
            ),
        ]
        notes += compared_with_r(times, events, np.vstack([every for every, _ in expected]))
        notes += lifelines_compared(np.vstack(answers), np.vstack([part for _, part in expected]))
    return goals, notes


def simulated() -> tuple[Floats, Bools]:
    """Times in months and whether each is an event, a row a sample.

    Days over 30.4375: exponential, median 12 months, censored between 6 and 30 months.
    """
    rng = np.random.default_rng(20240607)
    duration = rng.exponential(12 / np.log(2), (SAMPLES, SUBJECTS))
    censored = rng.uniform(6, 30, (SAMPLES, SUBJECTS))
    days = np.ceil(np.minimum(duration, censored) * 30.4375)
    return days / 30.4375, duration <= censored


def answered(times: Floats, events: Bools) -> KaplanMeierBatch:
    """Estimate what is asked of each sample: curve, median and landmarks, all with limits."""
    estimate = kaplan_meier_batch(times, events)
    estimate.confidence()
    estimate.quantile(0.5)
    estimate.survival_at(LANDMARKS)
    return estimate


def lifelines_loop(times: Floats, events: Bools) -> tuple[float, Floats]:
    """Seconds of the fits alone, and by sample the median with its limits, NaN if not reached."""
    from lifelines import KaplanMeierFitter
    from lifelines.utils import median_survival_times

    spent, answers = 0.0, []
    for time_, event in zip(times, events, strict=True):
        begin = time.process_time()
        fitter = KaplanMeierFitter().fit(time_, event)
        spent += time.process_time() - begin
        limits = median_survival_times(fitter.confidence_interval_).to_numpy()[0]
        answers.append([fitter.median_survival_time_, *limits])
    medians = np.array(answers)
    return spent, np.where(np.isinf(medians), np.nan, medians)


def r_loop(rscript: str, times: Floats, events: Bools, folder: Path) -> tuple[float, float, Floats]:
    """Seconds of R's loops without and with landmarks, and its numbers, a row a sample."""
    source, target = folder / "samples.txt", folder / "numbers.csv"
    np.savetxt(source, np.hstack([times, events]).ravel(), fmt="%.17g")
    loop, longer = run_r(rscript, times.shape[1], source, str(target))
    text = target.read_text().replace("NA", "nan")
    return loop, longer, np.loadtxt(io.StringIO(text), delimiter=",", ndmin=2)


def run_r(rscript: str, subjects: int, source: Path, target: str) -> tuple[float, float]:
    """Seconds of R's loop, and of the loop with landmarks."""
    landmarks = ",".join(map(str, LANDMARKS))
    command = [rscript, str(HERE / "survival.R"), str(subjects), str(source), target, landmarks]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    loop, longer = map(float, printed.split())
    return loop, longer


def compared_with_r(times: Floats, events: Bools, expected: Floats) -> list[str]:
    """A note on how many cells of the batch differ from R's."""
    estimate = kaplan_meier_batch(times, events)
    survival = [estimate.survival, *estimate.confidence()]
    missing = SUBJECTS - estimate.time.shape[1]
    padded = [np.pad(x, ((0, 0), (0, missing)), constant_values=np.nan) for x in survival]
    numbers = np.hstack(
        [*padded, np.column_stack(estimate.quantile(0.5)), *estimate.survival_at(LANDMARKS)[:3]]
    )
    differing = int((~np.isclose(numbers, expected, rtol=1e-9, atol=1e-12, equal_nan=True)).sum())
    return [f"cells of the batch that differ from R: {differing:,} of {numbers.size:,}"]


def lifelines_compared(medians: Floats, expected: Floats) -> list[str]:
    """A note on how many of lifelines' medians and limits differ from R's."""
    start = 3 * SUBJECTS
    same = np.isclose(medians, expected[:, start : start + 3], rtol=1e-9, equal_nan=True)
    names = ("median", "lower limit", "upper limit", "any of the three")
    counts = [*(~same).sum(axis=0), (~same.all(axis=1)).sum()]
    text = ", ".join(f"{name} in {count:,}" for name, count in zip(names, counts, strict=True))
    return [f"lifelines differs from R, of {len(medians):,} samples: {text}"]


def large_sample(rscript: str | None, folder: Path) -> list[Goal]:
    """Goals on one sample of a hundred thousand, in whole days."""
    rng = np.random.default_rng(20240608)
    days, events = rng.integers(1, 731, LARGE), rng.random(LARGE) < 0.6
    source = folder / "large.txt"
    np.savetxt(source, np.hstack([days, events]), fmt="%d")
    from lifelines import KaplanMeierFitter

    single, bare, batch, r = [], [], [], []
    for _ in range(ROUNDS):
        single.append(seconds(lambda: single_answered(days, events)))
        bare.append(seconds(lambda: KaplanMeierFitter().fit(days, events)))
        batch.append(seconds(lambda: batch_answered(days, events)))
        if rscript:
            r.append(run_r(rscript, LARGE, source, "-")[0])
    goals = [
        Goal(
            "n = 100,000: fit, limits, quartiles / lifelines' bare fit",
            ratio(single, bare),
            1.5,
            False,
        )
    ]
    if rscript:
        goals.append(Goal("n = 100,000: batch / R survfit, quantile", ratio(batch, r), 0.1, False))
    return goals


def between_visits() -> str:
    """A note on Turnbull's estimate with its bootstrap at n = 1,000, against a lifelines fit."""
    from lifelines import KaplanMeierFitter

    rng = np.random.default_rng(20240609)
    visit = np.array([30, 60, 90, 180, 270, 365, 450, 540, 630, 730])
    day = visit + rng.integers(-7, 8, (1000, visit.size))
    recurred = rng.exponential(300, (1000, 1))
    lower = np.where(day < recurred, day, 0).max(axis=1)
    upper = np.where(day >= recurred, day, np.inf).min(axis=1)
    with_bootstrap = seconds(lambda: turnbull(lower, upper).quantile(0.5))
    with warnings.catch_warnings(action="ignore"):
        fitter = KaplanMeierFitter()
        one_fit = seconds(lambda: fitter.fit_interval_censoring(lower + 0.5, upper))
    return (
        f"Turnbull, n = 1,000: {REPLICATES:,} bootstrap samples take {with_bootstrap:.3g} s, "
        f"{with_bootstrap / one_fit:.2g} times one fit by lifelines"
    )


def single_answered(days: npt.NDArray[np.int64], events: Bools) -> None:
    """Estimate limits and quartiles of one sample, as `kaplan_meier` does."""
    estimate = kaplan_meier(days, events)
    estimate.confidence()
    for p in (0.25, 0.5, 0.75):
        estimate.quantile(p)


def batch_answered(days: npt.NDArray[np.int64], events: Bools) -> None:
    """Estimate limits and quartiles of one sample, as a batch of one."""
    estimate = kaplan_meier_batch(days[None], events[None])
    estimate.confidence()
    for p in (0.25, 0.5, 0.75):
        estimate.quantile(p)


def seconds(task: Callable[[], object], repeats: int = 1) -> float:
    """Median CPU time of a task in seconds: what else runs on the machine counts little."""
    spent = []
    for _ in range(repeats):
        begin = time.process_time()
        task()
        spent.append(time.process_time() - begin)
    return median(spent)


def ratio(above: list[float], below: list[float]) -> float:
    """Median over the rounds of one time over another: what slows a round slows both."""
    return median(a / b for a, b in zip(above, below, strict=True))


def report(goals: list[Goal], notes: list[str], rscript: str | None) -> str:
    """The table as Markdown."""
    used = ", ".join(f"{name} {version(name)}" for name in ("numpy", "lifelines"))
    with_r = "R survival" if rscript else "no R on the path: its rows are absent"
    lines = [
        "# Survival estimates: measured goals",
        "",
        f"Python {platform.python_version()}, {used}; {with_r}.",
        f"CPU time; medians of {ROUNDS} rounds.",
        "",
        "| ratio | goal | measured | |",
        "|---|---|---|---|",
        *(goal.row() for goal in goals),
        "",
        *(f"- {note}" for note in notes),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
