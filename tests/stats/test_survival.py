"""Published values, counts for the figure, degenerate samples, and input that is refused."""

from __future__ import annotations

import doctest
import math
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

from durable.stats import survival
from durable.stats.survival import KaplanMeier, event_from_cnsr, follow_up, kaplan_meier

NAN = math.nan
# Weeks of remission: Freireich et al., Blood 1963;21:699.
MP6_WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
MP6_EVENT = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO_WEEKS = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


@pytest.fixture
def mp6() -> KaplanMeier:
    return kaplan_meier(MP6_WEEKS, MP6_EVENT)


@pytest.fixture
def placebo() -> KaplanMeier:
    return kaplan_meier(PLACEBO_WEEKS, [1] * 21)


class TestFreireich1963:
    @pytest.mark.parametrize("rule", ["r", "sas"])
    def test_median_remission_is_23_weeks_with_6mp_and_8_with_placebo(
        self, mp6: KaplanMeier, placebo: KaplanMeier, rule: Any
    ) -> None:
        assert mp6.quantile(0.5, rule=rule) == pytest.approx((23, 13, NAN), nan_ok=True)
        assert placebo.quantile(0.5, rule=rule) == (8, 4, 11)

    def test_survival_and_greenwood_errors_are_those_of_the_textbooks(
        self, mp6: KaplanMeier
    ) -> None:
        # Cox & Oakes 1984, table 4.1; Kleinbaum & Klein 2012, chapter 2.
        curve = mp6.curve.set_index("time").loc[[6, 7, 10, 13, 16, 22, 23]]
        assert curve["survival"].round(4).tolist() == [
            0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482,
        ]  # fmt: skip
        assert curve["std_err"].round(4).tolist() == [
            0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346,
        ]  # fmt: skip

    def test_counts(self, mp6: KaplanMeier) -> None:
        assert (mp6.n, mp6.n_events) == (21, 9)

    def test_a_subject_is_counted_at_risk_up_to_its_own_time(self, mp6: KaplanMeier) -> None:
        assert mp6.n_risk_before([0, 6, 6.5, 10, 20, 30, 35, 36]).tolist() == [
            21, 21, 17, 15, 8, 4, 1, 0,
        ]  # fmt: skip
        assert mp6.n_events_before([0, 6, 6.5, 10, 20, 36]).tolist() == [0, 0, 3, 4, 7, 9]

    def test_the_reverse_estimate_measures_follow_up(self) -> None:
        assert follow_up(MP6_WEEKS, MP6_EVENT).quantile(0.5)[0] == 25
        nobody_censored = follow_up(PLACEBO_WEEKS, [1] * 21).quantile(0.5)
        assert np.isnan(nobody_censored).all()

    def test_restricted_mean_without_censoring_is_the_mean(self, placebo: KaplanMeier) -> None:
        # Mean 182 / 21, and its standard error the population SD / sqrt(21).
        mean, lower, upper = placebo.rmst(23)
        assert mean == pytest.approx(182 / 21)
        expected = np.std(PLACEBO_WEEKS) / math.sqrt(21)
        assert (upper - lower) / 2 / 1.959963984540054 == pytest.approx(expected)


def test_the_example_in_the_docstring_holds() -> None:
    tried = doctest.testmod(survival)
    assert (tried.attempted, tried.failed) == (1, 0)


class TestAt:
    def test_rows_are_in_the_order_asked(self, mp6: KaplanMeier) -> None:
        at = mp6.survival_at([23, 0, 10])
        assert at["time"].tolist() == [23, 0, 10]
        assert at["survival"].round(4).tolist() == [0.4482, 1.0, 0.7529]
        assert at["n_risk"].tolist() == [6, 21, 15]

    def test_an_event_at_the_time_asked_counts(self) -> None:
        assert kaplan_meier([3, 5], [1, 1]).survival_at(3)["survival"].tolist() == [0.5]

    def test_a_time_off_by_rounding_is_the_observed_one(self) -> None:
        days = [59, 94]
        km = kaplan_meier([d / 30.4375 for d in days], [1, 0])
        asked = [d / 365.25 * 12 for d in days]
        assert asked[0] < km.time[0]
        assert asked[1] > km.time[1]
        assert km.survival_at(asked)["survival"].tolist() == [0.5, 0.5]
        assert not math.isnan(km.rmst(asked[1])[0])

    def test_before_the_first_time_survival_is_certain(self) -> None:
        at = kaplan_meier([3, 5], [1, 1]).survival_at([0, 2.9])
        assert at[["survival", "lower", "upper"]].to_numpy().tolist() == [[1, 1, 1]] * 2

    def test_past_the_last_time_nothing_is_estimated_and_nobody_at_risk(self) -> None:
        at = kaplan_meier([3, 5], [1, 1]).survival_at([5.5])
        assert at[["survival", "lower", "upper"]].isna().all(axis=None)
        assert at["n_risk"].tolist() == [0]


class TestDegenerateSamples:
    def test_nobody(self) -> None:
        km = kaplan_meier([], [])
        assert (km.n, km.n_events) == (0, 0)
        assert km.curve.empty
        assert km.confidence().empty
        assert np.isnan(km.quantile(0.5)).all()
        assert np.isnan(km.quantile(0.5, rule="sas")).all()
        assert np.isnan(km.rmst(0)).all()
        at = km.survival_at([0, 1])
        assert at[["survival", "lower", "upper"]].isna().all(axis=None)
        assert at["n_risk"].tolist() == [0, 0]
        assert km.n_risk_before([0, 1]).tolist() == [0, 0]
        assert km.n_events_before([0, 1]).tolist() == [0, 0]

    def test_nobody_with_entry_times(self) -> None:
        assert kaplan_meier([], [], []).n == 0

    def test_one_event(self) -> None:
        km = kaplan_meier([5], [1])
        assert km.curve.iloc[0, :5].tolist() == [5, 1, 1, 0, 0]
        assert math.isnan(km.curve.loc[0, "std_err"])
        assert km.quantile(0.5) == pytest.approx((5, NAN, NAN), nan_ok=True)
        assert km.rmst(3) == (3, 3, 3)
        assert km.rmst(9) == (5, 5, 5)

    def test_one_censored(self) -> None:
        km = kaplan_meier([5], [0])
        assert np.isnan(km.quantile(0.5)).all()
        assert km.rmst(5) == (5, 5, 5)
        assert np.isnan(km.rmst(5.1)).all()

    def test_all_censored(self) -> None:
        km = kaplan_meier([1, 2, 2], [0, 0, 0])
        assert km.survival.tolist() == [1, 1]
        assert km.n_events == 0

    def test_all_events_at_one_time(self) -> None:
        km = kaplan_meier([4, 4, 4], [1, 1, 1])
        assert km.survival.tolist() == [0]
        assert km.quantile(0.25)[0] == 4

    def test_an_event_at_time_0(self) -> None:
        km = kaplan_meier([0, 2], [1, 1])
        assert km.survival_at([0])["survival"].tolist() == [0.5]
        assert km.quantile(0.25)[0] == 0
        assert km.rmst(2)[0] == 1

    def test_a_risk_set_emptied_by_an_event_ends_the_curve(self) -> None:
        # R warns of this: who enters later cannot bring the curve back.
        km = kaplan_meier([2, 5, 6], [1, 1, 0], entry=[0, 3, 3])
        assert km.survival.tolist() == [0, 0, 0]
        assert km.n_risk.tolist() == [1, 2, 1]

    def test_a_risk_set_emptied_by_censoring_leaves_the_curve_flat(self) -> None:
        km = kaplan_meier([1, 2, 5, 6], [1, 0, 1, 0], entry=[0, 0, 3, 3])
        assert km.survival.tolist() == [0.5, 0.5, 0.25, 0.25]
        assert km.n_risk_before([0, 1, 2.5, 3, 4]).tolist() == [0, 2, 0, 0, 2]


def test_the_calls_of_the_design_by_position_and_by_name() -> None:
    # docs/architecture.md, Library functions: pinned analyses rely on them.
    km = kaplan_meier([1, 2, 2, 3.5, 5, 8], [1, 0, True, 1, 0, 1], entry=None)
    assert list(km.curve) == ["time", "n_risk", "n_event", "n_censor", "survival", "std_err"]
    assert list(km.confidence(level=0.95, transform="log-log")) == ["time", "lower", "upper"]
    # The curve takes the values 5/6, 4/6, 4/9 (from 3.5 to 8) and 0.
    expected = pytest.approx((3.5, 1, NAN), nan_ok=True)
    assert km.quantile(0.5, level=0.95, transform="log-log", rule="r") == expected
    assert km.quantile(0.5, 0.95, "log-log", "sas") == expected
    at = km.at([3, 6, 12], level=0.95, transform="log-log")
    assert list(at) == ["time", "survival", "lower", "upper", "n_risk"]
    assert at["survival"].tolist() == pytest.approx([4 / 6, 4 / 9, NAN], nan_ok=True)
    assert km.rmst(24, level=0.95)[0] == pytest.approx(1 + 5 / 6 + 1.5 * 4 / 6 + 4.5 * 4 / 9)
    assert isinstance(follow_up([1, 2], [1, 0]), KaplanMeier)


class TestAcceptedInput:
    @pytest.mark.parametrize(
        "event",
        [
            [True, False, True],
            [1.0, 0.0, 1.0],
            np.array([1, 0, 1], dtype=np.int8),
            pd.Series([1, 0, 1], index=[7, 8, 9], dtype="Int64"),
            pd.Series([True, False, True], dtype="boolean"),
            pd.Series([True, False, True], dtype=object),
            pd.array([1, 0, 1], dtype="Float64"),
        ],
    )
    def test_events_of_every_type_are_the_same(self, event: Any) -> None:
        expected = kaplan_meier([1, 2, 3], [1, 0, 1]).curve
        times = pd.Series([1, 2, 3], index=[3, 1, 2], dtype="Int64")
        pd.testing.assert_frame_equal(kaplan_meier(times, event).curve, expected)

    def test_series_are_taken_by_position_not_by_index(self) -> None:
        times = pd.Series([1.0, 2.0, 3.0], index=[2, 1, 0])
        assert kaplan_meier(times, pd.Series([1, 0, 0])).n_event.tolist() == [1, 0, 0]

    def test_the_table_is_a_copy(self, mp6: KaplanMeier) -> None:
        table = mp6.curve
        table["survival"] = 0.0
        table.loc[0, "n_risk"] = 99
        assert mp6.curve.loc[0, ["survival", "n_risk"]].tolist() == pytest.approx([6 / 7, 21])

    def test_numpy_still_reports_errors_as_before(self) -> None:
        before = np.geterr()
        km = kaplan_meier([1, 2, 3], [1, 0, 1])
        km.confidence()
        km.quantile(0.5)
        assert np.geterr() == before

    def test_no_warning_where_the_limits_are_undefined(
        self, recwarn: pytest.WarningsRecorder
    ) -> None:
        km = kaplan_meier([1, 2, 3], [0, 1, 1])
        for transform in ("plain", "log", "log-log", "logit", "arcsine"):
            km.confidence(transform=transform)
        assert km.curve["std_err"].isna().tolist() == [False, False, True]
        assert len(recwarn) == 0


class TestRefusedInput:
    @pytest.mark.parametrize(
        ("times", "events", "entries", "message"),
        [
            ([1, -2, -3], [1, 1, 1], None, r"^time\[1\]: -2\.0 is .*negative"),
            ([1, 2, NAN], [1, 1, 1], None, r"^time\[2\]: nan is missing"),
            ([math.inf, 2], [1, 1], None, r"^time\[0\]: inf is"),
            (pd.Series([1, None], dtype="Int64"), [1, 1], None, r"^time\[1\]"),
            ([1, None], [1, 1], None, r"^time\[1\]"),
            ([1, "2"], [1, 1], None, r"^time\[1\]: 2 is not a number"),
            (["1", "2"], [1, 1], None, r"^time\[0\]: 1 is not a number"),
            (pd.to_datetime(["2024-01-01"]), [1], None, r"^time\[0\]: .* is not a number"),
            ([[1, 2], [3, 4]], [1, 1], None, r"^time\[0\]: \[1, 2\] is not a number"),
            (None, [1], None, r"^time: missing"),
            ([1, 2, 3], [1, 0, 2], None, r"^event\[2\]: 2\.0 is not 0, 1, False or True"),
            ([1, 2], [1, NAN], None, r"^event\[1\]: nan is not"),
            ([1, 2], [True, None], None, r"^event\[1\]: nan is not"),
            ([1, 2], ["Y", "N"], None, r"^event\[0\]: Y is not a number"),
            ([1, 2], [0.5, 1], None, r"^event\[0\]"),
            ([1, 2, 3], [1, 1], None, r"^event\[2\]: absent.*time 3, event 2"),
            ([1, 2], [1, 1], [0], r"^entry\[1\]: absent.*entry 1"),
            ([1, 2], [1, 1], [0, 2], r"^entry\[1\]: 2\.0 is not before the time"),
            ([1, 2], [1, 1], [0, 3], r"^entry\[1\]: 3\.0 is not before the time"),
            ([1, 2], [1, 1], [-1, 0], r"^entry\[0\]: -1\.0 is"),
            ([1, 59 / 30.4375], [1, 1], [0, 59 / 365.25 * 12], r"^entry\[1\]: 1\.93.* not before"),
        ],
    )
    def test_the_first_offending_position_is_named(
        self, times: Any, events: Any, entries: Any, message: str
    ) -> None:
        with pytest.raises(ValueError, match=message):
            kaplan_meier(times, events, entries)

    @pytest.mark.parametrize("level", [0, 1, 95, -0.1, NAN])
    def test_a_level_outside_0_and_1(self, mp6: KaplanMeier, level: float) -> None:
        for ask in (mp6.confidence, lambda x: mp6.quantile(0.5, x), lambda x: mp6.rmst(9, x)):
            with pytest.raises(ValueError, match="level"):
                ask(level)

    @pytest.mark.parametrize("p", [0, 1, 50, NAN])
    def test_a_proportion_outside_0_and_1(self, mp6: KaplanMeier, p: float) -> None:
        with pytest.raises(ValueError, match="p: "):
            mp6.quantile(p)

    @pytest.mark.parametrize("transform", ["arcsin", "loglog", "identity", ""])
    def test_an_unknown_transform(self, mp6: KaplanMeier, transform: Any) -> None:
        with pytest.raises(ValueError, match="plain, log, log-log, logit, arcsine"):
            mp6.confidence(transform=transform)

    def test_an_unknown_rule(self, mp6: KaplanMeier) -> None:
        rule: Any = "spss"
        with pytest.raises(ValueError, match="r, sas"):
            mp6.quantile(0.5, rule=rule)

    @pytest.mark.parametrize("times", [[3, -1], [3, NAN], [3, math.inf]])
    def test_times_asked_for(self, mp6: KaplanMeier, times: list[float]) -> None:
        with pytest.raises(ValueError, match=r"times\[1\]"):
            mp6.survival_at(times)


class TestCnsr:
    def test_0_is_the_event_and_every_reason_for_censoring_is_not(self) -> None:
        assert event_from_cnsr([0, 1, 2, 7, 0]).tolist() == [True, False, False, False, True]
        assert event_from_cnsr(pd.Series([0, 3], dtype="Int64")).tolist() == [True, False]
        assert event_from_cnsr([0.0, 1.0]).tolist() == [True, False]
        assert event_from_cnsr([]).tolist() == []

    @pytest.mark.parametrize(
        ("cnsr", "message"),
        [
            ([0, -1], r"^cnsr\[1\]: -1\.0"),
            ([0, 1.5], r"^cnsr\[1\]: 1\.5"),
            ([0, 1, NAN], r"^cnsr\[2\]: nan"),
            ([0, math.inf], r"^cnsr\[1\]: inf"),
            (["0"], r"^cnsr\[0\]: 0 is not a number"),
            ([True, False], r"^cnsr\[0\]: a truth value"),
        ],
    )
    def test_anything_else_is_refused(self, cnsr: Any, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            event_from_cnsr(cnsr)


@pytest.mark.slow
@pytest.mark.parametrize("in_days", [True, False])
def test_a_fit_with_limits_and_quartiles_costs_no_more_than_half_again_lifelines_bare_fit(
    in_days: bool,
) -> None:
    from lifelines import KaplanMeierFitter

    rng = np.random.default_rng(1)
    times = rng.exponential(500, 100_000)
    times = np.ceil(times) if in_days else times
    events = rng.random(100_000) < 0.6

    def ours() -> None:
        km = kaplan_meier(times, events)
        km.confidence()
        for p in (0.25, 0.5, 0.75):
            km.quantile(p)

    def cost(work: Any) -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    pairs = [(cost(ours), cost(lambda: KaplanMeierFitter().fit(times, events))) for _ in range(9)]
    own, bare = (min(costs) for costs in zip(*pairs, strict=True))
    assert own < 1.5 * bare
