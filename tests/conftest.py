"""Tests compute in their own process what jobs compute in theirs: to the same last digit."""

from __future__ import annotations

import gc

from durable.runs.environment import set_libraries

set_libraries()
# As in a job (`durable.__main__`): to look for circular garbage takes a tenth of the time.
gc.set_threshold(500_000)


def pytest_collection_finish() -> None:
    """Let Python look for garbage in what tests leave, not in thousands of tests."""
    gc.freeze()
