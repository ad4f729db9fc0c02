"""The deliveries: what an analysis hands over, in the forms that the plan names.

A delivery is its entry in `DELIVERIES` and its module in `durable.export`, which writes it. The
keys of the plan with their descriptions, the files of the workflow and the table in docs/exports.md
are made from the entries. Light to import.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from durable.language import N_, Text
from durable.wording import options


@dataclass(frozen=True)
class Delivery:
    """A form in which tables, figures, datasets or results are handed over.

    Attributes
    ----------
    name
        Its value under the key of the plan.
    key
        The key of the plan: ``outputs.documents`` or ``outputs.datasets``.
    module
        Module of `durable.export` that writes it, by its function ``write``.
    about
        What it is, for the description of the key and the page; marked for translation.
    files
        Its files in the folder of results. ``{table}``, ``{figure}``, ``{listing}``,
        ``{dataset}``, ``{program}`` and ``{appendix}`` stand for the name of each.
    """

    name: str
    key: Literal["documents", "datasets"]
    module: str
    about: str
    files: tuple[str, ...]

    def expand(
        self,
        tables: Collection[str],
        figures: Collection[str],
        listings: Collection[str],
        datasets: Collection[str],
    ) -> list[str]:
        """Its files in the folder of results of an analysis with these outputs and datasets.

        Parameters
        ----------
        tables, figures, listings
            Names of the outputs that are shown: ``t_dor``, ``f_swimmer``, ``l_duration``.
        datasets
            Names of the datasets in lower case: ``adtte``.
        """
        names_by_place = {
            "table": tables,
            "figure": figures,
            "listing": listings,
            "dataset": datasets,
            "program": programs_of(datasets),
            "appendix": [name for figure, name in APPENDICES.items() if figure in figures],
        }
        expanded = []
        for file in self.files:
            kind = next((kind for kind in names_by_place if f"{{{kind}}}" in file), None)
            if kind is None:
                expanded.append(file)
            else:
                expanded += [file.replace(f"{{{kind}}}", name) for name in names_by_place[kind]]
        return expanded


#: Tables with a program that computes them again, and the dataset that it needs.
_PROGRAMS = {
    "t_improvement": "adrs",
    "t_dor": "adtte",
    "t_ae_soc_pt": "adae",
    "t_kinetics": "adpp",
}
#: Figures of so many pages that they are a document of their own, and its name.
APPENDICES = {"f_profiles": "patient_profiles"}

DELIVERIES = (
    Delivery(
        "rtf",
        "documents",
        "rtf",
        N_("all tables and figures in one file, all listings in another"),
        ("documents/tables_and_figures.rtf", "documents/listings.rtf"),
    ),
    Delivery(
        "docx",
        "documents",
        "docx",
        N_("each table and each listing"),
        ("tables/{table}.docx", "listings/{listing}.docx"),
    ),
    Delivery(
        "pdf",
        "documents",
        "pdf",
        N_(
            "all tables and figures in one file, all listings in another, each figure, and the"
            " patient profiles"
        ),
        (
            *("documents/tables_and_figures.pdf", "documents/listings.pdf"),
            *("figures/{figure}.pdf", "documents/{appendix}.pdf"),
        ),
    ),
    Delivery(
        "xpt",
        "datasets",
        "xpt",
        N_("SAS transport files, version 5"),
        ("export/xpt/{dataset}.xpt", "export/report.csv"),
    ),
    Delivery(
        "dataset-json",
        "datasets",
        "dataset_json",
        N_("CDISC Dataset-JSON 1.1"),
        ("export/dataset-json/{dataset}.json",),
    ),
    Delivery(
        "dataset-ndjson",
        "datasets",
        "dataset_ndjson",
        N_("the same as NDJSON, a record a line"),
        ("export/dataset-ndjson/{dataset}.ndjson",),
    ),
    Delivery(
        "define",
        "datasets",
        "define",
        N_("CDISC define.xml 2.1 of those datasets, with its stylesheet and as a page"),
        ("export/define.xml", "export/define.xsl", "export/define.html"),
    ),
    Delivery(
        "adrg",
        "datasets",
        "adrg",
        N_("a draft of the analysis data reviewer's guide, as DOCX"),
        ("export/adrg.docx",),
    ),
    Delivery(
        "ars",
        "datasets",
        "ars",
        N_("the results by the CDISC Analysis Results Standard 1.0"),
        ("export/ars.json",),
    ),
    Delivery(
        "r-programs",
        "datasets",
        "r_programs",
        N_("R programs that compute the main tables from the transport files and compare"),
        ("export/r/{program}.R", "export/r/compare.R"),
    ),
    Delivery(
        "sas-programs",
        "datasets",
        "sas_programs",
        N_("the same in SAS"),
        ("export/sas/{program}.sas", "export/sas/compare.sas"),
    ),
)

#: Descriptions of the keys of the plan, with a place for the deliveries under each.
_DESCRIPTIONS = {
    "documents": N_(
        "Documents beside the tables and figures. {forms}. Each table is written as RTF in any"
        " case."
    ),
    "datasets": N_("Forms in which datasets and results are handed over. {forms}."),
}

#: Deliveries whose files read those of the delivery ``xpt``.
READERS_OF_XPT = {"r-programs", "sas-programs"}


def programs_of(datasets: Collection[str]) -> list[str]:
    """Tables (``t_dor``) with a program that computes them again from one of these datasets.

    The datasets are named in lower case: ``adtte``.
    """
    return [table for table, dataset in _PROGRAMS.items() if dataset in datasets]


def asked_for(names: Collection[str]) -> list[Delivery]:
    """The deliveries of these names, in the order of `DELIVERIES`; other names are ignored."""
    return [delivery for delivery in DELIVERIES if delivery.name in names]


def names(key: Literal["documents", "datasets"]) -> tuple[str, ...]:
    """Names of the deliveries under a key of the plan, in the order of `DELIVERIES`."""
    return tuple(delivery.name for delivery in DELIVERIES if delivery.key == key)


def key_description(key: Literal["documents", "datasets"]) -> Text:
    """Description of a key of the plan: "... rtf: all tables ...; docx: each ..."."""
    forms = options({one.name: one.about for one in DELIVERIES if one.key == key})
    return Text(_DESCRIPTIONS[key], forms=forms)
