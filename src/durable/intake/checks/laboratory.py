"""Checks of the table `laboratory`."""

from __future__ import annotations

import pandas as pd

from durable.contracts.spelling import fold
from durable.contracts.tables.laboratory import LABORATORY
from durable.intake.checks.limits import (
    ANOTHER_UNIT,
    check_quantification,
    median_of_others,
)
from durable.intake.checks.records import add_duplicates
from durable.intake.findings import Findings, Recorded
from durable.intake.study import Study
from durable.intake.tables import StudyTable, look_up
from durable.intake.texts import Phrase
from durable.language import _
from durable.plan import Laboratory, Plan
from durable.plan.sdtm import tests_read


def declared_tests(plan: Plan) -> dict[str, str]:
    """Codes of the tests of the plan, each with "in laboratory.tests of the plan"."""
    return dict.fromkeys(plan.laboratory.by_code, _("in laboratory.tests of the plan"))


def results_not_analysed(recorded: Recorded, plan: Plan) -> dict[str, pd.Series[bool]]:
    """Which results, units and limits are of a test that the plan does not declare, by column.

    Those of another spelling of a declared test are not among them.
    """
    declared = set(map(fold, plan.laboratory.by_code))
    tests = recorded.text["test"]
    others = [text for text in tests.unique() if fold(text) and fold(text) not in declared]
    where = tests.isin(others)
    return {name: where for name in LABORATORY.names if name not in LABORATORY.key}


def check_duplicates(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report records with the same key as an earlier one, of the tests that are analysed."""
    not_analysed = table.recorded.not_analysed["value"].to_numpy(bool)
    add_duplicates(table, table.frame.loc[~not_analysed], findings)


def check_single_rows(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report tests and units that the plan does not declare, and values that contradict limits.

    Limits of quantification, and lower limits of normal that are not below the upper one.
    """
    laboratory = study.plan.laboratory
    # A package has the results of the visits in the same domain.
    _check_tests(table, laboratory, tests_read("visits", "LB", study.plan.inputs.sdtm), findings)
    _check_units(table, laboratory, findings)
    check_quantification(table, findings, zero_is_quantifiable=True)
    frame = table.frame
    reversed_limits = frame["lower_limit"] >= frame["upper_limit"]
    expected = _("a lower limit of normal below the upper one")
    findings.add(table.recorded, reversed_limits, "lower_limit", "normal_range", expected)
    _limits(table, laboratory, findings)


def _check_tests(
    table: StudyTable, laboratory: Laboratory, other_tests: set[str], findings: Findings
) -> None:
    """The first record of each test that the plan does not declare, nor another table reads."""
    test = table.frame["test"]
    known = {*laboratory.by_code, *other_tests}
    undeclared = test.notna() & ~test.isin(known) & ~test.duplicated()
    expected = _("a test of the plan: {tests}; this one is not analysed").format(
        tests=", ".join(laboratory.by_code)
    )
    findings.add(table.recorded, undeclared, "test", "test_not_declared", expected)


def _check_units(table: StudyTable, laboratory: Laboratory, findings: Findings) -> None:
    """Units that the plan does not declare for the test."""
    test, unit = table.frame["test"], table.frame["unit"]
    known = {one.code: (one.unit, *one.units) for one in laboratory.tests}
    wrong = pd.Series(False, index=test.index)
    expected = pd.Series("", index=test.index, dtype=object)
    for code, units in known.items():
        other = (test == code) & unit.notna() & ~unit.isin(units)
        wrong |= other
        expected = expected.mask(other, ", ".join(units))
    phrase = Phrase(_("a unit of the test in laboratory.tests: {units}"), {"units": expected})
    findings.add(table.recorded, wrong, "unit", "other_unit", phrase)


def _limits(table: StudyTable, laboratory: Laboratory, findings: Findings) -> None:
    """Upper limits of normal unlike those of the other subjects, as under a wrong unit."""
    frame = table.frame
    strange = pd.Series(False, index=frame.index)
    usual = pd.Series("", index=frame.index, dtype=object)
    for test in laboratory.tests:
        factor = look_up(frame["unit"], pd.Series({test.unit: 1.0, **test.units}, dtype=float))
        limit = (frame["upper_limit"] * factor).where(frame["test"] == test.code)
        if not limit.min() < limit.max() / ANOTHER_UNIT:
            continue
        of_subject = limit.groupby(frame["subject_id"], observed=True).transform("median")
        others = median_of_others(frame["subject_id"], of_subject)
        other = (limit < others / ANOTHER_UNIT) | (limit > others * ANOTHER_UNIT)
        strange |= other
        words = others.loc[other].map("{:g}".format) + f" {test.unit}"
        usual = usual.mask(other, words.reindex(usual.index))
    # Reported at the first of a subject's records of the test.
    strange &= ~frame[["subject_id", "test"]].where(strange).duplicated()
    expected = Phrase(
        _("a limit as of the other subjects, {usual}: the unit may be another one"),
        {"usual": usual},
    )
    findings.add(table.recorded, strange, "upper_limit", "uln_differs", expected)
