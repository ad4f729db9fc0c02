"""The examples of the section `inputs` in docs/inputs.md are plans."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from durable.plan import parse

PAGE = Path(__file__).parents[2] / "docs" / "inputs.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
EXAMPLES = [found for found in map(yaml.safe_load, BLOCKS) if "inputs" in found]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda found: ", ".join(found["inputs"]))
def test_an_example_is_a_plan(example: dict[str, Any]) -> None:
    """With the sections that stand beside it in the block."""
    inputs = example["inputs"]
    needed = {} if "sdtm" in inputs else {n: {"path": f"{n}.csv"} for n in ("subjects", "visits")}
    raw: dict[str, Any] = {
        **example,
        "study": {"id": "X"},
        "analysis": {"id": "x", "title": "X", "data_cutoff": "2025-12-31"},
        "inputs": needed | inputs,
        "schedule": [{"visit": v, "day": d, "window": 10} for v, d in (("M2", 61), ("M3", 91))],
    }
    assert set(inputs) <= parse(raw).inputs.model_fields_set
