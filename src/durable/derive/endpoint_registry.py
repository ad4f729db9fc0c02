"""Every time-to-event endpoint: those of any study, and those that a plan may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable.derive.drug_free import DRUG_FREE_ENDPOINTS
from durable.derive.endpoints import ENDPOINTS

if TYPE_CHECKING:
    from durable.plan import Plan

#: In the order of their tables.
EVERY_ENDPOINT = (*ENDPOINTS, *DRUG_FREE_ENDPOINTS)
ENDPOINT_BY_CODE = {endpoint.code: endpoint for endpoint in EVERY_ENDPOINT}


def asks_for_endpoint(code: str, plan: Plan) -> bool:
    """Whether a plan asks for the endpoint of this code."""
    return ENDPOINT_BY_CODE[code].asked(plan.response)
