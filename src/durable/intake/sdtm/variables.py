"""Which variable of which domain a cell is, and the --SEQ of its record: SRCDOM, SRCVAR, SRCSEQ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from durable.contracts.tables import INPUT_TABLES
from durable.intake.findings import Recorded
from durable.intake.sdtm.domain import Domain, stripped
from durable.plan.sdtm import principal_domain


def with_variables(
    recorded: Recorded, places: Mapping[str, str], domains: Mapping[str, Domain]
) -> Recorded:
    """A table made from a package, with the domain, variable and --SEQ of every cell beside it.

    Parameters
    ----------
    recorded
        The table, with the file and row of every cell.
    places
        Place of each column that the package has, ``DOMAIN.VARIABLE``.
    domains
        The domains that it was made from.
    """
    sequences = pd.concat([_sequences(name, domain) for name, domain in domains.items()])
    known: dict[int, pd.DataFrame] = {}
    origin = {}
    for column, place in recorded.origin.items():
        # Columns of one record share their places.
        if id(place) not in known:
            known[id(place)] = place.join(sequences, on=["file", "row"])
        found = known[id(place)]
        names = {
            domain: _variable(recorded.table, column, domain, places.get(column, ""))
            for domain in domains
        }
        origin[column] = found.assign(variable=found["domain"].map(names))
    return replace(recorded, origin=origin)


def _sequences(name: str, domain: Domain) -> pd.DataFrame:
    """Domain and --SEQ ('' without one) of its records, by file and row."""
    records = domain.all_records
    place = domain.place(records.index)
    seq = stripped(records[f"{name}SEQ"]) if f"{name}SEQ" in records else ""
    return place.assign(domain=name, seq=seq).set_index(["file", "row"])


def _variable(table: str, column: str, domain: str, place: str) -> str:
    """The variable of a domain that a column is read from."""
    spec = INPUT_TABLES[table]
    if column == "subject_id":
        return "USUBJID"
    if domain.startswith("SUPP"):
        return "QVAL"
    if principal_domain(table):
        named, _, variable = place.partition(".")
        return variable if named == domain else ""
    if column == spec.date:
        return f"{domain}DTC"
    if column in spec.key:
        return "VISIT"
    limited = column in spec.by_name and spec.by_name[column].limit_of
    return f"{domain}STNRHI" if limited else f"{domain}STRESC"
