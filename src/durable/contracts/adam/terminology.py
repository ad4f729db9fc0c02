"""Codelists of CDISC controlled terminology that variables of the ADaM datasets use.

Codes of the NCI Thesaurus: codelist and terms, as published by NCI EVS in the SDTM package of
`PACKAGE`. Light to import.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

#: Publication date of the package.
PACKAGE = "2024-09-27"


@dataclass(frozen=True)
class Terminology:
    """A codelist with the code of each term."""

    name: str
    code: str
    terms: Mapping[str, str]


NO_YES = Terminology("No Yes Response", "C66742", {"N": "C49487", "Y": "C49488", "U": "C17998"})
_BY_VARIABLE = {
    "AGEU": Terminology("Age Unit", "C66781", {"YEARS": "C29848"}),
    "SEX": Terminology("Sex", "C66731", {"F": "C16576", "M": "C20197", "U": "C17998"}),
    "RACE": Terminology(
        "Race",
        "C74457",
        {
            "AMERICAN INDIAN OR ALASKA NATIVE": "C41259",
            "ASIAN": "C41260",
            "BLACK OR AFRICAN AMERICAN": "C16352",
            "NATIVE HAWAIIAN OR OTHER PACIFIC ISLANDER": "C41219",
            "WHITE": "C41261",
        },
    ),
    "ETHNIC": Terminology(
        "Ethnic Group",
        "C66790",
        {"HISPANIC OR LATINO": "C17459", "NOT HISPANIC OR LATINO": "C41222"},
    ),
    "AEOUT": Terminology(
        "Outcome of Event",
        "C66768",
        {
            "FATAL": "C48275",
            "NOT RECOVERED/NOT RESOLVED": "C49494",
            "RECOVERED/RESOLVED": "C49498",
            "RECOVERED/RESOLVED WITH SEQUELAE": "C49495",
            "RECOVERING/RESOLVING": "C49496",
            "UNKNOWN": "C17998",
        },
    ),
    "AESER": NO_YES,
    "AEDLT": NO_YES,
}


def terminology(variable: str, values: Collection[str]) -> Terminology | None:
    """The codelist of a variable that holds all values.

    None where the variable has none, a value is no term of it, or there is no value.
    """
    codelist = NO_YES if variable.endswith("FL") else _BY_VARIABLE.get(variable)
    if codelist is None or not values or not set(values) <= set(codelist.terms):
        return None
    return codelist
