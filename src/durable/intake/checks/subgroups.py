"""Checks of the columns of `subjects` by which the plan makes subgroups."""

from __future__ import annotations

from durable.contracts.subgroups import Subgroup
from durable.intake.findings import Findings
from durable.intake.study import Study
from durable.intake.tables import StudyTable, left_empty
from durable.language import _


def check_subgroups(table: StudyTable, study: Study, findings: Findings) -> None:
    """Report subjects without a level of a subgroup variable, and levels without a subject."""
    for group in study.plan.subgroup_variables:
        if group.column not in table.recorded.absent:
            _check_subgroup(table, group, findings)


def _check_subgroup(table: StudyTable, group: Subgroup, findings: Findings) -> None:
    recorded, value = table.recorded, table.frame[group.column].astype(object)
    level = value.map(group.level_of)
    key = f"subgroups.{group.name}"
    if group.texts is not None:
        expected = _("one of {values} ({key}.values)").format(
            values=", ".join(group.texts), key=key
        )
        where = value.notna() & level.isna()
        # A text that the column may not hold has its finding already.
        if allowed := recorded.spec.by_name[group.column].allowed:
            where &= value.isin(allowed)
        findings.add(recorded, where, group.column, "no_level", expected)
    expected = _("a value: the subject is in no level of {key} but Not recorded").format(key=key)
    findings.add(recorded, left_empty(table, group.column), group.column, "level_empty", expected)
    for name in group.levels:
        if not level.eq(name).any():
            words = _("no subject is in {level} ({key}); expected one, or other levels")
            message = words.format(level=name, key=key)
            findings.add_about_file(
                recorded.table, recorded.file, "level_unused", message, column=group.column
            )
