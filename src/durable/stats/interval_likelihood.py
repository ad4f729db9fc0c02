"""The likelihood of interval-censored times, and its maximum.

By Wang's constrained Newton method (J R Stat Soc B 2007;69:185).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from durable.stats.checks import Floats, Ints

#: Stop when no probability moved elsewhere raises the mean log-likelihood faster than this.
_GAP = 1e-10
_MAX_STEPS = 500
#: Rounding of the mean log-likelihood, which near the maximum is more than its rise.
_LOG_ROUNDING = 1e-14


class Intervals(NamedTuple):
    """Distinct intervals, each by the regions in it, and Wang's method of fitting these.

    Sums over the regions of an interval, and over the intervals of a region, are differences of
    cumulative sums.
    """

    first: Ints
    """First region of each interval, shape (n,); n >= 0."""
    past: Ints
    """The region after the last one of each interval."""
    weight: Floats
    """Share of the subjects with each interval."""
    n_regions: int

    def maximum_likelihood(self) -> Floats:
        """Probabilities of the regions, shape (n_regions,), at the maximum of the likelihood.

        The gradient shows the distance to the maximum: by concavity, the mean log-likelihood is no
        further from it than the largest gain of moving probability to a region.

        Raises
        ------
        ArithmeticError
            Where 500 steps do not reach the maximum, or a step has no solution.
        """
        held = self._start()
        p = np.zeros(self.n_regions)
        p[held] = 1 / max(len(held), 1)
        for _ in range(_MAX_STEPS):
            likelihood = self._likelihood(p)
            gain = self._gain(likelihood)
            if gain.max(initial=0) <= _GAP:
                return p
            aim = self._newton(p, likelihood, gain)
            p = self._line_search(aim, p, float(gain @ (aim - p)), likelihood)
        raise ArithmeticError("Turnbull's estimate did not converge")

    def _start(self) -> list[int]:
        """As few regions as can be so that each interval holds one."""
        nearest = np.full(self.n_regions + 1, self.n_regions + 1)
        np.minimum.at(nearest, self.first, self.past)
        # The end of the interval that ends first, of those that begin at a region or after it.
        ends = np.minimum.accumulate(nearest[::-1])[::-1].tolist()
        held, region = [], 0
        while (end := ends[region]) <= self.n_regions:
            held.append(end - 1)
            region = end
        return held

    def _likelihood(self, p: Floats) -> Floats:
        """Probability of each interval."""
        sums = np.zeros(p.size + 1)
        p.cumsum(out=sums[1:])
        return np.asarray(sums[self.past] - sums[self.first])

    def _gain(self, likelihood: Floats) -> Floats:
        """Rise of the mean log-likelihood with probability taken from all to one region."""
        share, length = self.weight / likelihood, self.n_regions + 1
        change = np.bincount(self.first, share, length) - np.bincount(self.past, share, length)
        return np.asarray(change[:-1].cumsum() - 1)

    def _newton(self, p: Floats, likelihood: Floats, gain: Floats) -> Floats:
        """Probabilities at which the quadratic approximation is higher than at `p`.

        With r = 1 / likelihood where a region is in an interval and 0 elsewhere, they are weighted
        least squares of (r - 2) p, none negative, with one more row that makes them add to 1.
        """
        taking = _taking_part(p, gain)
        squares, sums = self._squares(taking, likelihood), gain[taking] + 1
        squares += 5 - 2 * (sums[:, None] + sums)
        solution = _least_at_once(squares)
        # Scaled to a sum of 1, the sum of the squares becomes (1 - sum) / sum; at `p` it is 1.
        if solution.sum() <= 0.5:
            solution = _least_in_turn(squares, p[taking] / 2)
        aim = np.zeros(self.n_regions)
        aim[taking] = solution / solution.sum()
        return aim

    def _squares(self, taking: Ints, likelihood: Floats) -> Floats:
        """Sums over the intervals that hold both of two regions of 1 / likelihood squared.

        Only those of a region and one that is not before it.
        """
        size = taking.size + 1
        first, past = taking.searchsorted(self.first), taking.searchsorted(self.past)
        each = np.bincount(first * size + past, self.weight / likelihood**2, size * size)
        # Those that begin at the one or before it, and end after the other.
        return each.reshape(size, size).cumsum(axis=0)[:-1, :0:-1].cumsum(axis=1)[:, ::-1]

    def _line_search(self, aim: Floats, p: Floats, slope: float, likelihood: Floats) -> Floats:
        """A step to other probabilities, halved until the mean log-likelihood rises with it."""
        length = 1.0
        with np.errstate(divide="ignore"):
            least = self.weight @ np.log(likelihood) - _LOG_ROUNDING
            while True:
                reached = (1 - length) * p + length * aim
                rise = self.weight @ np.log(self._likelihood(reached)) - least
                if rise >= length * slope / 3:
                    return reached
                length /= 2


def _least_at_once(squares: Floats) -> Floats:
    """The x with least x' S x - 2 sum(x) once all that becomes negative is left out."""
    free, solution = np.arange(len(squares)), np.zeros(len(squares))
    while (wanted := _solve_ones(squares)).min() < 0:
        stays = np.flatnonzero(wanted > 0)
        free, squares = free[stays], squares[np.ix_(stays, stays)]
    solution[free] = wanted
    return solution


def _least_in_turn(squares: Floats, x: Floats) -> Floats:
    """From x, none negative, to one with less x' S x - 2 sum(x).

    The inner loop of Lawson & Hanson, Solving Least Squares Problems, 1974, chapter 23: what
    becomes negative is left out where it reaches 0, on a way on which the sum gets less.
    """
    free, solution = np.arange(x.size), np.zeros(x.size)
    while (wanted := _solve_ones(squares[np.ix_(free, free)])).min() < 0:
        below = np.flatnonzero(wanted < 0)
        shares = x[below] / (x[below] - wanted[below])
        x = x + shares.min() * (wanted - x)
        first = below[shares == shares.min()]
        free, x = np.delete(free, first), np.delete(x, first)
    solution[free] = wanted
    return solution


def _solve_ones(squares: Floats) -> Floats:
    """The x with S x = 1, by the upper triangle of S; where rounding makes it singular, near it."""
    from scipy.linalg.lapack import dposv

    unit, ones = np.eye(len(squares)), np.ones(len(squares))
    for aside in np.array([0, 1e-12, 1e-9, 1e-6]) * np.trace(squares):
        _, x, singular = dposv(squares + aside * unit, ones)
        if not singular:
            return np.asarray(x)
    raise ArithmeticError("Turnbull's estimate: a step has no solution")


def _taking_part(p: Floats, gain: Floats) -> Ints:
    """Regions that a step is about: with probability, or of the largest gain between two of these.

    They are few, where the regions are many.
    """
    has = p > 0
    if has.all():
        return np.arange(p.size)
    # Odd where a region has probability, even in the gap before it.
    block = 2 * has.cumsum() - has
    last = np.flatnonzero(np.append(block[1:] > block[:-1], True))
    best = np.lexsort((gain, block))[last]
    return best[has[best] | (gain[best] > 0)]
