"""``l_drug_free``: the records of freedom from medicines and of sustained remission."""

from __future__ import annotations

from durable.derive.drug_free import DRUG_FREE_ENDPOINTS
from durable.language import N_
from durable.outputs import definitions
from durable.outputs.listings.duration import endpoint_listing

LISTING = endpoint_listing(
    "drug_free",
    N_("Time to freedom from medicines and to sustained remission"),
    DRUG_FREE_ENDPOINTS,
    definitions.drug_free,
)
