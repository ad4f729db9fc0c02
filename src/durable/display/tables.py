"""Stage ``tables``: every table as CSV and HTML."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from durable.config.model import Plan
from durable.contracts.results import read_csv
from durable.display import definitions as say
from durable.display import shells
from durable.display.html import render_page
from durable.display.shell import Ard, Table
from durable.files import safe_cell, write_text
from durable.stages import STAGES


@dataclass(frozen=True)
class Kind:
    """A table of the report: its shell and what is said of it."""

    title: str
    population: str
    dataset: str
    shell: shells.Shell
    notes: Callable[[Plan], Iterator[str]]
    size: tuple[str, str] | None
    """Parameter and statistic of N in the column headings."""


def _improvement_notes(plan: Plan) -> Iterator[str]:
    yield from say.improvement(plan.response)
    yield from say.windows(plan)
    yield from say.core_set(plan.response)
    yield from say.proportions(plan.statistics)
    yield (
        "Missing: no assessment with a score in the window. Pending: the window was open at the"
        " data cut-off. Rates of all infused count the pending as not improved."
    )
    yield say.ABBREVIATIONS


def _durability_notes(plan: Plan) -> Iterator[str]:
    yield from say.remission(plan.response)
    yield from say.recurrence(plan.response)
    yield from say.duration(plan.response)
    yield from say.survival(plan.statistics)
    yield say.ABBREVIATIONS


def _sensitivity_notes(plan: Plan) -> Iterator[str]:
    for name, variant in plan.sensitivity.items():
        changes = json.dumps(variant.model_dump(include={"response", "statistics"}), sort_keys=True)
        yield f"{variant.title or name}: {changes}"
    yield from say.remission(plan.response)
    yield from say.recurrence(plan.response)
    yield from say.duration(plan.response)
    yield from say.improvement(plan.response)
    yield from say.core_set(plan.response)
    yield from say.survival(plan.statistics)
    rule = plan.statistics
    yield (
        "Turnbull estimates: a range left open by the data is shown at its late end; intervals"
        f" by bootstrap over subjects ({rule.bootstrap_replicates} samples,"
        f" seed {rule.bootstrap_seed})."
    )


def _disposition_notes(plan: Plan) -> Iterator[str]:
    yield (
        "Percentages of the consented up to the infusion, of the infused below it. Follow-up: from"
        " infusion to death, withdrawal or last contact."
    )
    yield from say.remission(plan.response)
    yield from say.windows(plan)


def _baseline_notes(plan: Plan) -> Iterator[str]:
    yield from say.core_set(plan.response)
    yield (
        "Maximum attainable score: every measure at its best value, the enzyme at its upper limit"
        " of normal. Quartiles by the SAS default definition."
    )
    yield from say.remission(plan.response)
    yield say.ABBREVIATIONS


def _kinetics_notes(plan: Plan) -> Iterator[str]:
    rule = plan.kinetics
    ends = "; ".join(f"day {a.day}: {a.extrapolation_days} days" for a in rule.auc)
    yield (
        f"Non-compartmental, {rule.method} trapezoids, actual days after infusion. Below the limit"
        " of quantification: 0 before the first and after the last quantifiable sample, missing in"
        " between. A profile still quantifiable at its last sample is extrapolated on its terminal"
        f" slope when that sample is near the end of the area ({ends})."
    )
    spans = [f"{p.label} day {p.day} +/- {p.window}" for p in rule.persistence]
    if spans:
        yield f"Persistence: nearest sample in the window ({'; '.join(spans)})."
    yield (
        "Geometric CV: 100 sqrt(exp(s^2) - 1). NE: not estimable (a geometric mean with a subject"
        " in whom cells were never detected)."
    )


KINDS: dict[str, Kind] = {
    "disposition": Kind(
        "Disposition of subjects",
        "All who consented",
        "ADSL, ADRS",
        shells.disposition,
        _disposition_notes,
        ("CONSENTED", "n"),
    ),
    "baseline": Kind(
        "Demographics and baseline disease",
        "All infused",
        "ADSL, ADRS",
        shells.baseline,
        _baseline_notes,
        None,
    ),
    "improvement": Kind(
        "Disease improvement rate",
        "All infused",
        "ADRS",
        shells.improvement,
        _improvement_notes,
        None,
    ),
    "dor": Kind(
        "Duration of response and event-free survival",
        "Subjects with remission; all infused for event-free survival",
        "ADTTE",
        shells.durability,
        _durability_notes,
        ("EFS", "n_subjects"),
    ),
    "sensitivity": Kind(
        "Sensitivity analyses",
        "All infused; duration of response: subjects with remission",
        "ADRS, ADTTE",
        shells.sensitivity,
        _sensitivity_notes,
        None,
    ),
    "kinetics": Kind(
        "Cellular kinetics",
        "Infused subjects with samples",
        "ADPC, ADPP",
        shells.kinetics,
        _kinetics_notes,
        None,
    ),
}


def run(plan: Plan, folder: Path) -> None:
    """Read ``ard.csv`` and ``validated/sources.json``; write ``tables/``."""
    for table in tables(plan, folder):
        write_text(folder / "tables" / f"{table.name}.csv", to_csv(table))
        write_text(folder / "tables" / f"{table.name}.html", render_page(table))


def tables(plan: Plan, folder: Path) -> Iterator[Table]:
    """Every table that the analysis results have numbers for, in the order of the report."""
    ard = Ard.of(read_csv(folder / "ard.csv"))
    sources = json.loads((folder / "validated" / "sources.json").read_text(encoding="utf-8"))
    digest = plan.digest(STAGES["tables"].plan)
    for number, (name, kind) in enumerate(KINDS.items(), start=1):
        output = f"t_{name}"
        if not ard.columns(output):
            continue
        headings = _headings(ard, plan, name, kind)
        footnotes = [*kind.notes(plan), say.provenance(digest, sources, kind.dataset)]
        yield Table(
            name=output,
            number=number,
            title=kind.title,
            subtitles=(
                f"Population: {kind.population}",
                f"{plan.study.id}. {plan.analysis.title}, data cut-off {plan.analysis.data_cutoff}",
            ),
            columns=headings,
            rows=tuple(kind.shell(ard, plan)),
            footnotes=tuple(footnotes),
            stub="Analysis" if name == "sensitivity" else "",
        )


def _headings(ard: Ard, plan: Plan, name: str, kind: Kind) -> tuple[str, ...]:
    if name == "sensitivity":
        return shells.sensitivity_headings(plan)
    if kind.size is not None:
        return ard.headings(f"t_{name}", *kind.size)
    # All infused: event-free survival counts them in every column.
    return ard.headings("t_dor", "EFS", "n_subjects")


def to_csv(table: Table) -> str:
    """The table as a program reads it: the block, the row, and what each column shows."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["block", "row", *map(safe_cell, table.columns)])
    blocks: list[str] = []
    for row in table.rows:
        if not row.cells:
            blocks = [*blocks[: row.indent], row.label]
            continue
        block = " / ".join(blocks[: max(row.indent, 0)] if row.indent < len(blocks) else blocks)
        writer.writerow([safe_cell(block), safe_cell(row.label), *map(safe_cell, row.cells)])
    return text.getvalue()
