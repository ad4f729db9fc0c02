"""Why an output was made: what the registry of the study lists, and all else. Light to import."""

from __future__ import annotations

from durable.derive.endpoints import ENDPOINT_BY_CODE

PRIMARY = "primary"
REASON = "SPECIFIED IN SAP"
#: What the registry of the study lists, by output; all else is exploratory.
_PURPOSES = {
    "t_improvement": "PRIMARY OUTCOME MEASURE",
    "t_dor": "PRIMARY OUTCOME MEASURE",
    "t_ae_overview": "PRIMARY OUTCOME MEASURE",
    "t_ae_soc_pt": "PRIMARY OUTCOME MEASURE",
    "t_kinetics": "SECONDARY OUTCOME MEASURE",
}
_EXPLORATORY = "EXPLORATORY OUTCOME MEASURE"


def purpose(output: str, parameter: str = "", variant: str = PRIMARY) -> str:
    """Purpose of an analysis in the terms of CDISC: ``PRIMARY OUTCOME MEASURE``, for example.

    Parameters
    ----------
    output
        Name of the output; one that the registry does not list is exploratory.
    parameter
        Parameter of the analysis; an endpoint that is not registered is exploratory.
    variant
        ``primary``, or the name of a sensitivity analysis, which is exploratory.
    """
    endpoint = ENDPOINT_BY_CODE.get(parameter)
    registered = variant == PRIMARY and (endpoint is None or endpoint.registered)
    return _PURPOSES.get(output, _EXPLORATORY) if registered else _EXPLORATORY
