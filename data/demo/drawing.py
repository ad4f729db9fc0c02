"""The scatter of the demo study."""

from __future__ import annotations

import random


class Draw:
    """Integers from the one method of `random` whose sequence Python guarantees."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def between(self, low: int, high: int) -> int:
        """An integer from `low` to `high`, both included."""
        return low + int(self._random.random() * (high - low + 1))
