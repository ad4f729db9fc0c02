"""The registry of the time-to-event endpoints, one object each in the module of its family.

ADTTE, its contract and define.xml, the time-to-event tables, listing and Kaplan-Meier figures are
made from these objects. `durable.derive.adtte` is the engine: the earliest event decides unless a
censoring goes before it, as in admiral's `derive_param_tte(start, events, censorings)`. Light to
import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable.derive.drug_free import DRUG_FREE_ENDPOINTS
from durable.derive.durations import DOR, EFS
from durable.derive.first_seen import TTIMP, TTREM
from durable.derive.overall_survival import OS

if TYPE_CHECKING:
    from durable.plan import Plan

#: Those of any study, in the order of their tables: the output `t_dor` has the results of all.
STANDARD_ENDPOINTS = (DOR, EFS, TTREM, TTIMP, OS)
#: Those and the ones that a plan may ask for, each an output of its own, in the order of their
#: tables; one that continues as another stands after it.
EVERY_ENDPOINT = (*STANDARD_ENDPOINTS, *DRUG_FREE_ENDPOINTS)
ENDPOINT_BY_CODE = {endpoint.code: endpoint for endpoint in EVERY_ENDPOINT}


def asks_for_endpoint(code: str, plan: Plan) -> bool:
    """Whether a plan asks for the endpoint of this code."""
    return ENDPOINT_BY_CODE[code].asked(plan.response)
