"""Which columns of the visits table the definitions of response need."""

from __future__ import annotations

from collections.abc import Iterator

from durable.jdm.parameters import GLUCOCORTICOID
from durable.jdm.response import Response


def columns_needed(response: Response) -> Iterator[tuple[str, str]]:
    """Columns of visits, or ``enzyme``, and the key below ``response`` that needs each.

    A column that several keys need comes with each of them.
    """
    for measure in response.measures.values():
        yield measure, f"core_set ({response.core_set})"
    remission, recurrence = response.remission, response.recurrence
    for column, key in remission.columns.items():
        yield column, f"remission.{key}"
    if recurrence.investigator:
        yield "investigator_assessment", "recurrence.investigator"
    for column in recurrence.worsening.columns:
        yield column, "recurrence.worsening.enabled"
    if response.drug_free is not None:
        for column, key in response.drug_free.columns.items():
            yield column, f"drug_free.{key}"
    if response.glucocorticoid_increase is not None:
        yield GLUCOCORTICOID.column, "glucocorticoid_increase"
