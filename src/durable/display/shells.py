"""The table of contents of an analysis: every table, figure and listing, as ``durable shells``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from durable.contents import NUMBERS, Kind, kind_of
from durable.figures import FIGURES
from durable.language import _
from durable.outputs import OUTPUTS
from durable.outputs.listings import LISTINGS
from durable.plan import Plan
from durable.plan.outputs import Outputs


@dataclass(frozen=True)
class ShellEntry:
    """A line of the table of contents."""

    name: str
    number: str
    title: str
    population: str
    """Empty of a listing, which has every record of its datasets."""

    @property
    def kind(self) -> Kind:
        """Table, Figure or Listing."""
        return kind_of(self.name)


def shell_entries(plan: Plan | None = None) -> list[ShellEntry]:
    """The outputs in the order in which they are shown.

    Parameters
    ----------
    plan
        Whose choice, numbers and titles are taken; without one, all outputs with their defaults.
    """
    said = plan.outputs if plan else Outputs()
    entries = {
        name: ShellEntry(name, shell.shown_number, shell.title or title, population)
        for name, (title, population) in _titles().items()
        for shell in [said.shell(name)]
    }
    return [entries[name] for name in said.chosen(entries)]


def _titles() -> dict[str, tuple[str, str]]:
    """Title and population of every output, by its name."""
    found = {}
    for output in (entry.load() for entry in OUTPUTS):
        for table in output.tables:
            found[table.name] = _(table.title), _(table.population or output.population)
    for figure in (entry.load() for entry in FIGURES):
        found[f"f_{figure.name}"] = _(figure.title), _(figure.population)
    for listing in (entry.load() for entry in LISTINGS):
        found[f"l_{listing.name}"] = _(listing.title), ""
    return {name: found[name] for name in NUMBERS if name in found}


def as_text(entries: list[ShellEntry]) -> Iterator[str]:
    """The table of contents as lines of Markdown, to be pasted into an analysis plan."""
    yield _("| Number | Title | Population | Output |")
    yield "|---|---|---|---|"
    for entry in entries:
        cells = (f"{_(entry.kind)} {entry.number}", entry.title, entry.population, entry.name)
        yield f"| {' | '.join(cells)} |"


def as_yaml(entries: list[ShellEntry]) -> Iterator[str]:
    """The key ``outputs.shells`` of a plan that shows these outputs, to be pasted into it."""
    import json

    yield "outputs:"
    yield "  shells:"
    for entry in entries:
        number, title = json.dumps(entry.number), json.dumps(entry.title, ensure_ascii=False)
        yield f"    - {{output: {entry.name}, number: {number}, title: {title}}}"
