"""Names by which the exported files refer to one another, and the moment that they bear."""

from __future__ import annotations

import re
from importlib import metadata

from durable.plan import Plan

SYSTEM = "durable"


def version() -> str:
    """Version of this program as installed: ``1.4.0``."""
    return metadata.version(SYSTEM)


def moment(plan: Plan) -> str:
    """The data cut-off as the time of creation of a file: ``2026-03-01T00:00:00``."""
    return f"{plan.analysis.data_cutoff}T00:00:00"


def study_oid(plan: Plan) -> str:
    """Identifier of the study: ``ST.<study>``, by `plain`."""
    return f"ST.{plain(plan.study.id)}"


def file_oid(plan: Plan) -> str:
    """Identifier of the files of an analysis: ``ST.<study>.<analysis>``, each by `plain`."""
    return f"{study_oid(plan)}.{plain(plan.analysis.id)}"


def metadata_oid(plan: Plan) -> str:
    """Identifier of the metadata of the datasets: ``MDV.<study>.<analysis>``, each by `plain`."""
    return f"MDV.{plain(plan.study.id)}.{plain(plan.analysis.id)}"


def group_oid(dataset: str) -> str:
    """Identifier of a dataset: ``IG.<dataset>``."""
    return f"IG.{dataset}"


def item_oid(dataset: str, variable: str, code: str = "") -> str:
    """Identifier of a variable, ``IT.<dataset>.<variable>``, or of its values for a parameter.

    For a parameter its `escaped_code` follows, after a point.
    """
    return f"IT.{dataset}.{variable}" + (f".{escaped_code(code)}" if code else "")


def plain(text: str) -> str:
    """A name for an identifier, each run of signs but ASCII letters, digits, _ and - as one _.

    `"CAR-T 01"` gives `"CAR-T_01"`; a name without any of these gives its `escaped_code`. Names
    that differ may give the same text.
    """
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_") or escaped_code(text)


def escaped_code(text: str) -> str:
    """Text for an identifier, each sign but ASCII letters, digits, _ and - by its code point.

    `"M+1"` gives `"M_U2B_1"`: codes that differ make identifiers that differ, as ``M 1`` and
    ``M_1``, but for a code that is itself so written.
    """
    return re.sub(r"[^A-Za-z0-9_-]", lambda sign: f"_U{ord(sign[0]):X}_", text)
