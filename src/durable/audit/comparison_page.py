"""The page of a comparison: the primary results first, then everything, grouped and folded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isnan
from typing import TYPE_CHECKING

from durable.audit.causes import ResultChange, StatusChange, causes_of, subjects_of
from durable.audit.curves import overlay, read_curve
from durable.audit.primary import primary_results
from durable.audit.records import InputChange
from durable.audit.shown import ChangedCell, Size, changed_cells
from durable.audit.sides import BEFORE, SINCE, UNEXPLAINED, Side
from durable.audit.statuses import status_label
from durable.contents import numbered_title
from durable.contracts.results import Result
from durable.derive.endpoints import STANDARD_ENDPOINTS
from durable.language import N_, _, translate_marked
from durable.outputs import OUTPUTS, entry_of_table
from durable.pages import render_page
from durable.plan import Plan
from durable.wording import capitalise

if TYPE_CHECKING:
    from markupsafe import Markup

#: Of a result that an analysis does not have.
ABSENT = N_("absent")
#: So many rows stand open; more are folded.
_OPEN = 12
#: So many subjects behind a cell are named; ard.csv names all.
_NAMED = 6


@dataclass(frozen=True)
class ShownCell:
    """A changed cell of a table as a row of the page, in the language in force."""

    table: str
    """Number and title of the table."""
    block: str
    """Labels of the rows above that it belongs to; empty where there are none."""
    label: str
    """Label of the row."""
    column: str
    """Heading of the column."""
    earlier: str
    """The text of the cell, or that there is no such row; so `later`."""
    later: str
    exact: str
    """Every result of the cell at full precision."""
    causes: str
    """Causes of the changes, one after another."""
    subjects: tuple[str, ...]
    """Subjects behind the changes, sorted."""
    size: str
    """Value of the `Size` of the largest change, in English."""
    unexplained: bool
    """Whether UNEXPLAINED is among the causes."""

    @property
    def row(self) -> str:
        """Block and label of the row, one after another."""
        return _(": ").join(filter(None, (self.block, self.label)))


@dataclass(frozen=True)
class Group:
    """Changes that stand together under one line of the page."""

    title: str
    cells: list[ShownCell]


def comparison_page(
    earlier: Side,
    later: Side,
    plan: Sequence[Sequence[str]],
    inputs: Sequence[InputChange],
    flips: Sequence[StatusChange],
    results: Sequence[ResultChange],
) -> str:
    """The page as the text of an HTML file.

    Parameters
    ----------
    plan
        Differences of the plan, the records read, the code and the environment, each as kind, key,
        earlier and later value; by kind.
    inputs, flips, results
        Changes of the input records, of the statuses of subjects and of the results.
    """
    changes = {change.key: change for change in results}
    shown = [_cell_view(cell, later.plan) for cell in changed_cells(earlier, later, changes)]
    before = [change for change in inputs if change.when == BEFORE]
    unexplained = sum(change.causes == (UNEXPLAINED,) for change in results)
    return render_page(
        "compare.html.jinja",
        sides=[_facts(side) for side in (earlier, later)],
        cutoff=earlier.plan.analysis.data_cutoff,
        before=before,
        flips=flips,
        results=results,
        unexplained=unexplained,
        causes=Counter(change.causes for change in results).most_common(),
        primary=list(primary_results(earlier, later, changes)),
        curves=list(_curves(earlier, later)),
        by_output=_group_cells(shown, lambda cell: cell.table),
        exact=_exact_by_output(results),
        by_cause=_group_cells(shown, lambda cell: capitalise(cell.causes)),
        by_size=_by_size(shown),
        plan=[
            (capitalise(_(kind)), [list(map(_, row[1:])) for row in rows])
            for kind, rows in groupby(plan, lambda row: row[0])
        ],
        since=sorted(Counter(_record(i) for i in inputs if i.when == SINCE).items()),
        values=values,
        open=_OPEN,
        most=_NAMED,
        join=_join_texts,
        status_label=status_label,
    )


def _join_texts(parts: Iterable[object]) -> str:
    """Causes, or the reasons for a change, one after another, in the language in force."""
    return _("; ").join(
        translate_marked(part) if isinstance(part, str) else str(part) for part in parts
    )


def _facts(side: Side) -> dict[str, str]:
    return {
        "name": side.name,
        "cutoff": str(side.plan.analysis.data_cutoff),
        "plan": str(side.manifest["plan"]["sha256"]),
        "code": str(side.manifest["code"]["sha256"]),
    }


def _record(change: InputChange) -> tuple[str, str, str]:
    return change.table, change.subject_id, change.action


def _curves(earlier: Side, later: Side) -> Iterator[tuple[str, Markup]]:
    """The Kaplan-Meier curves of both analyses, by endpoint."""
    for endpoint in STANDARD_ENDPOINTS:
        if endpoint.figure is not None:
            file = f"figures/f_{endpoint.figure}.csv"
            named = [(side.name, read_curve(side.folder / file)) for side in (earlier, later)]
            title = _(endpoint.title)
            yield title, overlay(_("{duration}, months").format(duration=title), named)


def _exact_by_output(results: Iterable[ResultChange]) -> dict[str, list[ResultChange]]:
    """Changed results by the name of their output, also those that no table shows."""
    found: dict[str, list[ResultChange]] = {}
    for change in results:
        found.setdefault(change.key[0], []).append(change)
    return {entry.name: found[entry.name] for entry in OUTPUTS if entry.name in found}


def _group_cells(cells: Iterable[ShownCell], title: Callable[[ShownCell], str]) -> list[Group]:
    """Cells by a title, in the order in which the titles come."""
    found: dict[str, list[ShownCell]] = {}
    for cell in cells:
        found.setdefault(title(cell), []).append(cell)
    return [Group(name, members) for name, members in found.items()]


def _by_size(cells: Iterable[ShownCell]) -> list[Group]:
    groups = {group.title: group for group in _group_cells(cells, lambda cell: cell.size)}
    return [Group(_(s.value), groups[s.value].cells) for s in Size if s.value in groups]


def _cell_view(cell: ChangedCell, plan: Plan) -> ShownCell:
    causes = causes_of(cell.changes)
    return ShownCell(
        _heading(cell.table, plan),
        _(": ").join(cell.block),
        cell.label,
        cell.column,
        cell.earlier or _("no such row"),
        cell.later or _("no such row"),
        "\n".join(f"{change.key[5]}: {_exact(change)}" for change in cell.changes),
        _join_texts(causes),
        subjects_of(cell.changes),
        cell.size.value,
        UNEXPLAINED in causes,
    )


def _heading(table: str, plan: Plan) -> str:
    """Number and title of a table."""
    shell = plan.outputs.shell(table)
    title = shell.title or _(entry_of_table(table).load().table(table).title)
    return numbered_title("Table", shell.shown_number, title)


def _exact(change: ResultChange) -> str:
    was, now = (_with_limits(values(result)) for result in (change.earlier, change.later))
    return f"{was} -> {now}"


def _with_limits(numbers: Sequence[str]) -> str:
    value, *limits = map(_, numbers)
    return f"{value} ({', '.join(limit or 'NE' for limit in limits)})" if any(limits) else value


def values(result: Result | None) -> list[str]:
    """Value, lower and upper limit of a result at full precision, whole numbers without a point.

    A value that cannot be estimated is ``NE``, a limit that is not there empty. Of no result:
    ABSENT and two empty texts.
    """
    if result is None:
        return [ABSENT, "", ""]
    value, *limits = (
        "" if isnan(number) else f"{number:.0f}" if number.is_integer() else repr(number)
        for number in map(float, (result.value, result.lower, result.upper))
    )
    return [value or "NE", *limits]
