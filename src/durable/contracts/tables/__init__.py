"""The input tables of a study, each an object of its own module, in the order of the plan."""

from __future__ import annotations

from durable.contracts.input_table import InputTable
from durable.contracts.tables.adverse_events import ADVERSE_EVENTS
from durable.contracts.tables.eligibility import ELIGIBILITY
from durable.contracts.tables.kinetics import KINETICS
from durable.contracts.tables.laboratory import LABORATORY
from durable.contracts.tables.lymphodepletion import LYMPHODEPLETION
from durable.contracts.tables.screening import SCREENING
from durable.contracts.tables.subjects import SUBJECTS
from durable.contracts.tables.therapies import THERAPIES
from durable.contracts.tables.visits import VISITS

INPUT_TABLES: dict[str, InputTable] = {
    table.name: table
    for table in (
        *(SUBJECTS, VISITS, THERAPIES, ADVERSE_EVENTS, LABORATORY, KINETICS),
        *(SCREENING, ELIGIBILITY, LYMPHODEPLETION),
    )
}
TABLES = tuple(INPUT_TABLES)
NATIVE_COLUMNS = {name: table.names for name, table in INPUT_TABLES.items()}
