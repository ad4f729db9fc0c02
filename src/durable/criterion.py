"""A criterion of eligibility: one object holds its text, what it reads and how it is evaluated.

A trial's criteria are a registry of such objects (`durable.eligibility.CRITERIA`). Light to import.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

    from durable.plan.eligibility import Eligibility

    #: One value for each row of the attempts: 1 yes, 0 no, NaN unknown.
    Status = pd.Series[float]
    Evaluation = Callable[[pd.DataFrame, Eligibility], Status]

Category = Literal["INCLUSION", "EXCLUSION"]
#: Answers to a criterion: met, not met, unknown, not applicable.
MET, NOT_MET, UNKNOWN, NOT_APPLICABLE = "Y", "N", "U", "NA"


@dataclass(frozen=True)
class Criterion:
    """A criterion of eligibility.

    Attributes
    ----------
    id
        I01 and so on of the inclusion criteria, E01 of the exclusion criteria.
    text
        The criterion in words, marked for translation.
    reads
        Columns of the screening attempts that decide it, of which the first is its source.
    evaluate
        Whether the criterion is met at each attempt: 1, 0, or NaN unknown, by the index of the
        attempts. An exclusion criterion that is met excludes.
    keys
        Keys of the section `eligibility` that decide, dotted.
    describe
        The rule in force in words; '' where the text says it all.
    applies
        Whether the criterion applies to the attempt: 0 makes it not applicable, NaN unknown. None
        where it applies to all.
    """

    id: str
    text: str
    reads: tuple[str, ...]
    evaluate: Evaluation
    keys: tuple[str, ...] = ()
    describe: Callable[[Eligibility], str] = lambda _rules: ""
    applies: Evaluation | None = None

    @property
    def category(self) -> Category:
        """``INCLUSION`` where `id` begins with I, else ``EXCLUSION``."""
        return "INCLUSION" if self.id.startswith("I") else "EXCLUSION"

    @property
    def eligible_answer(self) -> str:
        """The answer of an eligible subject: Y to inclusion criteria, N to exclusion criteria."""
        return MET if self.category == "INCLUSION" else NOT_MET

    def answer(self, attempts: pd.DataFrame, rules: Eligibility) -> pd.Series[str]:
        """Y met, N not met, U unknown or NA not applicable, for each row of the attempts.

        Where it is unknown whether the criterion applies, an answer that violates it is U.
        """
        answers = self.evaluate(attempts, rules).map({1.0: MET, 0.0: NOT_MET}).astype(object)
        answers = answers.where(answers.notna(), UNKNOWN)
        if self.applies is None:
            return answers
        applies = self.applies(attempts, rules)
        answers = answers.mask(applies.isna() & (answers != self.eligible_answer), UNKNOWN)
        return answers.mask(applies == 0, NOT_APPLICABLE)
