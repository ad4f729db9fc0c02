"""Names by which the exported files refer to one another, and the moment that they bear."""

from __future__ import annotations

import re
from importlib import metadata

from durable.plan import Plan

SYSTEM = "durable"


def version() -> str:
    """Version of this program."""
    return metadata.version(SYSTEM)


def moment(plan: Plan) -> str:
    """The data cut-off as a time: the same files for the same results have no other."""
    return f"{plan.analysis.data_cutoff}T00:00:00"


def study_oid(plan: Plan) -> str:
    """Identifier of the study."""
    return f"ST.{plain(plan.study.id)}"


def file_oid(plan: Plan) -> str:
    """Identifier of the files of an analysis."""
    return f"{study_oid(plan)}.{plain(plan.analysis.id)}"


def metadata_oid(plan: Plan) -> str:
    """Identifier of what is said of the datasets."""
    return f"MDV.{plain(plan.study.id)}.{plain(plan.analysis.id)}"


def group_oid(dataset: str) -> str:
    """Identifier of a dataset."""
    return f"IG.{dataset}"


def item_oid(dataset: str, variable: str, code: str = "") -> str:
    """Identifier of a variable, or of its values for one parameter."""
    return f"IT.{dataset}.{variable}" + (f".{coded(code)}" if code else "")


def plain(text: str) -> str:
    """A name as it may stand in an identifier; one without a letter of ASCII by its code points."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_") or coded(text)


def coded(text: str) -> str:
    """Text as it may stand in an identifier, each other sign by its code point.

    Codes that differ make identifiers that differ: ``M+1`` and ``M-1``, ``M 1`` and ``M_1``.
    """
    return re.sub(r"[^A-Za-z0-9_-]", lambda sign: f"_U{ord(sign[0]):X}_", text)
