"""The files that each stage of an analysis reads and makes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from durable import registry
from durable.contracts.tables import TABLES
from durable.deliveries import asked_for
from durable.figures import figures_of
from durable.outputs import tables_of, tables_of_series
from durable.outputs.listings import listings_of
from durable.plan import Plan
from durable.plan.cutoffs import analysis_ids
from durable.plan.input_files import study_files
from durable.runs.manifest import MANIFEST, PINNED, RUN
from durable.stage import OF_ANALYSIS

#: Folder of the results that the simulation has to itself: nothing of the analysis is made from it.
SIMULATION = "simulation"
#: Folder of the results at several data cut-offs, to itself likewise.
SERIES = "series"
#: Written when the checked data have no errors.
PASSED = "checked/passed"
_SOURCES = "validated/sources.json"


@dataclass(frozen=True)
class StageFiles:
    """Files of a stage, relative to the folder of the run."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def input_files(plan: Plan) -> dict[str, list[str]]:
    """Paths of the files that each configured table is made from, by the name of the table.

    A table that the study lacks is left out; a path is there once, in the order of the plan.
    """
    files = study_files(plan.inputs)
    by_table = {name: [file.path for file in files if name in file.tables] for name in TABLES}
    return {name: list(dict.fromkeys(paths)) for name, paths in by_table.items() if paths}


#: Files that ``check`` reads beside the tables: no number of an analysis is made from them.
OTHER_INPUTS = ("queries_since", "records_since", "checksums")


def other_inputs(plan: Plan) -> dict[str, str]:
    """Paths of the files that are read beside the tables, by name (`OTHER_INPUTS`).

    Without those that the plan does not name. An earlier listing may lie alone: the file with its
    numbers of records need not be there.
    """
    paths = (plan.outputs.queries_since, plan.outputs.records_since, plan.inputs.checksums)
    return {name: path for name, path in zip(OTHER_INPUTS, paths, strict=True) if path is not None}


def results_folder(plan: Plan) -> Path:
    """Folder of the results of an analysis, relative to the folder of the run."""
    return Path("results", plan.analysis.id)


def table_names(plan: Plan) -> tuple[str, ...]:
    """Names of the tables of an analysis that are shown: ``t_dor``."""
    return tuple(tables_of(plan, _available(plan)))


def figure_names(plan: Plan) -> tuple[str, ...]:
    """Names of the figures of an analysis whose points are made, without ``f_``: ``km_dor``."""
    return tuple(figure.name for figure in figures_of(plan, _available(plan)))


def drawn_names(plan: Plan) -> tuple[str, ...]:
    """Names of the figures of an analysis that are shown: ``f_km_dor``."""
    return tuple(plan.outputs.select(f"f_{name}" for name in figure_names(plan)))


def listing_names(plan: Plan) -> tuple[str, ...]:
    """Names of the listings of an analysis that are shown: ``l_duration``."""
    listings = listings_of(plan, _available(plan))
    return tuple(plan.outputs.select(f"l_{listing.name}" for listing in listings))


def dataset_names(plan: Plan) -> tuple[str, ...]:
    """Names of the analysis datasets in lower case, in the order of the define.xml: ``adsl``."""
    return registry.dataset_names(input_files(plan), plan)


def _available(plan: Plan) -> tuple[str, ...]:
    """Names of the datasets and of the input tables of an analysis."""
    return registry.available_names(input_files(plan), plan)


def stage_files(
    plan: Plan, results: Path = Path("results"), *, pinned: bool = False
) -> dict[str, StageFiles]:
    """Files of each stage of an analysis that makes any, by its name, in their order.

    The file of ``records_since`` is an input only where it is there.

    Parameters
    ----------
    results
        Folder of all results.
    pinned
        Whether the configuration is the pinned one in the results, which is not made again.
    """
    folder = results / plan.analysis.id
    outputs = {
        name: tuple(str(folder / file) for file in names_of(plan))
        for name, names_of in _OUTPUTS.items()
    }
    data = list(dict.fromkeys(file for files in input_files(plan).values() for file in files))
    other_files = other_inputs(plan)
    if not Path(other_files.get("records_since", "")).is_file():
        other_files.pop("records_since", None)
    inputs = {
        "check": (*data, *other_files.values()),
        "derive": outputs["check"],
        "analyse": outputs["derive"],
        "figures": tuple(f for f in outputs["analyse"] if Path(f).parent.name == "figures"),
        "display": (
            *(*outputs["check"], *outputs["derive"], *outputs["analyse"]),
            *(file for file in outputs["figures"] if file.endswith(".svg")),
        ),
        # Of the checks the findings, which are a listing, and where the records were delivered.
        "export": (
            *(f for f in outputs["check"] if f.endswith(("queries.csv", "origins.csv"))),
            *(*outputs["derive"], *outputs["analyse"], *outputs["figures"]),
        ),
    }
    inputs["record"] = (*(file for files in outputs.values() for file in files), *data)
    recorded = (MANIFEST, RUN, *(() if pinned else (PINNED,)))
    outputs["record"] = tuple(str(folder / file) for file in recorded)
    return {name: StageFiles(inputs[name], outputs[name]) for name in OF_ANALYSIS if outputs[name]}


def _check_files(plan: Plan) -> list[str]:
    tables = [f"checked/{table}.parquet" for table in input_files(plan)]
    origins = ["checked/origins.csv"] if plan.inputs.has_origins else []
    origins += ["checked/lowered.csv"] if plan.inputs.severity else []
    listings = ["queries.csv", "queries.html", "queries.xlsx"]
    return [*listings, "checked/sources.json", "checked/conversions.csv", *origins, *tables]


def _derive_files(plan: Plan) -> list[str]:
    tables = [f"validated/{table}.parquet" for table in input_files(plan)]
    datasets = [f"adam/{name}.parquet" for name in dataset_names(plan)]
    varied = [f"adam/sensitivity/{name}.parquet" for name in ("adrs", "adtte")]
    varied = varied if plan.sensitivity and "adrs" in dataset_names(plan) else []
    return [
        *(*tables, "validated/data_cut.csv", _SOURCES),
        *(*datasets, *varied, PASSED),
    ]


def _analyse_files(plan: Plan) -> list[str]:
    return ["ard.csv", *(f"figures/f_{name}.csv" for name in figure_names(plan))]


def _figure_files(plan: Plan) -> list[str]:
    entries = {f"f_{figure.name}": figure for figure in figures_of(plan, _available(plan))}
    return [f"figures/{name}.{form}" for name in drawn_names(plan) for form in entries[name].forms]


def _display_files(plan: Plan) -> list[str]:
    tables = [f"tables/{n}.{form}" for n in table_names(plan) for form in ("csv", "html", "rtf")]
    return [*tables, *(f"listings/{name}.csv" for name in listing_names(plan)), "report.html"]


def _export_files(plan: Plan) -> list[str]:
    names = (table_names(plan), drawn_names(plan), listing_names(plan), dataset_names(plan))
    asked = (*plan.outputs.documents, *plan.outputs.datasets)
    return [file for delivery in asked_for(asked) for file in delivery.expand(*names)]


_OUTPUTS = {
    "check": _check_files,
    "derive": _derive_files,
    "analyse": _analyse_files,
    "figures": _figure_files,
    "display": _display_files,
    "export": _export_files,
}


def simulation_files(plan: Plan, results: Path = Path("results")) -> StageFiles:
    """Files of the stage ``gather``: it reads the chunks of the virtual trials.

    A plan without a simulation has no chunks.
    """
    folder = results / plan.analysis.id / SIMULATION
    chunks = 0 if plan.simulation is None else plan.simulation.chunks
    outputs = ["truth.csv", *(f"{n}.csv" for n in ("operating", "decisions", "theory", "spacing"))]
    for name in ("coverage", "spacing", "definitions"):
        outputs += [f"figures/f_{name}.{form}" for form in ("csv", "png", "svg")]
    for name in ("operating", "decisions", "spacing", "definitions", "theory"):
        outputs += [f"tables/t_{name}.{form}" for form in ("csv", "html", "rtf")]
    return StageFiles(
        tuple(str(folder / "chunks" / f"{chunk}.parquet") for chunk in range(chunks)),
        tuple(str(folder / name) for name in (*outputs, "simulation.html")),
    )


def series_files(plan: Plan, results: Path = Path("results")) -> StageFiles:
    """Files of the stage ``series``: it reads the results at every data cut-off of the plan."""
    folder = results / plan.analysis.id / SERIES
    names = analysis_ids(plan).values()
    inputs = [results / name / file for name in names for file in ("ard.csv", _SOURCES)]
    outputs = ["ard.csv", "analyses.csv", *(f"figures/f_series.{f}" for f in ("csv", "svg", "png"))]
    outputs += [
        f"tables/{name}.{form}"
        for name in tables_of_series(plan)
        for form in ("csv", "html", "rtf")
    ]
    return StageFiles(
        tuple(map(str, inputs)), tuple(str(folder / name) for name in (*outputs, "series.html"))
    )
