"""Where the columns of the input tables are in an SDTM package, by the plan or by default."""

from __future__ import annotations

from durable.contracts.input_table import InputTable
from durable.contracts.tables import INPUT_TABLES
from durable.plan.inputs import Sdtm

#: Domains of interventions, events, relations and special purpose, whose records are no results.
_NO_RESULTS = (
    *("DM", "CO", "SE", "SM", "SV", "AG", "CM", "EC", "EX", "ML", "PR", "SU", "AE", "BE", "CE"),
    *("DS", "DV", "HO", "MH", "TA", "TE", "TI", "TS", "TV", "RELREC"),
)
#: The evaluator whose results count, beside records without one, where nothing else is said.
_INVESTIGATOR = ("INVESTIGATOR",)


def places(table: str, sdtm: Sdtm) -> dict[str, str]:
    """Place (``DOMAIN.VARIABLE``) of each column of a table that the package records."""
    usual = {c.name: c.sdtm.place for c in INPUT_TABLES[table].columns if c.sdtm.place}
    found = usual | sdtm.variables.get(table, {})
    return {column: place for column, place in found.items() if place}


def principal_domain(table: str) -> str:
    """Domain whose records are those of the table; '' where it is put together from several."""
    sdtm = INPUT_TABLES[table].sdtm
    return "" if sdtm is None else sdtm.domain


def results(table: InputTable) -> list[str]:
    """Columns that are results of a findings domain, of a table that is put together from them."""
    fixed = {*table.key, *(column.name for column in table.columns if column.limit_of)}
    return [column.name for column in table.columns if column.name not in fixed]


def place_expected(table: str, column: str, place: str) -> str:
    """Words for what is expected where a column cannot be read from a place; '' where it can."""
    if column == "subject_id":
        return "no place: the key of a subject is USUBJID"
    source = INPUT_TABLES[table].by_name[column].sdtm
    if not place:
        return f"a variable: without one {source.instead} is read" if source.instead else ""
    domain = place.split(".")[0]
    principal = principal_domain(table)
    if not principal:
        return _result_expected(table, column, domain)
    own = (principal, f"SUPP{principal}")
    if table != "subjects":
        return "" if domain in own else f"a variable of {' or '.join(own)}"
    # Domains of a study's own, with one record a subject, begin with X, Y or Z.
    if domain in own or (len(domain) == 2 and domain[0] in "XYZ"):
        return ""
    if source.selected is not None and source.selected.domain == domain:
        return ""
    known = [*own, *([] if source.selected is None else [source.selected.domain])]
    return f"a variable of {' or '.join(known)}: which record of another is meant is unknown"


def _result_expected(table: str, column: str, domain: str) -> str:
    """The same, of a column of a table that is put together from results."""
    spec = INPUT_TABLES[table]
    if column in spec.key:
        return f"no place: it is {'--DTC' if column == spec.date else 'VISIT'} of each result"
    if spec.by_name[column].limit_of:
        return "no place: it is --STNRHI of the enzyme's result"
    if domain.startswith("SUPP") or domain in _NO_RESULTS:
        return "DOMAIN.TESTCD of a findings domain, such as QS, FT, RS or LB"
    return ""


def evaluators(table: str, column: str, sdtm: Sdtm) -> tuple[str, ...]:
    """Evaluators whose results of a measure count, in capitals."""
    usual = INPUT_TABLES[table].by_name[column].sdtm.evaluators or _INVESTIGATOR
    return tuple(name.strip().upper() for name in sdtm.evaluators.get(column, usual))


def domains(table: str, sdtm: Sdtm) -> list[str]:
    """Domains that a table is made of: the principal one, then the others in alphabetical order."""
    principal = principal_domain(table)
    named = {place.split(".")[0] for place in places(table, sdtm).values()}
    return [*([principal] if principal else []), *sorted(named - {principal})]


def domain_path(domain: str, sdtm: Sdtm) -> str:
    """Path of a domain's file."""
    suffix = {"xpt": "xpt", "csv": "csv", "dataset-json": "json"}[sdtm.format]
    return f"{sdtm.folder}/{domain.lower()}.{suffix}"
