"""Every rule of the data checks: its severity, and what it finds.

The page docs/data-checks.md lists the same, with an example each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Rule:
    """One rule: the first severity is the usual one; a second is used where `found` says so."""

    found: str
    """What is found, in words."""
    severities: tuple[Severity, ...] = ("error",)


_WARNING: tuple[Severity, ...] = ("warning",)
_BOTH: tuple[Severity, ...] = ("error", "warning")

#: In the order of the page: files, cells, records, subjects, and the other tables.
RULES: dict[str, Rule] = {
    # Files
    "unreadable_file": Rule("The file cannot be opened."),
    "other_file": Rule("The SHA-256 of the file is not the configured one."),
    "not_utf8": Rule("The bytes of the file are not UTF-8 text."),
    "no_header": Rule("The first row holds no column names, or the file is empty."),
    "wrong_encoding": Rule(
        "The bytes of the file are not of the encoding that it is said to have."
    ),
    "not_comma_separated": Rule(
        "The columns are separated by another sign than that of the format (a comma; in TSV a tab)."
    ),
    "which_sheet": Rule(
        "A workbook of several sheets, and none is the table's or named in the plan."
    ),
    "merged_cells": Rule("Cells of a workbook are merged: which one the value belongs to is lost."),
    "no_result": Rule("A cell of a workbook holds an error, or a formula without a stored result."),
    "unclear_date": Rule(
        "The first of a month in a cell of a workbook whose built-in East Asian format shows, in"
        " some languages, the month alone.",
        _WARNING,
    ),
    "repeated_column": Rule("A column name occurs twice."),
    "missing_column": Rule("A column of the table is not in the file."),
    "shared_column": Rule("The plan reads one column of the file as two of the table."),
    "unused_column": Rule("A column is not used, or has neither name nor values.", _WARNING),
    "nameless_column": Rule("A column without a name holds values."),
    "other_unit": Rule("The unit of a record in an SDTM package is not the declared one."),
    "unused_record": Rule(
        "A record of an SDTM package that is not used: another evaluator, treatment or disposition,"
        " or what did not occur; an error where it belongs to no subject or record.",
        ("warning", "error"),
    ),
    "broken_row": Rule("A row has more or fewer cells than the header, or is too long to read."),
    "broken_quotes": Rule("A quoted cell is not closed, or goes on after its closing quote."),
    "blank_row": Rule("A row is empty; a warning where no record follows.", _BOTH),
    "no_records": Rule(
        "The table has no record; a warning for tables that a study may lack.", _BOTH
    ),
    # Cells
    "missing_value": Rule("A cell that must be filled is empty."),
    "not_a_number": Rule("The cell is not a number in decimals with a point, or with an exponent."),
    "not_an_integer": Rule("The cell is not a whole number in plain digits."),
    "not_a_date": Rule("The cell is not a complete date of the calendar as YYYY-MM-DD."),
    "partial_date": Rule(
        "The start or end of an adverse event lacks its day or month, or the start is empty: it"
        " will be imputed.",
        _WARNING,
    ),
    "not_a_time": Rule("The cell is not a time as HH:MM."),
    "out_of_range": Rule("The value lies outside its scale, or the date outside 1900 to 2099."),
    "not_allowed": Rule("The value is none of those that the column may hold."),
    "blanks": Rule("Blanks stand before or after the value; they are left out.", _WARNING),
    "bad_character": Rule("Text holds control, invisible or replacement characters."),
    "line_break": Rule("Text holds a line break or a tab.", _WARNING),
    "missing_word": Rule(
        "Text is a word or sign for nothing or not known (N, NO, NONE, NA, NIL, UNK, ND, a point, a"
        " hyphen, in any case, width or in Chinese): it is read as missing. An error where the cell"
        " must be filled.",
        _BOTH,
    ),
    # Records
    "duplicate_record": Rule(
        "An earlier row has the same identifying columns. A sample without a result repeats none;"
        " one without time counts as drawn at 00:00."
    ),
    "duplicate_visit": Rule("A scheduled visit occurs twice for a subject."),
    "two_on_one_day": Rule("A subject has two assessments on one day.", _WARNING),
    "status_differs": Rule(
        "Two assessments of one day differ in their remission status: the later row stands for the"
        " day.",
        _WARNING,
    ),
    "baseline_remission": Rule(
        "The baseline assessment is in remission by the rule in force: a remission after the"
        " infusion means nothing then.",
        _WARNING,
    ),
    "recurrence_on_remission_day": Rule(
        "The investigator records a recurrence or progression on the day of the first remission: it"
        " does not end the response.",
        _WARNING,
    ),
    "spelling_varies": Rule(
        "The value is another spelling of a more frequent one, or of a word of the plan: case,"
        " width, blanks, dashes, quotation marks, characters that look alike; of dose levels also"
        " the same dose. It would be counted apart.",
        _WARNING,
    ),
    "empty_column": Rule(
        "A measure that the analysis uses, or that the plan maps, is recorded nowhere; an error"
        " where it is the infusion in an SDTM package.",
        ("warning", "error"),
    ),
    # Subjects
    "consent_missing": Rule(
        "The date of consent is missing; a warning where the subject was not infused.", _BOTH
    ),
    "before_consent": Rule(
        "Lymphodepletion, infusion, death, withdrawal, an assessment or a sample before consent."
    ),
    "infusion_early": Rule("Infusion before lymphodepletion."),
    "infusion_without_lymphodepletion": Rule("Infused without a lymphodepletion date.", _WARNING),
    "death_before_infusion": Rule("Death before infusion."),
    "dose_missing": Rule("Infused without a dose level or a number of cells.", _WARNING),
    "dose_differs": Rule(
        "The cells given are less than half or more than twice the dose level, where that is a dose"
        " (1e7, 1x10^7, 10000000) and not a label (1, DL1).",
        _WARNING,
    ),
    "part_missing": Rule("Infused without the part of the study.", _WARNING),
    "withdrawal_without_date": Rule("A reason for withdrawal without its date."),
    "withdrawal_without_reason": Rule("A date of withdrawal without its reason.", _WARNING),
    "withdrawal_order": Rule(
        "Withdrawal before infusion, though the subject was infused; or after death.", _WARNING
    ),
    "contact_missing": Rule("Infused without a date of last contact.", _WARNING),
    "contact_order": Rule("Last contact before consent, infusion or withdrawal.", _WARNING),
    "contact_after_death": Rule("Last contact after death.", _WARNING),
    "no_baseline": Rule("Infused without an assessment on or before that day.", _WARNING),
    "death_without_event": Rule("Died, but no adverse event is fatal.", _WARNING),
    # Several tables
    "unknown_subject": Rule("The subject is not in the subjects table."),
    "after_death": Rule("A record dated after the subject's death."),
    "ends_after_death": Rule("A therapy or event that ends after the subject's death.", _WARNING),
    "after_withdrawal": Rule("An assessment or sample after the subject's withdrawal."),
    "learned_after_withdrawal": Rule(
        "A therapy or adverse event that starts after the subject's withdrawal.", _WARNING
    ),
    "after_last_contact": Rule("A record dated after the subject's last contact.", _WARNING),
    "end_before_start": Rule("A therapy or event that ends before it starts."),
    # Visits
    "outside_window": Rule(
        "A scheduled visit outside its window. The date decides, not the label.", _WARNING
    ),
    "two_in_window": Rule("Two scheduled visits in one window.", _WARNING),
    "unscheduled_label": Rule(
        "The label of a visit after infusion is neither scheduled nor UNS.", _WARNING
    ),
    "visit_without_infusion": Rule(
        "A visit scheduled after infusion of a subject not infused.", _WARNING
    ),
    "uln_missing": Rule(
        "A muscle enzyme without its upper limit of normal; a warning where the core set holds no"
        " enzyme.",
        _BOTH,
    ),
    "uln_differs": Rule(
        "The upper limit of normal is less than half or more than twice the subject's usual one.",
        _WARNING,
    ),
    "nothing_assessed": Rule("A visit without any measure.", _WARNING),
    "measure_missing": Rule(
        "A measure of the core set, CK, CMAS, MMT8 or physician global is missing at a visit that"
        " has others.",
        _WARNING,
    ),
    # Therapies
    "before_birth": Rule("A therapy that starts before the subject was born, by age.", _WARNING),
    "new_before_infusion": Rule(
        "A new systemic therapy that starts before infusion or without one; it is no event.",
        _WARNING,
    ),
    # Adverse events
    "event_before_consent": Rule("An adverse event before consent.", _WARNING),
    "grade_missing": Rule("An adverse event without a CTCAE grade.", _WARNING),
    "flag_missing": Rule("Seriousness or relation to treatment is not recorded.", _WARNING),
    "fatal_without_death": Rule(
        "A fatal event (grade 5 or outcome) without a death: until its date is given the subject"
        " counts as alive in t_deaths, the durations and the improvement rate.",
        _WARNING,
    ),
    "fatal_grade": Rule("Grade 5 and a fatal outcome do not go together.", _WARNING),
    "dlt_before_infusion": Rule(
        "A dose-limiting toxicity before infusion, or without one.", _WARNING
    ),
    "class_varies": Rule(
        "A preferred term stands under another system organ class than elsewhere.", _WARNING
    ),
    "label_missing": Rule(
        "Cytokine release syndrome or ICANS by its preferred term, without the label in aesi"
        " (safety.crs, safety.icans) by which it is counted.",
        _WARNING,
    ),
    "kind_missing": Rule(
        "A yes in aesi: the event counts as of special interest, of the kind Y.", _WARNING
    ),
    "outcome_unknown": Rule(
        "The outcome is no term of the CDISC codelist OUT: it is neither recovered, not recovered,"
        " fatal nor unknown.",
        _WARNING,
    ),
    "recovered_without_end": Rule(
        "Recovered by its outcome, without an end: not ongoing, but of no known duration.", _WARNING
    ),
    "end_without_recovery": Rule(
        "An end, but by its outcome not recovered; not where the subject died that day.", _WARNING
    ),
    "fatal_end": Rule("A fatal event without an end, or with one before the death.", _WARNING),
    "repeated_event": Rule(
        "The same event under two identifiers: an earlier one of the subject has the same terms,"
        " dates and grades. Both count as events.",
        _WARNING,
    ),
    "dlt_not_assessed": Rule(
        "A death within safety.dlt_window_days, or of an event begun in them, without a record of"
        " whether it is dose-limiting: it counts as one, or holds the escalation, until there is.",
        _WARNING,
    ),
    # Kinetics
    "sample_without_infusion": Rule("A sample of a subject not infused.", _WARNING),
    "value_missing": Rule(
        "No value, and not below the limit of quantification: it is then no sample.", _WARNING
    ),
    "value_below_lloq": Rule(
        "A value of 0 or below the limit of quantification that is not marked so; it counts as"
        " not quantifiable.",
        _WARNING,
    ),
    "below_lloq_contradicted": Rule(
        "Marked below the limit of quantification, but the value is not."
    ),
    "lloq_missing": Rule("Marked below the limit of quantification without the limit.", _WARNING),
    "mixed_units": Rule("Another unit than the other samples of the assay."),
    "time_missing": Rule(
        "One of several results of a day has no time; it counts as drawn at 00:00.", _WARNING
    ),
    "highest_before_infusion": Rule(
        "The highest result of a subject and assay up to `kinetics.last_day` is of the day of"
        " infusion, before it by protocol, or of an earlier day.",
        _WARNING,
    ),
}
