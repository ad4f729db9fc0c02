"""What stands at the head of every page: whose study it is, which analysis, and how final."""

from __future__ import annotations

from dataclasses import dataclass

from durable.language import N_, _
from durable.plan import Plan

#: How final the outputs are, as the head of a page says it.
STATUSES = {"draft": N_("Draft"), "interim": N_("Interim"), "final": N_("Final")}


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
        return self.status == _(STATUSES["draft"])

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
    protocol = _("Protocol {id}").format(id=study.protocol or study.id)
    if study.protocol_version:
        protocol += _(", version {version}").format(version=study.protocol_version)
    cutoff = _("{title}, data cut-off {date}").format(
        title=plan.analysis.title, date=plan.analysis.data_cutoff
    )
    return PageHead(f"{sponsor}{protocol}", analysis or cutoff, _(STATUSES[plan.analysis.status]))
