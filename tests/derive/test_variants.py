"""The stage ``variants`` derives once what several variants share, and each as if on its own."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pandas as pd

from durable.derive import variants
from durable.derive.adrs import improvement
from durable.derive.datasets import assessed, derive_by, followed
from durable.files import write_parquet
from tests.derive.build import ACTIVE, INACTIVE, plan, subject, table, visit

VARIANTS = {
    "observed": {"improvement": {"missing": "observed"}},
    "improved": {"improvement": {"missing": "improved"}},
    "no_enzyme": {"improvement": {"missing": "improved", "enzyme_component": "zero"}},
    "unconfirmed": {"recurrence": {"consecutive": 1}},
}


def test_what_variants_have_in_common_is_derived_once(
    tmp_path: Path,
) -> None:
    varied = plan(
        sensitivity={name: {"title": name, "response": part} for name, part in VARIANTS.items()}
    )
    visits = [visit(-10, ACTIVE), visit(30, INACTIVE), visit(60, INACTIVE), visit(90, ACTIVE)]
    subjects, seen = table("subjects", [subject()]), table("visits", visits)
    write_parquet(tmp_path / "validated" / "subjects.parquet", subjects)
    write_parquet(tmp_path / "validated" / "visits.parquet", seen)
    with (
        patch.object(variants, "assessed", wraps=assessed) as visits_derived,
        patch.object(variants, "followed", wraps=followed) as durations_derived,
    ):
        variants.run(varied, tmp_path)
    # What recurrence is leaves the visits as they are; what an enzyme scores changes both.
    assert visits_derived.call_count == 2
    assert durations_derived.call_count == 3
    stacked = {
        name: pd.read_parquet(tmp_path / "adam" / "sensitivity" / f"{name}.parquet")
        for name in ("adrs", "adtte")
    }
    for name in VARIANTS:
        response = varied.response_of(name)
        alone = derive_by(varied, response, subjects, seen, None)
        records = improvement(alone.adsl, alone.frame, varied.schedule, response)
        for dataset, expected in (("adrs", records), ("adtte", alone.adtte)):
            of_variant = stacked[dataset].loc[stacked[dataset]["ANALYSIS"] == name]
            found = of_variant.drop(columns="ANALYSIS").reset_index(drop=True)
            assert len(found)
            pd.testing.assert_frame_equal(found, expected.reset_index(drop=True), check_dtype=False)
