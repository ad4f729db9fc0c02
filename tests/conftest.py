"""Tests compute in their own process what jobs compute in theirs: to the same last digit."""

from __future__ import annotations

from durable.runs.environment import set_libraries

set_libraries()
