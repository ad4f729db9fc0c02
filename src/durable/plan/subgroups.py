"""The section ``subgroups``: groups of a study's own, from columns of its subjects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Annotated

from pydantic import Field, model_validator

from durable.contracts.adam.subject_variables import SUBJECT_VARIABLES
from durable.contracts.input_table import ColumnSpec
from durable.contracts.results import NOT_RECORDED
from durable.contracts.subgroups import (
    NATIVE_GROUPS,
    Subgroup,
    band_texts,
    column_spec,
    grouping_columns,
    is_extra,
)
from durable.plan.findings import Finding, one_of
from durable.sections import Line, Number, Section, UniqueList
from durable.vocabulary import IMPUTATION_FLAGS

#: Most groups of a plan: the last sign of a variable (AGEGR1) counts them.
MOST = 9
#: So that `` (N)`` and the number of the group fit into the 40 characters of a label.
LONGEST_LABEL = 27


class SubgroupSection(Section):
    """A group of the study's own: a column of subjects, by its texts or by bands of a number."""

    column: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    """Column of the table subjects: one that it has in any study, or another, which the file then
    must have, as text or, with bands, as numbers."""
    label: Annotated[Line, Field(max_length=LONGEST_LABEL)] | None = None
    """What the outputs call it; its name when empty."""
    bands: UniqueList[Number] = ()
    """Lower limits of the bands of a number but the first, ascending, each within its band: [12] is
    below 12, and 12 or more."""
    labels: UniqueList[Line] = ()
    """Names of the bands, one more than limits; the limits themselves when empty."""
    values: dict[str, Line] = {}
    """Levels of a text in their order, by what is recorded; another text is an error. Two texts may
    be one level. When empty, the levels are the texts as recorded, sorted."""
    variable: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,7}$")] | None = None
    """Variable of ADSL that holds a column that the table does not have in any study; when empty,
    the name of the column in capitals, which then must have at most 8 characters."""

    @model_validator(mode="after")
    def _levels_are_clear(self) -> SubgroupSection:
        if self.bands and self.values:
            raise ValueError("bands or values, not both")
        if any(high <= low for low, high in pairwise(self.bands)):
            raise ValueError("bands in ascending order")
        if self.labels and len(self.labels) != len(self.bands) + 1:
            raise ValueError(f"{len(self.bands) + 1} labels: one more than bands")
        if NOT_RECORDED in (*self.labels, *self.values.values()):
            raise ValueError(f"other levels than {NOT_RECORDED}, which is that of missing values")
        if self.variable is not None and not is_extra(self.column):
            raise ValueError("variable only with a column that the table does not have by itself")
        return self

    @property
    def recorded_variable(self) -> str:
        """Variable of ADSL that holds the column as recorded.

        `variable` where the plan has it, else that of the table; of a column that has neither its
        own name in capitals.
        """
        if self.variable is not None:
            return self.variable
        names = [name for name in column_spec(self.column).adam if name.startswith("ADSL.")]
        return names[0].removeprefix("ADSL.") if names else self.column.upper()


#: Groups by name.
Subgroups = Annotated[
    dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")], SubgroupSection],
    Field(max_length=MOST),
]


def declared_subgroups(sections: Mapping[str, SubgroupSection]) -> tuple[Subgroup, ...]:
    """The groups of the plan in its order, with their variables of ADSL.

    These are named as the ADaM implementation guide names grouping variables: AGEGR1 is the first
    group by AGE, AGEGR1N its order. Of a longer name the first four characters stand.
    """
    subgroups: list[Subgroup] = []
    for name, section in sections.items():
        stem = re.sub("[^A-Z0-9]", "", section.recorded_variable)[:4]
        number = 1 + sum(one.variable.startswith(f"{stem}GR") for one in subgroups)
        label = section.label or name.replace("_", " ").capitalize()
        unit = column_spec(section.column).unit
        subgroups.append(
            Subgroup(
                name=name,
                variable=f"{stem}GR{number}",
                label=label,
                levels=(section.labels or band_texts(section.bands, unit))
                if section.bands
                else tuple(dict.fromkeys(section.values.values())),
                column=section.column,
                limits=section.bands,
                texts=section.values or None,
                extra=_extra_column(section, label),
                recorded_variable=section.recorded_variable if is_extra(section.column) else "",
            )
        )
    return tuple(subgroups)


def extra_columns(subgroups: Iterable[Subgroup]) -> tuple[ColumnSpec, ...]:
    """The columns that the table has because groups are made of them, each once."""
    columns = {group.column: group.extra for group in subgroups if group.extra is not None}
    return tuple(columns.values())


def _extra_column(section: SubgroupSection, label: str) -> ColumnSpec | None:
    if not is_extra(section.column):
        return None
    plain = ColumnSpec(section.column, label, "number" if section.bands else "text", absent=True)
    return plain if section.bands else replace(plain, counted=not section.values)


def group_findings(groups: Iterable[str], sections: Mapping[str, SubgroupSection]) -> list[Finding]:
    """Findings on names that no group has, on columns and levels, and on variables of ADSL.

    Those on variables are looked for where there are no others.

    Parameters
    ----------
    groups
        The key ``groups``.
    sections
        The section ``subgroups``.
    """
    known = dict.fromkeys([*NATIVE_GROUPS, *sections])
    findings = [
        Finding(f"groups[{i}]", repr(name), one_of(name, known))
        for i, name in enumerate(groups)
        if name not in known
    ]
    for name, section in sections.items():
        findings += _section_findings(f"subgroups.{name}", name, section)
    return findings or _variable_findings(sections)


def _section_findings(key: str, name: str, section: SubgroupSection) -> list[Finding]:
    column, spec = section.column, column_spec(section.column)
    if name in NATIVE_GROUPS and column != name:
        return [Finding(key, f"the column {column}", f"the column {name}, or another name")]
    if name in ("dose_level", "part") and section.values:
        expected = "none, as tables of safety show the group; or another name of the subgroup"
        return [Finding(f"{key}.values", "levels", expected)]
    if not is_extra(column) and column not in grouping_columns():
        expected = f"{', '.join(grouping_columns())}, or a column of the study's own"
        return [Finding(f"{key}.column", repr(column), expected)]
    if is_extra(column) and section.variable is None and len(section.recorded_variable) > 8:
        expected = "a name of at most 8 characters for ADSL: the column has a longer one"
        return [Finding(f"{key}.variable", "nothing", expected)]
    if not is_extra(column) and spec.kind != "text" and not section.bands:
        return [Finding(f"{key}.bands", "nothing", "limits: the column is a number")]
    if not is_extra(column) and spec.kind == "text" and section.bands:
        return [Finding(f"{key}.bands", "limits", "none: the column is text")]
    return [
        Finding(f"{key}.values.{text}", repr(text), one_of(text, spec.allowed))
        for text in section.values
        if spec.allowed and text not in spec.allowed
    ]


def _variable_findings(sections: Mapping[str, SubgroupSection]) -> list[Finding]:
    """Columns of the study's own that are declared in two ways, and variables of one name."""
    findings: list[Finding] = []
    columns: dict[str, tuple[str, Subgroup]] = {}
    declared = declared_subgroups(sections)
    owners = dict.fromkeys((*SUBJECT_VARIABLES, *IMPUTATION_FLAGS), "ADSL in any study")
    owners |= {name: f"subgroups.{g.name}" for g in declared for name in (g.variable, g.number)}
    for group in declared:
        key = f"subgroups.{group.name}"
        if group.extra is None:
            continue
        first, earlier = columns.setdefault(group.column, (key, group))
        if earlier is not group:
            if (earlier.limits == ()) != (group.limits == ()):
                expected = f"the same column with bands, or without, as in {first}"
                findings.append(Finding(f"{key}.bands", f"the column {group.column}", expected))
            if earlier.recorded_variable != group.recorded_variable:
                expected = f"{earlier.recorded_variable}, as in {first}"
                findings.append(Finding(f"{key}.variable", group.recorded_variable, expected))
            continue
        if group.recorded_variable in owners:
            expected = f"another name: it is a variable of {owners[group.recorded_variable]}"
            findings.append(Finding(f"{key}.variable", group.recorded_variable, expected))
        owners[group.recorded_variable] = key
    return findings
