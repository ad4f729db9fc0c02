"""Domain, variable and --SEQ of the record of each cell, for SRCDOM, SRCVAR and SRCSEQ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from durable.contracts.tables import INPUT_TABLES
from durable.intake.findings import Recorded
from durable.intake.sdtm.domain import Domain, strip_texts
from durable.plan.sdtm import principal_domain


def with_variables(
    recorded: Recorded, places: Mapping[str, str], domains: Mapping[str, Domain]
) -> Recorded:
    """A table made from a package, with ``domain``, ``seq`` and ``variable`` in its ``origin``.

    Those are texts, '' where there is none: no --SEQ, or no variable in that domain.

    Parameters
    ----------
    recorded
        The table, with the file and row of every cell.
    places
        Place of each column that the package has, ``DOMAIN.VARIABLE``.
    domains
        The domains that it was made from, by name.
    """
    sequences = pd.concat([_sequences(name, domain) for name, domain in domains.items()])
    known: dict[int, pd.DataFrame] = {}
    origin = {}
    for column, location in recorded.origin.items():
        # Columns of one record share their files and rows.
        if id(location) not in known:
            known[id(location)] = location.join(sequences, on=["file", "row"])
        with_sequence = known[id(location)]
        names = {
            domain: _variable(recorded.table, column, domain, places.get(column, ""))
            for domain in domains
        }
        origin[column] = with_sequence.assign(variable=with_sequence["domain"].map(names))
    return replace(recorded, origin=origin)


def _sequences(name: str, domain: Domain) -> pd.DataFrame:
    """Domain and --SEQ ('' without one) of its records, by file and row."""
    records = domain.all_records
    location = domain.locate(records.index)
    seq = strip_texts(records[f"{name}SEQ"]) if f"{name}SEQ" in records else ""
    return location.assign(domain=name, seq=seq).set_index(["file", "row"])


def _variable(table: str, column: str, domain: str, source: str) -> str:
    """The variable of a domain that a column is read from."""
    spec = INPUT_TABLES[table]
    if column == "subject_id":
        return "USUBJID"
    if domain.startswith("SUPP"):
        return "QVAL"
    if principal_domain(table):
        named, _, variable = source.partition(".")
        return variable if named == domain else ""
    if column == spec.date:
        return f"{domain}DTC"
    if column in spec.key:
        return "VISIT"
    limited = column in spec.by_name and spec.by_name[column].limit_of
    return f"{domain}STNRHI" if limited else f"{domain}STRESC"
