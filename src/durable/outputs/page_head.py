"""What stands at the head of every page: whose study it is, which analysis, and how final."""

from __future__ import annotations

from dataclasses import dataclass

from durable.plan import Plan


@dataclass(frozen=True)
class PageHead:
    """The head of every page; each form adds the number of the page."""

    study: str
    """Sponsor, protocol and its version."""
    analysis: str
    """Analysis and data cut-off."""
    status: str
    """Draft, Interim or Final."""

    @property
    def is_draft(self) -> bool:
        """Whether the pages have a watermark."""
        return self.status == "Draft"

    @property
    def line(self) -> str:
        """All of it in one line."""
        return f"{self.study}. {self.analysis}. {self.status}"


def page_head(plan: Plan, analysis: str = "") -> PageHead:
    """The head of the pages of an analysis.

    Parameters
    ----------
    plan
        The analysis plan.
    analysis
        Second line, where it is another than title and data cut-off.
    """
    study = plan.study
    sponsor = f"{study.sponsor}. " if study.sponsor else ""
    version = f", version {study.protocol_version}" if study.protocol_version else ""
    return PageHead(
        f"{sponsor}Protocol {study.protocol or study.id}{version}",
        analysis or f"{plan.analysis.title}, data cut-off {plan.analysis.data_cutoff}",
        plan.analysis.status.capitalize(),
    )
