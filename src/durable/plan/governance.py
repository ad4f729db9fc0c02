"""The section ``governance``: who has to say why an analysis is run, and who has to sign it."""

from __future__ import annotations

from pydantic import model_validator

from durable.sections import Line, Section, Text, UniqueList


class Governance(Section):
    """What an organisation asks of its analyses beside their numbers (docs/audit.md)."""

    reason_required: bool = False
    """A run, or a signature, without a reason is refused: durable run --reason TEXT."""
    approvals: UniqueList[Line] = ()
    """Meanings of the signatures that an analysis needs, such as reviewed and approved; without
    one of them durable verify calls it incomplete."""
    separate_approver: bool = False
    """A signature of one of these meanings counts only if it is not by whoever ran the analysis,
    neither by login name nor by key."""
    allowed_signers: Text | None = None
    """File that says whose keys are whose, in the form of OpenSSH's allowed_signers. When empty,
    results/allowed_signers."""
    timestamp_ca: Text | None = None
    """Certificates (PEM) by which RFC 3161 time stamps are checked; without them a time stamp is
    kept and shown as not checked."""

    @model_validator(mode="after")
    def _approvals_named(self) -> Governance:
        if self.separate_approver and not self.approvals:
            raise ValueError("approvals beside separate_approver: meanings of another person")
        return self
