"""Overall survival. Light to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable.derive.endpoint import Censoring, Endpoint
from durable.derive.endpoint_conditions import DEATH_OF_ANY_CAUSE, no_event, withdrawn
from durable.language import N_, _
from durable.vocabulary import ALIVE, WITHDRAWN

if TYPE_CHECKING:
    from durable.jdm.response import Response
    from durable.schedule import Visit


def _describe_os(_response: Response, _deadline: Visit) -> str:
    return _(
        "Overall survival: from infusion to death from any cause, in all infused subjects. The"
        " living are censored on the last date known alive by the data cut-off: the latest of"
        " infusion, assessments and last contact."
    )


OS = Endpoint(
    code="OS",
    label="Overall survival (days)",
    title=N_("Overall survival"),
    population="SAFFL",
    origin="TRTSDT",
    since=N_("infusion"),
    derivation="ADT - STARTDT + 1, days from the infusion to death of any cause; censored on the"
    " last date known alive: the latest of infusion, assessments and last contact.",
    keys=(),
    handling="survival",
    defined=("Durations",),
    describe=_describe_os,
    events=(DEATH_OF_ANY_CAUSE,),
    censorings=(
        Censoring(WITHDRAWN, withdrawn, lambda course: course.last_alive),
        Censoring(ALIVE, no_event, lambda course: course.last_alive),
    ),
    other_date="OS: the last date known alive.",
    figure="km_os",
    event_free=N_("Survival"),
)
