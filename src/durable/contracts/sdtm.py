"""Where the columns of the native tables are in an SDTM package, unless the plan says otherwise.

``DOMAIN.VARIABLE``; in a supplemental domain the QNAM. The measures of an assessment are
``DOMAIN.TESTCD``: CDISC has no codes for most of them, so those are the project's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable.contracts.columns import TABLES
from durable.jdm.measures import ENZYMES

if TYPE_CHECKING:
    from durable.plan import Inputs, Sdtm

#: The domain whose records are those of the table; assessments are put together from several.
PRINCIPAL = {"subjects": "DM", "therapies": "CM", "adverse_events": "AE", "kinetics": "PC"}

VARIABLES: dict[str, dict[str, str]] = {
    "subjects": {
        "part": "SUPPDM.PART",
        "dose_level": "SUPPDM.DOSELVL",
        "sex": "DM.SEX",
        "age_years": "DM.AGE",
        "consent_date": "DM.RFICDTC",
        "lymphodepletion_date": "EX.EXSTDTC",
        "infusion_date": "EX.EXSTDTC",
        "cells_per_kg": "EX.EXDOSE",
        "last_contact_date": "DM.RFPENDTC",
        "death_date": "DM.DTHDTC",
        "withdrawal_date": "DS.DSSTDTC",
        "withdrawal_reason": "DS.DSTERM",
    },
    "visits": {
        "physician_global": "QS.PHYGLOB",
        "parent_global": "QS.PARGLOB",
        "chaq": "QS.CHAQ",
        "chq_phs": "QS.CHQPHS",
        "cmas": "FT.CMAS",
        "mmt8": "FT.MMT8",
        "das": "RS.DAS",
        "extramuscular": "RS.EXTRAMUS",
        "investigator_assessment": "RS.INVASSES",
        **{enzyme: f"LB.{enzyme.upper()}" for enzyme in ENZYMES},
        "glucocorticoid_mg_kg": "QS.GCMGKG",
        "immunosuppressant": "QS.IMMUNSUP",
        "jdmai1": "",
        "jdmai2": "",
    },
    "therapies": {
        "therapy": "CM.CMTRT",
        "start_date": "CM.CMSTDTC",
        "end_date": "CM.CMENDTC",
        "new_systemic": "SUPPCM.NEWSYS",
        "reason": "CM.CMINDC",
    },
    "adverse_events": {
        "ae_id": "AE.AESPID",
        "term": "AE.AETERM",
        "preferred_term": "AE.AEDECOD",
        "system_organ_class": "AE.AEBODSYS",
        "start_date": "AE.AESTDTC",
        "end_date": "AE.AEENDTC",
        "ctcae_grade": "AE.AETOXGR",
        "astct_grade": "SUPPAE.ASTCTGR",
        "serious": "AE.AESER",
        "related": "AE.AEREL",
        "dlt": "SUPPAE.DLT",
        "aesi": "SUPPAE.AESI",
        "outcome": "AE.AEOUT",
        "ae_seq": "AE.AESEQ",
    },
    "kinetics": {
        "sample_date": "PC.PCDTC",
        "sample_time": "PC.PCDTC",
        "nominal_day": "PC.VISITDY",
        "assay": "PC.PCTEST",
        "unit": "PC.PCSTRESU",
        "value": "PC.PCSTRESC",
        "lloq": "PC.PCLLOQ",
    },
}
#: What a file may lack unless the plan names it: the other stands in (`ae_id`), or nothing does.
OPTIONAL = {"ae_id", "ae_seq"}

#: By column of subjects: of a domain with many records of a subject the variable that tells those
#: that are meant, and the key of the plan that names its values.
SELECTED: dict[str, tuple[str, str, str]] = {
    **dict.fromkeys(
        ("infusion_date", "cells_per_kg", "dose_level", "part"), ("EX", "EXTRT", "infusion")
    ),
    "lymphodepletion_date": ("EX", "EXTRT", "lymphodepletion"),
    "consent_date": ("DS", "DSDECOD", "consent"),
    "withdrawal_date": ("DS", "DSDECOD", "withdrawal"),
    "withdrawal_reason": ("DS", "DSDECOD", "withdrawal"),
}
#: Domains of interventions, events, relations and special purpose, whose records are no results.
_NO_RESULTS = (
    *("DM", "CO", "SE", "SM", "SV", "AG", "CM", "EC", "EX", "ML", "PR", "SU", "AE", "BE", "CE"),
    *("DS", "DV", "HO", "MH", "TA", "TE", "TI", "TS", "TV", "RELREC"),
)
#: Evaluators (--EVAL) whose results count, by measure; a record without one counts always.
_INVESTIGATOR = ("INVESTIGATOR",)
_PARENT = (*_INVESTIGATOR, "PARENT", "CAREGIVER", "GUARDIAN")
_EVALUATORS = {
    "parent_global": _PARENT,
    "chaq": (*_PARENT, "STUDY SUBJECT"),
    "chq_phs": (*_PARENT, "STUDY SUBJECT"),
}

#: Spellings of a unit in the package, in small letters, by column and declared unit ('' = ours).
SPELLINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "age_years": {"": ("years",), "months": ("months",)},
    "cells_per_kg": {
        "": ("cells/kg", "/kg"),
        "10^6/kg": ("10^6/kg", "10^6 cells/kg", "10^6/kg cells"),
    },
    **{
        enzyme: {
            "": ("u/l", "iu/l"),
            "ukat/L": ("ukat/l", "\u00b5kat/l", "\u03bckat/l"),
            "nkat/L": ("nkat/l",),
        }
        for enzyme in ENZYMES
    },
}


def variables(table: str, given: Sdtm) -> dict[str, str]:
    """Place of every column of a table; without those that the plan says are not recorded."""
    places = VARIABLES[table] | given.variables.get(table, {})
    return {column: place for column, place in places.items() if place}


def unusable(table: str, column: str, place: str) -> str:
    """What is expected where a column cannot be read from a place; '' where it can."""
    if column == "subject_id":
        return "no place: the key of a subject is USUBJID"
    if not place:
        by = {"infusion_date": "EXSTDTC of EX", "below_lloq": "PCSTRESC"}
        return f"a variable: without one {by[column]} is read" if column in by else ""
    domain = place.split(".")[0]
    if table == "visits":
        return _unusable_result(column, domain)
    principal = PRINCIPAL[table]
    own = (principal, f"SUPP{principal}")
    if table != "subjects":
        return "" if domain in own else f"a variable of {' or '.join(own)}"
    # Domains of a study's own, with one record a subject, begin with X, Y or Z.
    if domain in own or (len(domain) == 2 and domain[0] in "XYZ"):
        return ""
    if column in SELECTED and SELECTED[column][0] == domain:
        return ""
    known = [*own, *([SELECTED[column][0]] if column in SELECTED else [])]
    return f"a variable of {' or '.join(known)}: which record of another is meant is unknown"


def _unusable_result(column: str, domain: str) -> str:
    if column in ("visit", "visit_date"):
        return f"no place: it is {'VISIT' if column == 'visit' else '--DTC'} of each result"
    if column.endswith("_uln"):
        return "no place: it is --STNRHI of the enzyme's result"
    if domain.startswith("SUPP") or domain in _NO_RESULTS:
        return "DOMAIN.TESTCD of a findings domain, such as QS, FT, RS or LB"
    return ""


def evaluators(column: str, given: Sdtm) -> tuple[str, ...]:
    """Evaluators whose results of a measure count, in capitals."""
    named = given.evaluators.get(column, _EVALUATORS.get(column, _INVESTIGATOR))
    return tuple(name.strip().upper() for name in named)


def domains(table: str, given: Sdtm) -> list[str]:
    """Domains that a table is made of, in alphabetical order; the principal one first."""
    named = {place.split(".")[0] for place in variables(table, given).values()}
    others = sorted(named - {PRINCIPAL.get(table, "")})
    return [*([PRINCIPAL[table]] if table in PRINCIPAL else []), *others]


def input_paths(inputs: Inputs) -> dict[str, str]:
    """The study's files by name: that of the table, or of the domain in a package."""
    if inputs.sdtm is None:
        tables = {name: getattr(inputs, name) for name in TABLES}
        return {name: table.path for name, table in tables.items() if table is not None}
    names = {domain for table in inputs.sdtm.tables for domain in domains(table, inputs.sdtm)}
    return {domain: file_of(domain, inputs.sdtm) for domain in sorted(names)}


def file_of(domain: str, given: Sdtm) -> str:
    """Path of a domain's file."""
    suffix = {"xpt": "xpt", "csv": "csv", "dataset-json": "json"}[given.format]
    return f"{given.folder}/{domain.lower()}.{suffix}"
