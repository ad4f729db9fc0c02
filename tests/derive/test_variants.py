"""The sensitivity analyses derive once what several share, and each as if on its own."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pandas as pd

from durable.derive import datasets
from durable.derive.adrs import categories_to_text
from durable.derive.datasets import Derivation
from durable.derive.trial import Trial, ValidatedTables
from durable.files import write_parquet
from tests.derive.build import ACTIVE, INACTIVE, plan, subject, table, visit

VARIANTS = {
    "observed": {"improvement": {"missing": "observed"}},
    "improved": {"improvement": {"missing": "improved"}},
    "no_enzyme": {"improvement": {"missing": "improved", "enzyme_component": "zero"}},
    "unconfirmed": {"recurrence": {"consecutive": 1}},
    "sustained": {"remission": {"confirmation": True}},
}


def test_what_variants_have_in_common_is_derived_once(tmp_path: Path) -> None:
    varied = plan(
        sensitivity={name: {"title": name, "response": part} for name, part in VARIANTS.items()}
    )
    visits = [visit(-10, ACTIVE), visit(30, INACTIVE), visit(60, INACTIVE), visit(90, ACTIVE)]
    subjects, seen = table("subjects", [subject()]), table("visits", visits)
    write_parquet(tmp_path / "validated" / "subjects.parquet", subjects)
    write_parquet(tmp_path / "validated" / "visits.parquet", seen)
    with (
        patch.object(datasets, "order_assessments", wraps=datasets.order_assessments) as ordered,
        patch.object(datasets, "score_assessments", wraps=datasets.score_assessments) as scored,
        patch.object(datasets, "with_remission", wraps=datasets.with_remission) as judged,
        patch.object(
            datasets, "flag_recurrence", wraps=datasets.flag_recurrence
        ) as durations_derived,
    ):
        datasets.run_sensitivity(varied, tmp_path)
    # What recurrence is leaves the visits as they are, and what remission is their scores; what an
    # enzyme scores changes both.
    assert ordered.call_count == 1
    assert scored.call_count == 2
    assert judged.call_count == 3
    assert durations_derived.call_count == 4
    stacked = {
        name: pd.read_parquet(tmp_path / "adam" / "sensitivity" / f"{name}.parquet")
        for name in ("adrs", "adtte")
    }
    for name in VARIANTS:
        response = varied.response_of(name)
        alone = Derivation(Trial.of_plan(varied), ValidatedTables.read(tmp_path, "S-1"))
        records = categories_to_text(alone.improvement(response))
        adtte = alone.durations(response).adtte
        for dataset, expected in (("adrs", records), ("adtte", adtte)):
            of_variant = stacked[dataset].loc[stacked[dataset]["ANALYSIS"] == name]
            found = of_variant.drop(columns="ANALYSIS").reset_index(drop=True)
            assert len(found)
            pd.testing.assert_frame_equal(found, expected.reset_index(drop=True), check_dtype=False)
