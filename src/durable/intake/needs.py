"""Which columns of the input tables the definitions in force need; a file may lack the others.

A column that is absent and not needed is one that the study does not record: it is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from durable.contracts.input_table import ColumnSpec
from durable.contracts.tables import INPUT_TABLES
from durable.jdm.needs import columns_needed
from durable.language import _
from durable.plan import Plan
from durable.plan.subgroups import extra_columns
from durable.sections import Section

#: By column the keys of the plan that need it; '' where every analysis does.
Needed = dict[str, str]


@dataclass(frozen=True)
class Needs:
    """What the definitions in force need of the input tables."""

    columns: dict[str, Needed]
    """By table the columns that are needed, each with the key of the plan that needs it."""
    extra: Mapping[str, tuple[ColumnSpec, ...]] = field(default_factory=dict)
    """By table the columns that subgroups of the plan add to those of any study."""
    enzyme: str = ""
    """The key of the plan by which the core set needs an enzyme: any one of them, with its upper
    limit of normal. '' where it needs none."""

    def missing(self, table: str, present: set[str]) -> dict[str, str]:
        """Columns that are needed and not present, each with the key of the plan that needs it.

        The key is '' for what every analysis needs. Where an enzyme is needed and none is present,
        the first stands for all; of each enzyme that is present the upper limit is needed too.
        """
        missing_columns = {n: why for n, why in self.columns[table].items() if n not in present}
        if table != "visits" or not self.enzyme:
            return missing_columns
        limits = {c.limit_of: c.name for c in INPUT_TABLES[table].columns if c.limit_of}
        enzymes = [enzyme for enzyme in limits if enzyme in present]
        if not enzymes:
            first = next(iter(limits))
            missing_columns[first] = _("{key} (this or another enzyme with its limit)").format(
                key=self.enzyme
            )
        needed = {limits[enzyme]: self.enzyme for enzyme in enzymes}
        return missing_columns | {name: why for name, why in needed.items() if name not in present}


def always_needed() -> Needs:
    """Every column but those that few studies record (`InputTable.rare`), needed by no key ('')."""
    return Needs(
        {
            name: dict.fromkeys((n for n in table.names if n not in table.rare), "")
            for name, table in INPUT_TABLES.items()
        }
    )


def needs(plan: Plan) -> Needs:
    """The columns that the plan's definitions need, those of its sensitivity analyses included."""
    columns: dict[str, Needed] = {
        name: {
            column.name: _deciding_key(column, plan)
            for column in table.columns
            if not column.absent or _deciding_key(column, plan)
        }
        for name, table in INPUT_TABLES.items()
    }
    responses = {"response": plan.response} | {
        f"sensitivity.{name}.response": plan.response_of(name) for name in plan.sensitivity
    }
    enzyme = ""
    for prefix, response in responses.items():
        for column, key in columns_needed(response):
            if column == "enzyme":
                enzyme = enzyme or f"{prefix}.{key}"
            else:
                columns["visits"].setdefault(column, f"{prefix}.{key}")
    groups = plan.subgroup_variables
    for group in groups:
        columns["subjects"].setdefault(group.column, f"subgroups.{group.name}.column")
    return Needs(columns, {"subjects": extra_columns(groups)}, enzyme)


def _deciding_key(column: ColumnSpec, plan: Plan) -> str:
    """The key of the plan by which a column is needed; '' where none of its keys needs it."""
    for path in column.needed_by:
        value: object = plan
        for key in path.split("."):
            value = getattr(value, key)
        if isinstance(value, tuple):
            if column.name in value:
                return path
        elif value is None:
            continue
        elif isinstance(value, Section):
            # An SDTM package has no place for it of its own: none is asked of it.
            return path if plan.inputs.sdtm is None else ""
        elif value != "none":
            return f"{path} ({value})"
    return ""
