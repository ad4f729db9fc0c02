"""Checks of the kinetics samples."""

from __future__ import annotations

import pandas as pd

from durable.intake.findings import Findings
from durable.intake.tables import Table, date_of, left_empty, of_known, repeated, usual_of
from durable.intake.texts import Phrase


def alone(table: Table, findings: Findings) -> None:
    """Values against their limit of quantification, units and times."""
    _limits(table, findings)
    frame, recorded = table.frame, table.recorded
    usual = usual_of(frame, "assay", "unit")
    mixed = usual.notna() & frame["unit"].notna() & (frame["unit"] != usual)
    expected = Phrase("the unit of the assay's other samples: {}", (usual,))
    findings.add(recorded, mixed, "unit", "mixed_units", expected)
    keys = ["subject_id", "assay", "sample_date"]
    several = repeated(frame, keys, keep=False) & frame[keys].notna().all(axis=1)
    several &= ~repeated(frame, [*keys, "sample_time"], keep=False)
    untimed = several & left_empty(table, "sample_time")
    findings.add(
        recorded, untimed, "sample_time", "time_missing", "a time: the day has other samples"
    )


def _limits(table: Table, findings: Findings) -> None:
    frame, recorded = table.frame, table.recorded
    below = frame["below_lloq"] == "Y"
    empty = left_empty(table, "value")
    findings.add(recorded, ~below & empty, "value", "value_missing", "a value, or below_lloq Y")
    low = ~below & (frame["value"] < frame["lloq"])
    expected = Phrase("at least the lloq ({}), or below_lloq Y", (recorded.text["lloq"],))
    findings.add(recorded, low, "value", "value_below_lloq", expected)
    above = below & (frame["value"] >= frame["lloq"])
    findings.add(recorded, above, "value", "below_lloq_contradicted", "a value below the lloq")
    unlimited = below & left_empty(table, "lloq")
    findings.add(recorded, unlimited, "lloq", "lloq_missing", "the limit: below_lloq is Y")


def of_subjects(table: Table, known: pd.DataFrame, findings: Findings) -> None:
    """Samples of subjects without an infusion."""
    infusion = date_of(table.frame, known, "infusion_date")
    none = infusion.isna() & of_known(table.frame, known)
    expected = "no sample: the subject has no infusion date"
    findings.add(table.recorded, none, "sample_date", "sample_without_infusion", expected)
