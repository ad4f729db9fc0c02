"""The table of contents: every table, figure and listing of an analysis with its default number.

Numbers follow the sections of ICH E3 (1995): 14.1 subjects, 14.2 efficacy, 14.3 safety, 16.2
listings of subjects. E3 has no section for the concentration of a drug or a cell among the tables:
14.4 is the usual one. A number that ends in S is that of a supplementary table, which holds what
the main table of the number leaves out. The plan may give others (``outputs.shells``). Light to
import.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from durable.jdm.parameters import SCORE
from durable.language import N_, _

Kind = Literal["Table", "Figure", "Listing"]

#: Headings of the list of definitions (`durable.outputs.definition_list`).
Term = Literal[
    "Core set and baseline",
    "Disease improvement",
    "Visit windows",
    "Remission",
    "Recurrence and progression",
    "Durations",
    "Kaplan-Meier estimates",
    "Glucocorticoids and drug-free remission",
    "Re-infusion",
    "Proportions",
    "Adverse events",
    "Dose-limiting toxicities",
    "Safety boundaries",
    "Laboratory",
    "B cells",
    "Haematotoxicity (ICAHT)",
    "Cellular kinetics",
    "Eligibility",
    "Protocol deviations",
    "Abbreviations",
]

#: Numbers by name; an output is shown in this order, unless the plan names another.
NUMBERS = {
    "t_disposition": "14.1.1",
    "t_baseline": "14.1.2",
    "t_eligibility": "14.1.3",
    "t_eligibility_s": "14.1.3S",
    "t_exposure": "14.1.4",
    "t_deviations": "14.1.5",
    "t_reinfusion": "14.1.6",
    "t_improvement": "14.2.1",
    "t_improvement_s": "14.2.1S",
    "t_dor": "14.2.2",
    "t_dor_s": "14.2.2S",
    "t_efs": "14.2.3",
    "t_efs_s": "14.2.3S",
    "t_ttrem": "14.2.4",
    "t_ttrem_s": "14.2.4S",
    "t_sensitivity": "14.2.5",
    "t_sensitivity_s": "14.2.5S",
    "t_subgroups": "14.2.6",
    "t_response_visits": "14.2.7",
    "t_response_visits_s": "14.2.7S",
    "t_glucocorticoid": "14.2.8",
    "t_glucocorticoid_s": "14.2.8S",
    "t_monitoring": "14.2.9",
    "t_ttimp": "14.2.10",
    "t_ttimp_s": "14.2.10S",
    "t_os": "14.2.11",
    "t_os_s": "14.2.11S",
    "t_ttgcfree": "14.2.12",
    "t_ttgcfree_s": "14.2.12S",
    "t_ttisfree": "14.2.13",
    "t_ttisfree_s": "14.2.13S",
    "t_ttdfrem": "14.2.14",
    "t_ttdfrem_s": "14.2.14S",
    "t_ttsrem": "14.2.15",
    "t_ttsrem_s": "14.2.15S",
    "t_estimands": "14.2.16",
    "t_cuminc": "14.2.17",
    "t_cuminc_s": "14.2.17S",
    "t_inresponse": "14.2.18",
    "t_inresponse_s": "14.2.18S",
    "t_ae_overview": "14.3.1.1",
    "t_ae_overview_s": "14.3.1.1S",
    "t_ae_soc_pt": "14.3.1.2",
    "t_ae_soc_pt_s": "14.3.1.2S",
    "t_ae_crs": "14.3.1.3",
    "t_aesi": "14.3.1.4",
    "t_dlt": "14.3.1.5",
    "t_escalation": "14.3.1.6",
    "t_escalation_s": "14.3.1.6S",
    "t_safety_boundary": "14.3.1.7",
    "t_safety_boundary_s": "14.3.1.7S",
    "t_deaths": "14.3.2.1",
    "t_laboratory": "14.3.4.1",
    "t_laboratory_s": "14.3.4.1S",
    "t_lab_shift": "14.3.4.2",
    "t_lab_shift_s": "14.3.4.2S",
    "t_bcells": "14.3.4.3",
    "t_icaht": "14.3.4.4",
    "t_kinetics": "14.4.1",
    "t_kinetics_s": "14.4.1S",
    "t_cells_outcome": "14.4.2",
    "t_cells_outcome_s": "14.4.2S",
    "f_waterfall": "14.2.1",
    f"f_{SCORE.column}": "14.2.2",
    "f_csm": "14.2.3",
    "f_km_dor": "14.2.4",
    "f_km_efs": "14.2.5",
    "f_km_ttrem": "14.2.6",
    "f_swimmer": "14.2.7",
    "f_sensitivity": "14.2.8",
    "f_subgroups": "14.2.9",
    "f_glucocorticoid": "14.2.10",
    "f_monitoring": "14.2.11",
    "f_km_ttimp": "14.2.12",
    "f_km_os": "14.2.13",
    "f_km_ttgcfree": "14.2.14",
    "f_km_ttisfree": "14.2.15",
    "f_km_ttdfrem": "14.2.16",
    "f_km_ttsrem": "14.2.17",
    "f_cuminc": "14.2.18",
    "f_inresponse": "14.2.19",
    "f_bcells": "14.3.1",
    "f_kinetics": "14.4.1",
    "f_profiles": "16.2.10.1",
    "l_eligibility": "16.2.2.1",
    "l_deviations": "16.2.2.2",
    "l_subjects": "16.2.4.1",
    "l_kinetics": "16.2.5.1",
    "l_kinetics_parameters": "16.2.5.2",
    "l_lymphodepletion": "16.2.5.3",
    "l_assessments": "16.2.6.1",
    "l_improvement": "16.2.6.2",
    "l_duration": "16.2.6.3",
    "l_flares": "16.2.6.4",
    "l_drug_free": "16.2.6.5",
    "l_adverse_events": "16.2.7.1",
    "l_deaths": "16.2.7.2",
    "l_narratives": "16.2.7.3",
    "l_laboratory": "16.2.8.1",
    "l_queries": "16.2.9.1",
}

#: The main table beside which a figure stands on the page of the report, by its name.
BESIDE = {
    "f_waterfall": "t_improvement",
    f"f_{SCORE.column}": "t_improvement",
    "f_csm": "t_improvement",
    "f_km_dor": "t_dor",
    "f_km_efs": "t_efs",
    "f_km_ttrem": "t_ttrem",
    "f_km_ttimp": "t_ttimp",
    "f_km_os": "t_os",
    "f_cuminc": "t_cuminc",
    "f_inresponse": "t_inresponse",
    "f_swimmer": "t_dor",
    "f_sensitivity": "t_sensitivity",
    "f_subgroups": "t_subgroups",
    "f_glucocorticoid": "t_glucocorticoid",
    "f_monitoring": "t_monitoring",
    "f_km_ttgcfree": "t_ttgcfree",
    "f_km_ttisfree": "t_ttisfree",
    "f_km_ttdfrem": "t_ttdfrem",
    "f_km_ttsrem": "t_ttsrem",
    "f_bcells": "t_bcells",
    "f_kinetics": "t_kinetics",
}
#: Sections of the page of the report, by the beginning of the default number.
SECTIONS = {
    "14.1": N_("Subjects"),
    "14.2": N_("Efficacy"),
    "14.3": N_("Safety"),
    "14.4": N_("Cellular kinetics"),
    "16.2": N_("Individual subjects"),
}
_KINDS: dict[str, Kind] = {"t": "Table", "f": "Figure", "l": "Listing"}
_TITLES: dict[Kind, str] = {
    "Table": N_("Table {number}. {title}"),
    "Figure": N_("Figure {number}. {title}"),
    "Listing": N_("Listing {number}. {title}"),
}


def require_numbers(names: Iterable[str]) -> None:
    """Refuse outputs without a number, which no document and no report would show.

    Raises
    ------
    ValueError
        Where a name (``t_dor``, ``f_swimmer``, ``l_duration``) is none of `NUMBERS`.
    """
    if without := [name for name in names if name not in NUMBERS]:
        raise ValueError(
            f"no number of {', '.join(without)}: add each to NUMBERS of durable.contents"
        )


def kind_of(name: str) -> Kind:
    """Kind of an output by the first letter of its name: ``t_dor`` is a ``Table``."""
    return _KINDS[name[0]]


def numbered_title(kind: Kind, number: str, title: str) -> str:
    """Heading of an output in the language in force: ``Table 14.2.1. Improvement rate``.

    The title is shown as it is: it is in that language already.
    """
    return _(_TITLES[kind]).format(number=number, title=title)


def section_of(name: str) -> str:
    """Heading in English of an output's section in the report: ``t_dor`` is in ``Efficacy``."""
    return SECTIONS[".".join(NUMBERS[name].split(".")[:2])]
