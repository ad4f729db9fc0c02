"""The ADaM datasets in their order: schemas, and descriptions for define.xml."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from durable.contracts.adam.adae import ADAE_SPEC, adae_schema
from durable.contracts.adam.adbc import ADBC, ADBC_SPEC
from durable.contracts.adam.addv import ADDV, ADDV_SPEC
from durable.contracts.adam.adex import ADEX, ADEX_SPEC
from durable.contracts.adam.adie import ADIE, ADIE_SPEC
from durable.contracts.adam.adlb import ADLB, ADLB_SPEC
from durable.contracts.adam.adpc import ADPC_SPEC, adpc_schema
from durable.contracts.adam.adpp import adpp_schema, adpp_spec
from durable.contracts.adam.adrs import ADRS, ADRS_SPEC
from durable.contracts.adam.adsl import adsl_schema, adsl_spec
from durable.contracts.adam.adtte import DurationSpec, adtte_schema, adtte_spec
from durable.contracts.adam.description import DatasetSpec
from durable.contracts.subgroups import Subgroup


def dataset_schemas(
    windows: tuple[int, ...],
    endpoints: Sequence[DurationSpec],
    *,
    assessments: bool = True,
    subject_variables: Collection[str] = (),
    event_variables: Collection[str] = (),
    subgroups: Sequence[Subgroup] = (),
) -> dict[str, Any]:
    """Return the pandera DataFrameSchema of each dataset, by its name (``ADSL``).

    Parameters
    ----------
    windows
        Last day after infusion of each window of adverse events.
    endpoints
        Parameters of ADTTE.
    assessments
        Whether the study has assessments.
    subject_variables, event_variables
        Variables of ADSL and of ADAE that the study has; optional ones not among them are left out.
    subgroups
        Groups of subjects that the plan declares.
    """
    periods = "TR02SDT" in subject_variables
    return {
        "ADSL": adsl_schema(subject_variables, assessments=assessments, subgroups=subgroups),
        "ADRS": ADRS,
        "ADTTE": adtte_schema(endpoint.code for endpoint in endpoints),
        "ADAE": adae_schema(windows, event_variables),
        "ADLB": ADLB,
        "ADBC": ADBC,
        "ADPC": adpc_schema(periods=periods),
        "ADPP": adpp_schema(periods=periods),
        "ADIE": ADIE,
        "ADEX": ADEX,
        "ADDV": ADDV,
    }


def dataset_specs(
    endpoints: Sequence[DurationSpec],
    subgroups: Sequence[Subgroup] = (),
    *,
    periods: bool = False,
) -> tuple[DatasetSpec, ...]:
    """Return the descriptions of the datasets for define.xml, in their order.

    Parameters
    ----------
    endpoints
        Parameters of ADTTE.
    subgroups
        Groups of subjects that the plan declares.
    periods
        Whether the plan says how a second infusion counts.
    """
    return (
        *(adsl_spec(subgroups), ADRS_SPEC, adtte_spec(endpoints), ADAE_SPEC),
        *(ADLB_SPEC, ADBC_SPEC, ADPC_SPEC, adpp_spec(periods=periods), ADIE_SPEC),
        *(ADEX_SPEC, ADDV_SPEC),
    )
