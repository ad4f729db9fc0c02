"""``t_ttgcfree``, ``t_ttisfree``, ``t_ttdfrem`` and ``t_ttsrem``: freedom from medicines."""

from __future__ import annotations

from durable.derive.drug_free import DRUG_FREE_ENDPOINTS
from durable.derive.endpoint import Endpoint
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import groups, of_parameter
from durable.outputs.output import SAFETY_SET, ColumnEstimates, Output
from durable.outputs.time_to_event import duration_statistics, endpoint_tables
from durable.plan import Plan


def _output(endpoint: Endpoint) -> Output:
    """The output of one endpoint, where the plan asks for it."""

    def results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
        if datasets.adtte is None or not endpoint.asked(plan.response):
            return
        records = datasets.adtte.loc[datasets.adtte["PARAMCD"] == endpoint.code]
        for group in groups(datasets.adsl, plan.group_variables):
            statistics = duration_statistics(group.select(records), endpoint, plan)
            yield group, of_parameter((endpoint.code,), statistics)

    return Output(
        name=endpoint.table,
        analysis_set=SAFETY_SET,
        datasets="ADTTE",
        variables={"ADSL": ("SAFFL",), "ADTTE": ("AVAL", "CNSR", "EVNTDESC")},
        results=results,
        dates=("DTHDT", "NSTDT"),
        tables=tuple(endpoint_tables(endpoint)),
    )


OUTPUTS = tuple(_output(endpoint) for endpoint in DRUG_FREE_ENDPOINTS)
