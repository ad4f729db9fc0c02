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

#: A bar within a cell of a Markdown table, where a bare one would end the cell.
_BAR = r"\|"


@dataclass(frozen=True)
class ShellEntry:
    """A line of the table of contents, in the language in force."""

    name: str
    """Name of the output: ``t_dor``."""
    number: str
    """Number without the word: ``14.2.2``."""
    title: str
    population: str
    """Empty for a listing, which has every record of its datasets."""

    @property
    def kind(self) -> Kind:
        """``Table``, ``Figure`` or ``Listing``, in English."""
        return kind_of(self.name)


def shell_entries(plan: Plan | None = None) -> list[ShellEntry]:
    """The outputs in the order in which they are shown, whether the study has data for them or not.

    Parameters
    ----------
    plan
        Plan whose choice, numbers and titles are taken; None: all outputs with their defaults.
    """
    outputs = plan.outputs if plan else Outputs()
    entries = {
        name: ShellEntry(name, shell.shown_number, shell.title or title, population)
        for name, (title, population) in _titles().items()
        for shell in [outputs.shell(name)]
    }
    return [entries[name] for name in outputs.select(entries)]


def _titles() -> dict[str, tuple[str, str]]:
    """Title and population of every output, by its name."""
    titles = {}
    for output in (entry.load() for entry in OUTPUTS):
        for table in output.tables:
            titles[table.name] = _(table.title), _(table.population or output.population)
    for figure in (entry.load() for entry in FIGURES):
        titles[f"f_{figure.name}"] = figure.shown_title, _(figure.population)
    for listing in (entry.load() for entry in LISTINGS):
        titles[f"l_{listing.name}"] = _(listing.title), ""
    return {name: titles[name] for name in NUMBERS if name in titles}


def as_text(entries: list[ShellEntry]) -> Iterator[str]:
    """Lines of a Markdown table, with its heading: kind and number, title, population and name."""
    yield _("| Number | Title | Population | Output |")
    yield "|---|---|---|---|"
    for entry in entries:
        cells = (f"{_(entry.kind)} {entry.number}", entry.title, entry.population, entry.name)
        yield f"| {' | '.join(cell.replace('|', _BAR) for cell in cells)} |"


def as_yaml(entries: list[ShellEntry]) -> Iterator[str]:
    """Lines of YAML: the key ``outputs.shells`` of a plan that shows these outputs."""
    import json

    yield "outputs:"
    yield "  shells:"
    for entry in entries:
        number, title = json.dumps(entry.number), json.dumps(entry.title, ensure_ascii=False)
        yield f"    - {{output: {entry.name}, number: {number}, title: {title}}}"
