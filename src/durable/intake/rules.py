"""Every rule of the data checks: its severity, and what it finds.

The page docs/data-checks.md lists the same, with an example each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from durable.contracts.lowering import LOWERINGS, Lowering

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Rule:
    """One rule of the data checks."""

    found: str
    """What a finding of the rule means, in a sentence."""
    severities: tuple[Severity, ...] = ("error",)
    """The usual severity; a second one is used where `found` says so."""
    lowering: Lowering | None = None
    """Where a plan may lower an error of the rule, and what then happens; None where it may not."""


_WARNING: tuple[Severity, ...] = ("warning",)
_BOTH: tuple[Severity, ...] = ("error", "warning")

#: In the order of the page: files, cells, records, subjects, and the other tables.
_RULES: dict[str, Rule] = {
    # Files
    "unreadable_file": Rule("The file cannot be opened."),
    "incomplete_file": Rule(
        "The file is cut or added to: its length or its number of records is not the one that it"
        " states itself, or not that of the plan."
    ),
    "no_final_line_end": Rule(
        "The last row has no line end, so that the file may be cut; an error where that row is"
        " broken.",
        ("warning", "error"),
    ),
    "other_file": Rule(
        "The file is not the one of the plan's SHA-256 or of the vendor's checksums."
    ),
    "missing_file": Rule("A file of the vendor's checksums is not there."),
    "unlisted_file": Rule("An input is not among the vendor's checksums."),
    "nothing_lowered": Rule(
        "The plan lowers errors (inputs.severity) that there are not.", _WARNING
    ),
    "fewer_records": Rule(
        "The file has fewer records than that of the earlier delivery (outputs.queries_since).",
        _WARNING,
    ),
    "answers_not_read": Rule(
        "The returned workbook of queries lacks a sheet or a column, or has a column twice: what"
        " stood there is not carried over.",
        _WARNING,
    ),
    "query_row_missing": Rule(
        "A query that was sent has no row in the returned workbook: its answer is not known.",
        _WARNING,
    ),
    "query_row_unknown": Rule(
        "A row of the returned workbook is of no query that was sent, or of one a second time: its"
        " answer is not carried over.",
        _WARNING,
    ),
    "query_row_edited": Rule(
        "A row of the returned workbook differs from the query that was sent beside the columns for"
        " answers: a correction belongs into the source data or the response.",
        _WARNING,
    ),
    "too_large": Rule("The file is beyond a limit of the plan (inputs.limits)."),
    "not_listed": Rule(
        "There are more findings of a kind than the listing holds: their number, and the rule.",
        _BOTH,
    ),
    "not_utf8": Rule("The bytes of the file are not UTF-8 text."),
    "no_header": Rule("The first row holds no column names, or the file is empty."),
    "wrong_encoding": Rule(
        "The bytes of the file are not in the encoding that it declares or the plan names."
    ),
    "not_comma_separated": Rule(
        "The columns are not separated by the character of the format (a comma; in TSV a tab)."
    ),
    "which_sheet": Rule(
        "A workbook has several sheets, and none that is visible has the name of the table or is"
        " named in the plan."
    ),
    "merged_cells": Rule(
        "Cells of a workbook are merged, so that their value belongs to no single cell."
    ),
    "no_result": Rule("A cell of a workbook holds an error, or a formula without a stored result."),
    "unclear_date": Rule(
        "The first of a month, in a cell of a workbook whose built-in East Asian format shows the"
        " month alone in some languages.",
        _WARNING,
    ),
    "repeated_column": Rule("Two columns have the same name."),
    "missing_column": Rule("A column that the table needs is not in the file."),
    "shared_column": Rule("The plan reads one column of the file as two of the table."),
    "unused_column": Rule("A column is not used, or has neither a name nor values.", _WARNING),
    "nameless_column": Rule("A column without a name holds values."),
    "recorded_column": Rule("The plan says that a column is not recorded, and the file has it."),
    "no_such_value": Rule(
        "The plan names a value by which records are selected, or a measurement, that no record"
        " has.",
        _WARNING,
    ),
    "duplicate_key": Rule("A file whose columns are joined to a table has a key twice."),
    "no_partner": Rule(
        "A record has none with its key in the file whose columns are joined to it.", _WARNING
    ),
    "duplicate_result": Rule("A record has a second result of one measurement."),
    "differs_in_record": Rule("The measurements of one record differ in what is said of it."),
    "broken_query": Rule("The query of a table cannot be run, or does not name its source rows."),
    "other_unit": Rule("The unit of a record is not one that is declared, or is missing."),
    "unused_record": Rule(
        "A record is not used: another measurement, one of a joined file whose key no record has"
        " or, in an SDTM package, another evaluator, treatment or disposition, something that did"
        " not occur, or what the plan leaves out. An error where it belongs to no subject or"
        " record.",
        ("warning", "error"),
    ),
    "mixed_qualifiers": Rule(
        "Results of one measure of an SDTM package differ in category or specimen (--CAT, --SCAT,"
        " --SPEC), or a withdrawal is one of the treatment (DSSCAT), and the plan does not say"
        " which count."
    ),
    "contradicted_result": Rule(
        "A result of an SDTM package is contradicted by its record: --STRESC and --STRESN differ,"
        " --STAT says that the test was not done, or --ORRES has a result and --STRESC has none."
    ),
    "several_infusions": Rule(
        "Of several infusions of a subject in an SDTM package one has no date or no dose, is of the"
        " day of the first, or later than the plan adds up."
    ),
    "broken_row": Rule("A row has more or fewer cells than the header, or is too long to be read."),
    "broken_quotes": Rule("A quoted cell is not closed, or continues after its closing quote."),
    "blank_row": Rule("A row is empty; a warning where no record follows.", _BOTH),
    "no_records": Rule(
        "The table has no record; a warning for tables that a study may do without, and for one of"
        " several files.",
        _BOTH,
    ),
    # Cells
    "missing_value": Rule("A cell that must be filled is empty."),
    "not_a_number": Rule("The cell is not a number in decimals with a point, or with an exponent."),
    "not_an_integer": Rule("The cell is not a whole number in plain digits."),
    "not_a_date": Rule("The cell is not a complete calendar date as YYYY-MM-DD."),
    "partial_date": Rule(
        "The start or end of an adverse event lacks its day or month, or the start is missing; it"
        " will be imputed. A date of screening stands for every day that it can mean. Another date"
        " is read by the rule of the plan (partial_dates).",
        _WARNING,
    ),
    "not_a_time": Rule("The cell is not a time as HH:MM."),
    "out_of_range": Rule("The value lies outside its scale, or the date outside 1900 to 2099."),
    "not_allowed": Rule("The value is not one that the column may hold."),
    "blanks": Rule("The value has leading or trailing blanks; they are removed.", _WARNING),
    "two_patterns": Rule("Two patterns of the plan's value map match the text."),
    "bad_character": Rule("Text holds control, invisible or replacement characters."),
    "line_break": Rule("Text holds a line break or a tab.", _WARNING),
    "missing_word": Rule(
        "The text stands for nothing or unknown (N, NO, NONE, NA, NIL, UNK, ND, a point, a hyphen,"
        " in any case or width, or in Chinese) and is read as missing. An error where the cell"
        " must be filled.",
        _BOTH,
    ),
    # Records
    "duplicate_record": Rule(
        "An earlier row has the same identifying columns. Samples without a result are not"
        " compared; for one without time 00:00 is assumed."
    ),
    "duplicate_visit": Rule("A subject has a scheduled visit twice."),
    "two_on_one_day": Rule("A subject has two assessments on one day.", _WARNING),
    "status_differs": Rule(
        "Two assessments on one day differ in remission status; the later row is used.", _WARNING
    ),
    "baseline_remission": Rule(
        "The baseline assessment is in remission by the rule in force, so that remission after"
        " infusion is no sign of response.",
        _WARNING,
    ),
    "recurrence_on_remission_day": Rule(
        "The investigator recorded a recurrence or progression on the day of first remission; it"
        " does not end the response.",
        _WARNING,
    ),
    "spelling_varies": Rule(
        "The value is another spelling of a more frequent one, or of a word of the plan: case,"
        " width, blanks, dashes, quotation marks, characters that look alike; for dose levels also"
        " the same dose. It would be counted separately.",
        _WARNING,
    ),
    "empty_column": Rule(
        "A measure that the analysis uses, or that the plan maps, has no value in any row; an"
        " error for the infusion of an SDTM package.",
        ("warning", "error"),
    ),
    # Subjects
    "nobody_by_cutoff": Rule(
        "The data cut-off is before the first consent or infusion of the study: the analysis has"
        " nobody in it.",
        _WARNING,
    ),
    "consent_missing": Rule(
        "The date of consent is missing; a warning where the subject was not infused.", _BOTH
    ),
    "before_consent": Rule(
        "Apheresis, lymphodepletion, infusion, death, withdrawal, an assessment, a sample or a dose"
        " of lymphodepletion is dated before consent."
    ),
    "apheresis_late": Rule("Apheresis is dated after lymphodepletion, infusion or death."),
    "infusion_early": Rule("Infusion is dated before lymphodepletion."),
    "infusion_without_lymphodepletion": Rule("Infused without a lymphodepletion date.", _WARNING),
    "infusion_without_date": Rule(
        "A number of cells infused is recorded without the date of infusion: the subject would not"
        " be among the infused."
    ),
    "death_before_infusion": Rule("Death is dated before infusion."),
    "dose_missing": Rule(
        "Infused without a dose level or a number of cells; a dose of lymphodepletion without its"
        " amount.",
        _WARNING,
    ),
    "reinfusion_early": Rule("The second infusion is not dated after the first."),
    "reinfusion_without_infusion": Rule("A second infusion is recorded without a first one."),
    "reinfusion_without_date": Rule("A dose of a second infusion is recorded without its date."),
    "reinfusion_dose_missing": Rule(
        "A second infusion is recorded without a number of cells.", _WARNING
    ),
    "reinfusion_undefined": Rule(
        "A subject was infused a second time, and the plan does not say how that counts"
        " (response.reinfusion). Reported at the first of them."
    ),
    "death_before_reinfusion": Rule("Death is dated before the second infusion."),
    "contact_before_reinfusion": Rule("Last contact is dated before the second infusion."),
    "infusion_differs": Rule(
        "The date of infusion that the plan takes from elsewhere (RFXSTDTC) is not that of the"
        " infusion in EX; an error where it is empty.",
        ("warning", "error"),
    ),
    "death_differs": Rule(
        "A death in the dispositions of an SDTM package (DS) has another date than death_date,"
        " which counts.",
        _WARNING,
    ),
    "weight_missing": Rule(
        "A dose in cells of an SDTM package without a body weight up to the day of infusion.",
        _WARNING,
    ),
    "dose_differs": Rule(
        "The cells infused are less than half or more than twice the dose level, where that is a"
        " dose (1e7, 1x10^7, 10000000) and not a label (1, DL1); or they are less than 10,000 per"
        " kg, as where a dose in millions has no unit in the plan.",
        _WARNING,
    ),
    "part_missing": Rule("Infused without the part of the study.", _WARNING),
    "withdrawal_without_date": Rule("A reason for withdrawal is recorded without its date."),
    "withdrawal_without_reason": Rule(
        "A date of withdrawal is recorded without its reason.", _WARNING
    ),
    "withdrawal_order": Rule(
        "Withdrawal is dated before infusion, although the subject was infused, or after death.",
        _WARNING,
    ),
    "contact_missing": Rule("Infused without a date of last contact.", _WARNING),
    "contact_order": Rule(
        "Last contact is dated before consent, infusion or withdrawal.", _WARNING
    ),
    "contact_after_death": Rule("Last contact is dated after death.", _WARNING),
    "no_baseline": Rule(
        "Infused without an assessment on or before the day of infusion.", _WARNING
    ),
    "no_level": Rule("The plan has no level of a subgroup for the text (subgroups.NAME.values)."),
    "level_empty": Rule(
        "A column that a subgroup of the plan is made of is empty: the subject is in its level Not"
        " recorded.",
        _WARNING,
    ),
    "level_unused": Rule(
        "No subject is in a level of a subgroup that the plan declares.", _WARNING
    ),
    "death_without_event": Rule("The subject died, but no adverse event is fatal.", _WARNING),
    # Several tables
    "unknown_subject": Rule("The subject is not in the subjects table."),
    "after_death": Rule("A record is dated after the subject's death."),
    "ends_after_death": Rule("A therapy or event ends after the subject's death.", _WARNING),
    "after_withdrawal": Rule(
        "An assessment, a sample or a dose of lymphodepletion is dated after the subject's"
        " withdrawal."
    ),
    "learned_after_withdrawal": Rule(
        "A therapy or adverse event starts after the subject's withdrawal.", _WARNING
    ),
    "after_last_contact": Rule("A record is dated after the subject's last contact.", _WARNING),
    "end_before_start": Rule("A therapy or event ends before it starts."),
    # Visits
    "outside_window": Rule(
        "A scheduled visit is outside its window. The date decides, not the label.", _WARNING
    ),
    "two_in_window": Rule(
        "Two scheduled visits are in one window; the one closest to the target day is used.",
        _WARNING,
    ),
    "unscheduled_label": Rule(
        "The label of a visit after infusion is neither a scheduled one nor UNS.", _WARNING
    ),
    "visit_without_infusion": Rule(
        "A subject who was not infused has a visit scheduled after infusion.", _WARNING
    ),
    "uln_missing": Rule(
        "A laboratory value without its upper limit of normal; a warning where the core set does"
        " not need the limit.",
        _BOTH,
    ),
    "uln_differs": Rule(
        "The upper limit of normal is less than half or more than twice the subject's usual one, or"
        " that one is less than a fifth or more than five times that of the other subjects, as in"
        " another unit.",
        _WARNING,
    ),
    "nothing_assessed": Rule("A visit has no measure at all.", _WARNING),
    "measure_missing": Rule(
        "A measure of the core set or of the remission rule is missing at a visit that has others.",
        _WARNING,
    ),
    # Therapies
    "before_birth": Rule("A therapy starts before the subject was born, judging by age.", _WARNING),
    "new_before_infusion": Rule(
        "A new systemic therapy starts before infusion or without one; it is not counted as an"
        " event.",
        _WARNING,
    ),
    # Screening and eligibility
    "screened_before_consent": Rule("A screening is dated before consent.", _WARNING),
    "born_after_screening": Rule("A subject was born after the day of screening."),
    "age_differs": Rule(
        "The date of birth and the subject's age differ by more than a year.", _WARNING
    ),
    "eligibility_violated": Rule(
        "An infused subject does not fulfil criteria of eligibility by the data.", _WARNING
    ),
    "eligibility_unknown": Rule(
        "The data do not decide criteria of eligibility of a subject who violates none.", _WARNING
    ),
    "eligibility_disagrees": Rule(
        "The site's answer to a criterion of eligibility differs from what the data say.", _WARNING
    ),
    "not_eligible_infused": Rule(
        "The site answers that a criterion is not fulfilled, and the subject was infused.",
        _WARNING,
    ),
    "answer_without_screening": Rule(
        "An answer to a criterion is of an attempt that the screening table does not have.",
        _WARNING,
    ),
    "hcg_differs": Rule("Pregnancy tests in urine and blood differ.", _WARNING),
    "hepatitis_differs": Rule(
        "Hepatitis is recorded as not active with a viral load above its limit.", _WARNING
    ),
    "vaccine_before_infusion": Rule(
        "A live vaccine was given, or may have been, between screening and infusion.", _WARNING
    ),
    # Lymphodepletion
    "dose_after_infusion": Rule(
        "A dose of lymphodepletion is dated on or after the day of infusion; it is not counted.",
        _WARNING,
    ),
    "first_dose_differs": Rule(
        "A subject's first dose of lymphodepletion is not dated lymphodepletion_date, or that is"
        " empty. The analysis sets and the days between use lymphodepletion_date.",
        _WARNING,
    ),
    "doses_missing": Rule(
        "A subject has a lymphodepletion_date and no dose in the table lymphodepletion.", _WARNING
    ),
    # Adverse events
    "event_before_consent": Rule("An adverse event starts before consent.", _WARNING),
    "grade_missing": Rule(
        "An adverse event without a CTCAE grade, or cytokine release syndrome or ICANS without an"
        " ASTCT grade.",
        _WARNING,
    ),
    "flag_missing": Rule("Seriousness or relation to treatment is not recorded.", _WARNING),
    "fatal_without_death": Rule(
        "An adverse event is fatal (grade 5 or outcome), or death is the reason for withdrawal, but"
        " no death is recorded. Until its date is given, the subject counts as alive in t_deaths,"
        " the durations and the improvement rate.",
        _WARNING,
    ),
    "fatal_grade": Rule("Grade 5 and a fatal outcome are not recorded together.", _WARNING),
    "dlt_before_infusion": Rule(
        "A dose-limiting toxicity is recorded before infusion, or without one.", _WARNING
    ),
    "class_varies": Rule(
        "A preferred term has another system organ class than elsewhere.", _WARNING
    ),
    "label_missing": Rule(
        "Cytokine release syndrome or ICANS by its preferred term, without the label in aesi"
        " (safety.crs, safety.icans) by which it is counted.",
        _WARNING,
    ),
    "kind_missing": Rule(
        "aesi is a yes: the event is counted as of special interest, of the kind Y.", _WARNING
    ),
    "outcome_unknown": Rule(
        "The outcome is no term of the CDISC codelist OUT and is analysed as neither resolved,"
        " ongoing, fatal nor unknown.",
        _WARNING,
    ),
    "recovered_without_end": Rule(
        "The outcome is recovered, but there is no end date: the event is not ongoing, and its"
        " duration is unknown.",
        _WARNING,
    ),
    "end_without_recovery": Rule(
        "There is an end date, but the outcome is not recovered; no finding where the subject died"
        " that day.",
        _WARNING,
    ),
    "fatal_end": Rule("A fatal event has no end date, or one before the death.", _WARNING),
    "repeated_event": Rule(
        "The same event has two identifiers: an earlier one of the subject has the same terms,"
        " dates and grades. Both are counted.",
        _WARNING,
    ),
    "dlt_not_assessed": Rule(
        "A death within safety.dlt_window_days, or from an event that began within them, without a"
        " record of whether it is dose-limiting. Until there is one it counts as dose-limiting, or"
        " holds the escalation.",
        _WARNING,
    ),
    # Laboratory
    "test_not_declared": Rule(
        "A laboratory test that the plan does not declare (laboratory.tests): its records are not"
        " analysed. Reported at the first of them.",
        _WARNING,
    ),
    "normal_range": Rule("The lower limit of normal is not below the upper one."),
    # Kinetics
    "sample_without_infusion": Rule("A sample of a subject who was not infused.", _WARNING),
    "value_missing": Rule(
        "No value, and not marked below the limit of quantification: the sample is not used.",
        _WARNING,
    ),
    "sample_excluded": Rule("A sample is left out of the analysis, with a reason.", _WARNING),
    "value_below_lloq": Rule(
        "The value is 0 or below the limit of quantification, but not marked so; it is analysed as"
        " not quantifiable.",
        _WARNING,
    ),
    "below_lloq_contradicted": Rule(
        "Marked below the limit of quantification, but the value is not below it, or the reverse."
    ),
    "lloq_missing": Rule("Marked below the limit of quantification without the limit.", _WARNING),
    "mixed_units": Rule(
        "The unit differs from that of the other samples of the assay, or of the other doses of the"
        " medicine."
    ),
    "time_missing": Rule(
        "A subject has several results of an assay on a day, one of them without time; 00:00 is"
        " assumed.",
        _WARNING,
    ),
    "highest_before_infusion": Rule(
        "The highest result of a subject and assay up to `kinetics.last_day` is dated on the day"
        " of infusion, when the sample is taken before it, or earlier.",
        _WARNING,
    ),
}
#: Every rule by its name in a finding.
RULES: dict[str, Rule] = {
    name: replace(rule, lowering=LOWERINGS.get(name)) for name, rule in _RULES.items()
}
