"""Delivery ``dataset-ndjson``: CDISC Dataset-JSON 1.1 as NDJSON, a record a line.

The first line is what is said of the dataset, each further one a record: a reader needs one line
at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable.export.dataset_json import to_ndjson
from durable.files import write_text

if TYPE_CHECKING:
    from durable.export.handover import FinishedAnalysis


def write(analysis: FinishedAnalysis) -> None:
    """Write ``export/dataset-ndjson/*.ndjson``, one for each dataset, its name in lower case."""
    metadata = "../define.xml" if analysis.delivers("define") else None
    for dataset in analysis.datasets:
        path = analysis.folder / "export" / "dataset-ndjson" / f"{dataset.name.lower()}.ndjson"
        write_text(path, to_ndjson(dataset, analysis.plan, metadata))
