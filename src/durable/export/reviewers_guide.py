"""What the draft of the analysis data reviewer's guide says, section by section.

The sections are those of the ADRG template of PHUSE. What only the sponsor knows stands in square
brackets.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from durable.contracts.adam.terminology import PACKAGE
from durable.contracts.adam.variables import SUBJECT, TREATMENT
from durable.export import identity
from durable.export.datasets import Dataset
from durable.intake.sources import count_records
from durable.outputs.definition_list import definitions_in_force
from durable.plan import Plan
from durable.vocabulary import IMPUTATION_FLAGS

#: Texts of a row of a table.
Cells = tuple[str, ...]

#: Departures from the implementation guide that a check of conformance may report, and why.
DEPARTURES: tuple[Cells, ...] = (
    (
        "ADAE.AETOXGR",
        "A number; in SDTM the variable is text. The analyses compare and order grades.",
    ),
    (
        "ADAE.AEREL",
        "Y or N: related to the study treatment or not, as the table of the inputs holds it.",
    ),
    (
        "AVALU",
        "Unit of AVAL, which the names of the parameters state too.",
    ),
    (
        "SRCDOM, SRCVAR, SRCSEQ",
        "Table, column and row of the validated inputs (validated/). Of a study delivered as an"
        " SDTM package they are the domain, its variable and --SEQ (null where it has none).",
    ),
    (
        "ADSL.SITEID, RACE, ETHNIC, APHDT",
        "Present where the study records them.",
    ),
)

#: Datasets that read another one beside ADSL.
_ALSO_READ = {"ADBC": "ADLB", "ADPP": "ADPC", "ADDV": "ADIE"}


@dataclass(frozen=True)
class Section:
    """A section of the guide: its heading, its paragraphs, and then a table."""

    level: int
    """Level of the heading, from 1."""
    title: str
    """The heading, with its number."""
    paragraphs: tuple[str, ...] = ()
    table: tuple[Cells, ...] = ()
    """Rows, of which the first is the headings; empty where there is no table."""


def sections(
    plan: Plan, datasets: Sequence[Dataset], sources: Mapping[str, Any], data_cut: pd.DataFrame
) -> Iterator[Section]:
    """The sections of the guide in their order.

    Parameters
    ----------
    datasets
        The analysis datasets; the first is ADSL.
    sources
        Tables or domains read, with their files, as ``validated/sources.json`` has them.
    data_cut
        Rows of ``validated/data_cut.csv``: a record or value that the data cut-off changed, with
        the column ``action``.
    """
    names = [dataset.name.lower() for dataset in datasets]
    yield from _introduction(plan)
    yield from _protocol(plan)
    yield from _considerations(plan, datasets, names)
    yield from _processing(sources, data_cut, names)
    yield from _descriptions(datasets)
    yield from _conformance()
    yield Section(
        1,
        "7 Submission of programs",
        (
            f"The datasets and results were made by {identity.SYSTEM} {identity.version()}. The"
            " plan with every definition in force is audit/pinned.yaml, the digests of inputs,"
            " programs and results are audit/manifest.json.",
            "[Programs submitted, with their place in the submission.]",
        ),
    )


def _introduction(plan: Plan) -> Iterator[Section]:
    yield Section(1, "1 Introduction")
    yield Section(
        2,
        "1.1 Purpose",
        (
            "This document gives context for the analysis datasets and terminology of study"
            f" {plan.study.id}, beyond what define.xml holds. It is a draft made from the analysis"
            " plan and the datasets; text in square brackets is for the sponsor to complete.",
        ),
    )
    yield Section(
        2,
        "1.2 Study data standards and dictionaries",
        table=(
            ("Standard", "Version"),
            ("ADaM Implementation Guide", "1.3"),
            ("Define-XML", "2.1, with Analysis Results Metadata 1.0"),
            ("CDISC controlled terminology (SDTM)", PACKAGE),
            ("MedDRA", "[version]"),
        ),
    )


def _protocol(plan: Plan) -> Iterator[Section]:
    study = plan.study
    yield Section(1, "2 Protocol description")
    yield Section(
        2,
        "2.1 Protocol number and title",
        table=(
            ("Item", "Content"),
            ("Protocol", study.protocol or study.id),
            ("Version", study.protocol_version or "[version]"),
            ("Title", study.title or "[title]"),
            ("Sponsor", study.sponsor or "[sponsor]"),
            ("Analysis", f"{plan.analysis.title} ({plan.analysis.id})"),
            ("Data cut-off", str(plan.analysis.data_cutoff)),
        ),
    )
    yield Section(
        2,
        "2.2 Protocol design",
        ("Single-arm study. [Design in relation to the ADaM concepts.]",),
    )


def _considerations(
    plan: Plan, datasets: Sequence[Dataset], names: Collection[str]
) -> Iterator[Section]:
    yield Section(1, "3 Analysis considerations of several datasets")
    yield Section(
        2,
        "3.1 Core variables",
        ("In every dataset but ADSL:",),
        (
            ("Variable", "Label"),
            *((name, column.title) for name, column in (SUBJECT | TREATMENT).items()),
        ),
    )
    yield Section(
        2,
        "3.2 Treatment variables",
        (
            "ARM and TRT01P differ by the dose level assigned; TRT01A is TRT01P of an infused"
            " subject and empty for another. TRTP and TRTA are these of the subject.",
        ),
    )
    yield Section(2, "3.3 Analysis populations", table=tuple(_populations(datasets[0])))
    yield Section(
        2,
        "3.4 Visit windows",
        (
            "Days after the infusion. An assessment belongs to the visit whose window holds its"
            " date; ANL01FL marks the one that is analysed.",
        ),
        (
            ("Visit", "Target day", "Window"),
            *((v.visit, str(v.day), f"{v.first_day} to {v.last_day}") for v in plan.schedule),
        ),
    )
    yield Section(
        2,
        "3.5 Definitions in force",
        table=(
            ("Term", "Definition"),
            *((term, " ".join(texts)) for term, texts in definitions_in_force(plan, names)),
        ),
    )
    yield Section(
        2,
        "3.6 Imputed dates",
        ("Flags say how much was imputed: D day, M month and day, Y all of the date.",),
        (("Variable", "Date", "Records imputed"), *_imputation_rows(datasets)),
    )
    if plan.subgroups:
        yield _grouping_variables(plan)


def _grouping_variables(plan: Plan) -> Section:
    return Section(
        2,
        "3.7 Grouping variables",
        ("Subgroups are descriptive: no test of interaction, no adjustment for multiplicity.",),
        (
            ("Variable", "Made of", "Levels in their order"),
            *(
                (
                    group.variable,
                    f"subjects.{group.column}",
                    "; ".join(map(group.level_label, group.levels)) or "as recorded",
                )
                for group in plan.subgroup_variables
            ),
        ),
    )


def _populations(adsl: Dataset) -> Iterator[Cells]:
    yield ("Flag", "Population", "Subjects")
    for variable in adsl.variables:
        if variable.label.endswith("Population Flag"):
            count = int((adsl.frame[variable.name] == "Y").sum())
            yield (variable.name, variable.label.removesuffix(" Flag"), str(count))


def _imputation_rows(datasets: Sequence[Dataset]) -> Iterator[Cells]:
    of_subject = {name: date for name, (date, _, _) in IMPUTATION_FLAGS.items()}
    for dataset in datasets:
        for variable in dataset.variables:
            name = variable.name
            if name in of_subject or name.endswith("DTF"):
                date = of_subject.get(name, name[:-1])
                count = int(dataset.frame[name].notna().sum())
                yield (f"{dataset.name}.{name}", date, str(count))


def _processing(
    sources: Mapping[str, Any], data_cut: pd.DataFrame, names: Collection[str]
) -> Iterator[Section]:
    yield Section(1, "4 Analysis data creation and processing issues")
    yield Section(
        2,
        "4.1 Source data",
        table=(
            ("Table or domain", "File", "Records"),
            *((c.name, c.file, str(c.records)) for c in count_records(sources, None)),
        ),
    )
    actions = data_cut.groupby("action").size() if len(data_cut) else pd.Series(dtype=int)
    yield Section(
        2,
        "4.2 Data cut-off",
        ("Every record and value that the cut-off changed is listed in validated/data_cut.csv.",),
        (
            ("Action", "Records or values"),
            *((str(action), str(count)) for action, count in actions.items()),
        )
        if len(actions)
        else (),
    )
    yield Section(2, "4.3 Data dependencies", tuple(_dependencies(names)))


def _dependencies(names: Collection[str]) -> Iterator[str]:
    """Sentences: which datasets of the analysis are made from others."""
    if others := [name.upper() for name in names if name != "adsl"]:
        yield f"ADSL is made first; {', '.join(others)} read it."
    for dataset, read in _ALSO_READ.items():
        if {dataset.lower(), read.lower()} <= set(names):
            yield f"{dataset} reads {read}."


def _descriptions(datasets: Sequence[Dataset]) -> Iterator[Section]:
    yield Section(1, "5 Analysis dataset descriptions")
    yield Section(
        2,
        "5.1 Datasets",
        table=(
            ("Dataset", "Label", "Class", "Structure", "Records", "Subjects"),
            *(
                (
                    d.name,
                    d.label,
                    d.metadata.class_name,
                    d.metadata.structure,
                    str(len(d.frame)),
                    str(d.frame["USUBJID"].nunique()),
                )
                for d in datasets
            ),
        ),
    )
    for number, dataset in enumerate(datasets, start=2):
        keys = ", ".join(dataset.metadata.keys)
        yield Section(
            2,
            f"5.{number} {dataset.name}: {dataset.label}",
            (f"{dataset.metadata.structure}. Keys: {keys}.",),
            tuple(_parameters(dataset)),
        )


def _parameters(dataset: Dataset) -> Iterator[Cells]:
    if "PARAMCD" not in dataset.frame:
        return
    yield ("PARAMCD", "PARAM", "Records")
    # In the order of the dataset: value counts would sort by the text.
    names = dataset.frame[["PARAMCD", "PARAM"]].drop_duplicates("PARAMCD").astype(str)
    counts = dataset.frame["PARAMCD"].astype(str).value_counts()
    for code, name in names.itertuples(index=False, name=None):
        yield (code, name, str(counts[code]))


def _conformance() -> Iterator[Section]:
    yield Section(1, "6 Data conformance summary")
    yield Section(
        2,
        "6.1 Conformance inputs",
        ("[Validator, its version and rules.] Type, label and rule of every variable were checked"
         " against their declaration when the datasets were made.",),
    )  # fmt: skip
    yield Section(
        2,
        "6.2 Departures to be expected",
        table=(("Variable", "Why"), *DEPARTURES),
    )
