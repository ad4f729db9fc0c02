"""What reviewers are told of the ADaM datasets beside type and label: class, keys, methods.

A variable comes from a column of an input table, or is derived by a method: words that stand here
once and go into the define.xml, with the keys of the plan that decide it and their values in force.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from durable.jdm.measures import COMPONENTS
from durable.jdm.parameters import (
    ATTAINABLE_SCORE,
    ENZYME_AT_BASELINE,
    ENZYME_FOLLOWED,
    OTHER_SCORES,
    REMISSION_ITEMS,
    SCORE,
)


@dataclass(frozen=True)
class Origin:
    """Where a variable is from: a column ``table.column``, or a method."""

    column: str = ""
    method: str = ""
    plan: tuple[str, ...] = ()
    """Dotted paths of the plan that the method follows."""


@dataclass(frozen=True)
class Metadata:
    """A dataset as the define.xml describes it; the label is the title of its contract."""

    name: str
    class_name: str
    structure: str
    keys: tuple[str, ...]
    origins: Mapping[str, Origin]
    """By variable; a name may be a pattern."""
    subclass: str = ""
    parameters: Mapping[str, Origin] = field(default_factory=dict)
    """Method of AVAL or AVALC by parameter code; a code may be a pattern."""

    def origin(self, variable: str) -> Origin:
        """Origin of a variable.

        Raises
        ------
        KeyError
            For a variable that no entry describes.
        """
        return self._find(self.origins, variable)

    def parameter(self, code: str) -> Origin:
        """Method of a parameter.

        Raises
        ------
        KeyError
            For a code that no entry describes.
        """
        return self._find(self.parameters, code)

    def _find(self, origins: Mapping[str, Origin], name: str) -> Origin:
        for pattern, origin in origins.items():
            if re.fullmatch(pattern, name):
                return origin
        raise KeyError(f"{self.name}: nothing is said of {name}")


def contracts(windows: tuple[int, ...]) -> dict[str, Any]:
    """Contracts by dataset, as pandera schemas; `windows` are those of adverse events, in days."""
    from durable.contracts import adae, adam, kinetics

    return {
        "ADSL": adam.ADSL,
        "ADRS": adam.ADRS,
        "ADTTE": adam.ADTTE,
        "ADAE": adae.adae(windows),
        "ADPC": kinetics.ADPC,
        "ADPP": kinetics.ADPP,
    }


def _from(column: str) -> Origin:
    return Origin(column=column)


def _by(method: str, *plan: str) -> Origin:
    return Origin(method=method, plan=plan)


_STUDY = _by("The study of the plan.", "study.id")
_ADY = "study day: {} - ADSL.TRTSDT, plus 1 from the day of infusion on; there is no day 0."
_ANALYSED = _by("By parameter: see the value level.")


def _source(table: str, variable: str) -> dict[str, Origin]:
    return {
        "SRCDOM": _by(f"Input table that the record comes from: {table}."),
        "SRCVAR": _by(f"Column of that table that decided the record: {variable}."),
        "SRCSEQ": _by("Row of the file of that table; the header is row 1."),
    }


_SUBJECT = {"STUDYID": _STUDY, "USUBJID": _from("subjects.subject_id")}

_ADSL = {
    **_SUBJECT,
    "SUBJID": _from("subjects.subject_id"),
    "PART": _from("subjects.part"),
    "DOSELVL": _from("subjects.dose_level"),
    "CELLSKG": _from("subjects.cells_per_kg"),
    "SEX": _from("subjects.sex"),
    "AGE": _from("subjects.age_years"),
    "RFICDT": _from("subjects.consent_date"),
    "LDDT": _from("subjects.lymphodepletion_date"),
    "TRTSDT": _from("subjects.infusion_date"),
    "LSTALVDT": _by("Last contact, not later than the data cut-off.", "analysis.data_cutoff"),
    "DTHDT": _from("subjects.death_date"),
    "EOSDT": _from("subjects.withdrawal_date"),
    "DCSREAS": _from("subjects.withdrawal_reason"),
    "CUTDT": _by("The data cut-off of the plan.", "analysis.data_cutoff"),
    "CUTDY": _by(f"Data cut-off as {_ADY.format('CUTDT')}"),
    "DTHDY": _by(f"Death as {_ADY.format('DTHDT')}"),
    "ENRLFL": _by("Y where RFICDT is given, else N."),
    "LDFL": _by("Y where LDDT is given, else N."),
    "SAFFL": _by("Y where TRTSDT is given, else N."),
    "REMFL": _by("Y where REMSDT is given, else N."),
    "DTHFL": _by("Y where DTHDT is given, else N."),
    "BLDT": _by(
        "Date of the baseline assessment: the last on or before the date of lymphodepletion; for a"
        " subject without one, the last on or before the date of infusion.",
        "response.baseline",
    ),
    **{
        variable.name: _by(variable.method, *variable.keys)
        for variable in (ENZYME_FOLLOWED, ENZYME_AT_BASELINE, ATTAINABLE_SCORE)
    },
    "BLREMFL": _by("Remission status of the baseline assessment; U unknown.", "response.remission"),
    "REMSDT": _by(
        "Date of the first assessment after the infusion that shows remission; none after new"
        " systemic therapy, unless by treatment policy.",
        "response.remission",
        "response.new_therapy.remission",
    ),
    "NSTDT": _by("Earliest start of a new systemic therapy on or after the date of infusion."),
    "NSTPREFL": _by(
        "Y where NSTDT is before the first assessment that shows remission, credited or not; else"
        " N."
    ),
    **_source("subjects", "subject_id"),
}

_ADRS = {
    **_SUBJECT,
    "ASEQ": _by("Number of the record within the subject, by date, row of the file, parameter."),
    "PARAMCD": _by("Code of the parameter."),
    "PARAM": _by("Name of the parameter; for a measure, with its column in the visits table."),
    "VISIT": _from("visits.visit"),
    "AVISIT": _by("Visit whose window holds the date of the assessment.", "schedule"),
    "ADT": _from("visits.visit_date"),
    "ADY": _by(f"Assessment as {_ADY.format('ADT')}"),
    "AWTARGET": _by("Target day of AVISIT, days after the infusion.", "schedule"),
    "AWTDIFF": _by("Days from the target day to the assessment."),
    "AVAL": _ANALYSED,
    "AVALC": _ANALYSED,
    "BASE": _by("AVAL of the measure at the baseline assessment (ADSL.BLDT)."),
    "ABLFL": _by("Y for the baseline assessment.", "response.baseline"),
    "ANL01FL": _by(
        "Y for the assessment used for AVISIT: of several in its window the one nearest to the"
        " target day, of two as near the earlier; those whose score can be calculated first.",
        "schedule",
        "response.improvement",
    ),
    "REASON": _by(
        "PARTIAL: a lighter measure is missing and scores 0. NEW SYSTEMIC THERAPY: improvement or"
        " remission not credited, because it came after. Improvement that is not known: DIED, NEW"
        " SYSTEMIC THERAPY or WITHDRAWN by the end of the window, PENDING at the data cut-off, NOT"
        " CALCULABLE, NOT ASSESSED; the first that applies.",
        "response.new_therapy",
    ),
    **_source("visits", "the measure, or visit_date"),
}

_COMPONENTS = "|".join(component.paramcd for component in COMPONENTS.values())
_ADRS_PARAMETERS = {
    f"({_COMPONENTS})": _by(
        "Value of the core set measure as recorded; an enzyme over its upper limit of normal.",
        "response.core_set",
        "response.hybrid",
    ),
    f"({_COMPONENTS})PC": _by(
        "Absolute percent change: 100 x improvement since baseline / range of the measure, on the"
        " decimals as recorded.",
        "response.ranges",
    ),
    f"({_COMPONENTS})SC": _by(
        "Score of the component by its absolute percent change, from the score card of the 2016"
        " ACR-EULAR criteria; intervals are open below and closed above."
    ),
    **{
        parameter.paramcd: _by(parameter.method, *parameter.keys)
        for parameter in (SCORE, *OTHER_SCORES)
    },
    "|".join(item.paramcd for item in REMISSION_ITEMS): _by(
        REMISSION_ITEMS[0].method, *REMISSION_ITEMS[0].keys
    ),
    "REMIS": _by(
        "Y, N or U: remission. With items missing, as many met as the rule asks for is Y, so many"
        " failed that it cannot be met is N, anything else U.",
        "response.remission",
    ),
    "RECLOSS": _by(
        "Loss of remission, dated at the first of the assessments in a row without it, confirmed by"
        " the next of them or by new systemic therapy or death before it.",
        "response.recurrence",
    ),
    "PROGWRS": _by("Confirmed worsening against the best value before.", "response.recurrence"),
    "RECINV": _by(
        "Recurrence or progression recorded by the investigator after the first remission.",
        "response.recurrence",
    ),
    "FLARE": _by(
        "A loss or worsening too early to be the first of a confirmed one, for adjudication.",
        "response.recurrence",
    ),
    "IMPR": _by(
        f"Y where {SCORE.paramcd} of the record used for the visit reaches the level, N where it"
        " does not or, by the composite strategy, new systemic therapy came before it; empty where"
        " there is no score.",
        "response.improvement",
        "response.new_therapy.improvement",
    ),
}

_DURATION = (
    *("response.recurrence", "response.new_therapy.duration", "response.missed_assessments"),
    "response.remission_deadline",
)
_ADTTE = {
    **_SUBJECT,
    "PARAMCD": _by("Code of the parameter."),
    "PARAM": _by("Name of the parameter."),
    "STARTDT": _by("DOR: ADSL.REMSDT. EFS: ADSL.TRTSDT."),
    "ADT": _by(
        "Date of the earliest event that counts; else of the last adequate assessment, one whose"
        " remission status is known, and in remission where a loss after it is not confirmed. EFS"
        " without remission when it is due, or before: the date of infusion.",
        *_DURATION,
    ),
    "AVAL": _ANALYSED,
    "AVALU": _by("DAYS."),
    "CNSR": _by(
        "0 event; 1 ongoing at the data cut-off; 2 missed or inadequate assessments; 3 new systemic"
        " therapy; 4 withdrawn; 5 no assessment after remission; 6 unconfirmed loss; 7 next"
        " assessment not yet due; 8 remission not yet due; 9 not followed to remission deadline.",
        *_DURATION,
    ),
    "EVNTDESC": _by("What the event or the reason for censoring is."),
    "CNSDTDSC": _by("What ADT of a censored record is."),
    "LOWDT": _by("Last date known free of the event: the adequate assessment before it."),
    **_source("visits, subjects or therapies", "of the date that decided the record"),
}
_ADTTE_PARAMETERS = {
    "DOR": _by(
        "ADT - STARTDT + 1, days from the first remission to the earliest of recurrence,"
        " progression, death of any cause and, where it counts, new systemic therapy.",
        *_DURATION,
    ),
    "EFS": _by(
        "ADT - STARTDT + 1, days from the infusion to the end of the response, or to death or new"
        " systemic therapy before it; without remission by the deadline day 1: an event, or"
        " censored where it is not due or the subject was not followed to it.",
        *_DURATION,
    ),
}

_ADAE = {
    **_SUBJECT,
    "AESEQ": _by(
        "adverse_events.ae_seq (AESEQ of an SDTM package) where every event has one; else the"
        " number of the record within the subject, by start date and row of the file."
    ),
    "AEID": _from("adverse_events.ae_id"),
    "PART": _from("subjects.part"),
    "DOSELVL": _from("subjects.dose_level"),
    "AETERM": _from("adverse_events.term"),
    "AEDECOD": _from("adverse_events.preferred_term"),
    "AEBODSYS": _from("adverse_events.system_organ_class"),
    "ASTDT": _by(
        "Start as recorded; a date recorded in part is imputed with the day of infusion where the"
        " event can have begun on or after it, else with the first possible day."
    ),
    "ASTDTF": _by("What of ASTDT was imputed: D day, M month and day, Y all of it."),
    "AENDT": _by(
        "End as recorded; a date recorded in part is imputed with the last possible day, not after"
        " the data cut-off or death."
    ),
    "AENDTF": _by("What of AENDT was imputed: D day, M month and day, Y all of it."),
    "ASTDY": _by(f"Start as {_ADY.format('ASTDT')}"),
    "AENDY": _by(f"End as {_ADY.format('AENDT')}"),
    "ADAY": _by("ASTDT - ADSL.TRTSDT: days after the infusion, which is day 0."),
    "ADURN": _by("AENDT - ASTDT + 1."),
    "AETOXGR": _from("adverse_events.ctcae_grade"),
    "ASTCTGR": _from("adverse_events.astct_grade"),
    "AESER": _from("adverse_events.serious"),
    "AEREL": _from("adverse_events.related"),
    "AEDLT": _from("adverse_events.dlt"),
    "AESI": _from("adverse_events.aesi"),
    "AEOUT": _from("adverse_events.outcome"),
    "AOUT": _by("Class of AEOUT by its word (CDISC codelist OUT); empty for another word."),
    "ONGOFL": _by("Y where AENDT is empty and AOUT is neither RECOVERED nor FATAL, else N."),
    "APHASE": _by(
        "AFTER INFUSION where ASTDT is on or after ADSL.TRTSDT, else LYMPHODEPLETION where it is on"
        " or after ADSL.LDDT, else BEFORE LYMPHODEPLETION; BEFORE INFUSION without ADSL.LDDT."
    ),
    "TRTEMFL": _by("Y where ASTDT is on or after the day of infusion, else N."),
    "PRETRTFL": _by("Y where TRTEMFL is N."),
    "PROLCYFL": _by(
        "Y for a treatment-emergent cytopenia of at least the grade, present after the day.",
        "safety.cytopenia",
        "safety.prolonged_cytopenia_grade",
        "safety.prolonged_cytopenia_day",
    ),
    r"W\d+FL": _by(
        "Y where TRTEMFL is Y and ADAY is at most the day in the label.", "safety.windows_days"
    ),
    "AOCCIFL": _by("Y for the first treatment-emergent record of the worst known grade."),
    "AOCCSIFL": _by("As AOCCIFL, within the system organ class."),
    "AOCCPIFL": _by("As AOCCIFL, within the system organ class and preferred term."),
    **_source("adverse_events", "start_date"),
}

_ADPC = {
    **_SUBJECT,
    "PARCAT1": _from("kinetics.assay"),
    "AVALU": _from("kinetics.unit"),
    "ADT": _from("kinetics.sample_date"),
    "ATM": _from("kinetics.sample_time"),
    "NFRLT": _from("kinetics.nominal_day"),
    "AFRLT": _by(
        "ADT - ADSL.TRTSDT, days; of several results of an assay on a day, plus the part of a day"
        " since the first of them, where one without time counts as drawn at 00:00."
    ),
    "AVAL": _by("Value as recorded, where it is quantifiable (BLQFL N)."),
    "BLQFL": _by(
        "Y where the result is marked as below the limit of quantification, is 0, or is below LLOQ;"
        " else N; empty for a sample without a result."
    ),
    "LLOQ": _from("kinetics.lloq"),
    "ANL01FL": _by(
        "Y for a result up to the last day of the parameters. Persistence is of all results.",
        "kinetics.last_day",
    ),
    **_source("kinetics", "value"),
}

_AREA = ("kinetics.method", "kinetics.auc")
#: A letter ends the code of a parameter where there are several assays.
_ASSAY = "[A-Z]*"
_ADPP = {
    **_SUBJECT,
    "PARCAT1": _from("kinetics.assay"),
    "PARCAT2": _from("kinetics.unit"),
    "PARCAT3": _by("Code of the parameter, of whichever assay, as in the analysis results."),
    "PARAMCD": _by(
        "Code of the parameter of the assay and unit: PARCAT3; with several assays a letter follows"
        " it, A for the first in alphabetical order. A code that is then longer than eight"
        " characters is shortened."
    ),
    "PARAM": _by("Name of the parameter, assay and unit."),
    "AVAL": _ANALYSED,
    "AVALU": _by("Unit of the assay, days, or both."),
    "FLAG": _by(
        "EXTRAPOLATED; NOT DETECTED: never quantifiable; NC: not calculable; empty: as measured."
    ),
    "REASON": _by("What FLAG means for the value."),
}
_ADPP_PARAMETERS = {
    f"CMAX{_ASSAY}": _by("Highest concentration (ADPC.AVAL, ANL01FL Y).", "kinetics.last_day"),
    f"TMAX{_ASSAY}": _by("Day of the first highest concentration.", "kinetics.last_day"),
    f"TLAST{_ASSAY}": _by("Day of the last quantifiable concentration.", "kinetics.last_day"),
    f"CLAST{_ASSAY}": _by("Last quantifiable concentration.", "kinetics.last_day"),
    f"AUCLA{_ASSAY}": _by(
        "Area under the curve from the infusion to TLAST, by trapezoids.",
        *_AREA,
        "kinetics.last_day",
    ),
    rf"(AUC0_|AUC|AREA)\d+{_ASSAY}": _by(
        "Area under the curve from the infusion to the day in the name, by trapezoids; extrapolated"
        " on the terminal slope where the last sample is near enough to that day.",
        *_AREA,
        "kinetics.last_day",
    ),
    "PERS.*": _by(
        "1 where the result nearest to the day of the time point, in its window, is quantifiable,"
        " else 0; missing without such a result.",
        "kinetics.persistence",
    ),
}

_BASIC = "BASIC DATA STRUCTURE"
DATASETS = (
    Metadata(
        "ADSL",
        "SUBJECT LEVEL ANALYSIS DATASET",
        "One record per subject",
        ("USUBJID",),
        _ADSL,
    ),
    Metadata(
        "ADRS",
        _BASIC,
        "One record per subject, assessment and parameter, and per configured visit",
        ("USUBJID", "ASEQ"),
        _ADRS,
        parameters=_ADRS_PARAMETERS,
    ),
    Metadata(
        "ADTTE",
        _BASIC,
        "One record per subject and parameter",
        ("USUBJID", "PARAMCD"),
        _ADTTE,
        "TIME-TO-EVENT",
        _ADTTE_PARAMETERS,
    ),
    Metadata(
        "ADAE",
        "OCCURRENCE DATA STRUCTURE",
        "One record per subject and adverse event",
        ("USUBJID", "AESEQ"),
        _ADAE,
        "ADVERSE EVENT",
    ),
    Metadata(
        "ADPC",
        _BASIC,
        "One record per subject, assay and sample",
        ("USUBJID", "PARCAT1", "SRCSEQ"),
        _ADPC,
    ),
    Metadata(
        "ADPP",
        _BASIC,
        "One record per subject, assay and parameter",
        ("USUBJID", "PARAMCD"),
        _ADPP,
        parameters=_ADPP_PARAMETERS,
    ),
)
