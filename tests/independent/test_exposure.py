"""Doses of lymphodepletion, record by record, against the input files."""

from __future__ import annotations

from tests.independent.conftest import Results
from tests.independent.exposure import medicines
from tests.independent.study import CUTOFFS, rows, subjects


def test_every_total_dose_is_that_of_the_input_file(results: Results) -> None:
    """Total, days, first and last day, and the row of the first day."""
    cutoff = CUTOFFS[results.id]
    lines = {
        (r["subject_id"], r["medicine"], r["administration_date"]): int(r["line"])
        for r in rows("lymphodepletion")
    }
    own = {
        (name, medicine.name): (
            medicine.total(name),
            len(doses),
            min(doses),
            max(doses),
            lines[name, same, min(doses).isoformat()],
        )
        for same, medicine in medicines(subjects(cutoff), cutoff).items()
        for name, doses in medicine.doses.items()
    }
    found = {
        (r["SUBJID"], f"{r['EXTRT']} ({r['AVALU']})"): (
            *(r["AVAL"], r["NDAYS"], r["ASTDT"], r["AENDT"]),
            r["SRCSEQ"],
        )
        for r in results.records("adam/adex")
    }
    assert found == own
    assert len(found) == 22


def test_the_stories_of_the_demo(results: Results) -> None:
    """CQ-010 had a reduced dose of fludarabine, CQ-008 the first day alone."""
    total = {(r["SUBJID"], r["EXTRT"]): r["AVAL"] for r in results.records("adam/adex")}
    planned = {"fludarabine": 90, "cyclophosphamide": 900}
    other = {key: dose for key, dose in total.items() if dose != planned[key[1]]}
    assert other == {
        ("CQ-008", "fludarabine"): 30,
        ("CQ-008", "cyclophosphamide"): 300,
        ("CQ-010", "fludarabine"): 60,
    }
