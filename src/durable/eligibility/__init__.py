"""The criteria of eligibility of the trial: `CRITERIA` is their registry. Light to import.

Another trial has another registry of such objects (`durable.criterion.Criterion`).
"""

from __future__ import annotations

from durable.criterion import Criterion
from durable.eligibility.general import AGE, EXCLUSIONS, PROCEDURES
from durable.jdm.eligibility import DISEASE_CRITERIA

CRITERIA: tuple[Criterion, ...] = (AGE, *DISEASE_CRITERIA, *PROCEDURES, *EXCLUSIONS)
CRITERION_IDS = tuple(criterion.id for criterion in CRITERIA)
CRITERION_BY_ID = {criterion.id: criterion for criterion in CRITERIA}
if len(CRITERION_BY_ID) < len(CRITERIA):
    raise ValueError("two criteria of one id")
