"""What stands at the head of every page: whose study it is, which analysis, and how final."""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter

from durable.language import N_, _
from durable.plan import Plan

#: How final the outputs are, as the head of a page says it.
STATUSES = {"draft": N_("Draft"), "interim": N_("Interim"), "final": N_("Final")}


#: The number of a page, which each form fills in.
PAGE = N_("Page {number} of {pages}")


def page_number_parts() -> list[tuple[str, str | None]]:
    """Parts of the number of a page: a text, and the field that follows it.

    A field is ``number`` or ``pages``, or None after a text that ends the line. In English
    ``[("Page ", "number"), (" of ", "pages")]``.
    """
    return [(text, field) for text, field, _spec, _conversion in Formatter().parse(_(PAGE))]


@dataclass(frozen=True)
class PageHead:
    """The head of every page; each form adds the number of the page."""

    study: str
    """Sponsor, protocol and its version, as far as the plan has them."""
    analysis: str
    """Analysis and data cut-off."""
    status: str
    """Draft, Interim or Final."""

    @property
    def is_draft(self) -> bool:
        """Whether the status is that of a draft: the pages then have a watermark."""
        return self.status == _(STATUSES["draft"])

    @property
    def line(self) -> str:
        """Study, analysis and status in one line."""
        return _("{study}. {analysis}. {status}").format(
            study=self.study, analysis=self.analysis, status=self.status
        )


def page_head(plan: Plan, analysis: str = "") -> PageHead:
    """The head of the pages of an analysis.

    Parameters
    ----------
    plan
        The analysis plan.
    analysis
        Second line; title and data cut-off when empty.
    """
    study = plan.study
    form = _("Protocol {id}, version {version}") if study.protocol_version else _("Protocol {id}")
    protocol = form.format(id=study.protocol or study.id, version=study.protocol_version)
    cutoff = _("{title}, data cut-off {date}").format(
        title=plan.analysis.title, date=plan.analysis.data_cutoff
    )
    if study.sponsor:
        protocol = _("{sponsor}. {protocol}").format(sponsor=study.sponsor, protocol=protocol)
    return PageHead(protocol, analysis or cutoff, _(STATUSES[plan.analysis.status]))
