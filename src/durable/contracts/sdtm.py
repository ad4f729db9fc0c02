"""Where the columns of the native tables are in an SDTM package, unless the plan says otherwise.

``DOMAIN.VARIABLE``; in a supplemental domain the QNAM. The measures of an assessment are
``DOMAIN.TESTCD``: CDISC has no codes for most of them, so those are the project's own.
"""

from __future__ import annotations

from durable.config.model import ENZYMES, TABLES, Inputs, Sdtm

#: The domain whose records are those of the table; assessments are put together from several.
PRINCIPAL = {"subjects": "DM", "therapies": "CM", "adverse_events": "AE", "kinetics": "PC"}

VARIABLES: dict[str, dict[str, str]] = {
    "subjects": {
        "part": "SUPPDM.PART",
        "dose_level": "SUPPDM.DOSELVL",
        "sex": "DM.SEX",
        "age_years": "DM.AGE",
        "consent_date": "DM.RFICDTC",
        "last_contact_date": "DM.RFPENDTC",
        "death_date": "DM.DTHDTC",
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
#: Domains a table needs beside those of its variables.
_BESIDE = {"subjects": ("EX", "DS")}

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


def domains(table: str, given: Sdtm) -> list[str]:
    """Domains that a table is made of, in alphabetical order; the principal one first."""
    named = {place.split(".")[0] for place in variables(table, given).values()}
    others = sorted({*named, *_BESIDE.get(table, ())} - {PRINCIPAL.get(table, "")})
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
