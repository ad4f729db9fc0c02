"""The tables: what each cell shows of the results, headings, footnotes, CSV and HTML."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser
from importlib.metadata import version
from io import StringIO
from math import nan
from pathlib import Path

import pytest

from durable.contracts.results import NO_EVENTS_TABLE, PLATEAU, TOTAL, Result, split_parameter
from durable.contracts.results import to_csv as ard_csv
from durable.contracts.tables import TABLES
from durable.display import tables
from durable.jdm.response import Response
from durable.outputs import OUTPUTS, entry_of_table, formats
from durable.outputs.ard import read_ard
from durable.outputs.cells import incidence
from durable.outputs.definition_list import definition_list, definitions_in_force
from durable.outputs.page_head import page_head
from durable.outputs.table import Row, Table
from durable.plan import Laboratory, Monitoring, Outputs, Plan, Safety, Statistics, Variant
from durable.stage import OF_TABLES
from tests.figures.layout import PLAN

pytestmark = pytest.mark.requirement("PLN-03", "OUT-05")

LOW = ("dose_level", "1e7")
#: What an analysis of every input table has.
DATASETS = {"adsl", "adrs", "adtte", "adae", "adlb", "adbc", "adpc", "adpp", "adie", "adex", "addv"}
HEAD = page_head(PLAN)
LIMITS = (nan, nan)

# Numbers as text


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.25, 1, "0.3"), (-0.25, 1, "-0.3"), (2.5, 0, "3"), (-2.5, 0, "-3"), (0.5, 0, "1"),
        (1.005, 2, "1.01"), (2.675, 2, "2.68"), (99.95, 1, "100.0"), (0.35, 1, "0.4"),
        (-0.04, 1, "0.0"), (0.0, 1, "0.0"), (1e-9, 1, "0.0"), (123456789.5, 0, "123456790"),
        (1e16, 1, "10000000000000000.0"), (7, 1, "7.0"), (nan, 1, "NE"),
    ],
)  # fmt: skip
def test_halves_are_rounded_away_from_zero_on_the_decimal_form(value, decimals, text):
    assert formats.rounded_number(value, decimals) == text


def result(value, lower=nan, upper=nan, note=""):
    return Result("t", "primary", *TOTAL, ("P",), "s", value, lower, upper, note)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (result(7.25, 5.04, 9.96), "7.3 (5.0, 10.0)"),
        (result(7.25, 5.04), "7.3 (5.0, NE)"),
        (result(7.25), "7.3 (NE, NE)"),
        (result(nan, 5.04), "NE (5.0, NE)"),
        (result(nan), "NE"),
        (result(7.25, 5.04, note=PLATEAU), "7.3\u2020 (5.0, NE)"),
        (None, ""),
    ],
)
def test_an_estimate_stands_with_its_limits(given, text):
    assert formats.estimate(given, 1) == text


def test_a_censored_duration_has_a_plus():
    assert formats.number(result(10.25, note="censored"), 1) == "10.3+"
    assert formats.number(result(10.25), 1) == "10.3"


def test_a_count_of_nobody_has_no_percentage():
    assert formats.count_percent(result(0), result(nan), 1) == "0"
    assert formats.count_percent(result(0), result(0), 1) == "0 (0.0)"
    assert formats.count_percent(result(1), result(100 / 3), 1) == "1 (33.3)"
    assert formats.count_percent(None, None, 1) == ""
    cell, decimals = incidence("n", "percent"), Outputs(percent_decimals=0)
    assert cell({"n": result(0), "percent": result(0)}.get, decimals) == "0"
    assert cell({"n": result(2), "percent": result(12.5)}.get, decimals) == "2 (13)"


# Tables of results written by hand

INFUSED = [
    Result("t_dor", "primary", *LOW, ("EFS",), "n_subjects", 3),
    Result("t_dor", "primary", *TOTAL, ("EFS",), "n_subjects", 4),
]


def values(output, parameter, column, analysis="primary", **statistics):
    """Results of one parameter in one column; a tuple is value, lower, upper and note."""
    for name, given in statistics.items():
        numbers = given if isinstance(given, tuple) else (given,)
        yield Result(output, analysis, *column, split_parameter(parameter), name, *numbers)


def made(folder: Path, rows, plan: Plan = PLAN) -> dict[str, Table]:
    """The tables of an analysis results dataset of these rows."""
    (folder / "validated").mkdir(exist_ok=True)
    sources = {table: {"file": f"{table}.csv", "sha256": "0" * 64} for table in TABLES}
    (folder / "validated" / "sources.json").write_text(json.dumps(sources))
    (folder / "ard.csv").write_text(ard_csv(rows))
    return {table.name: table for table in tables.all_tables(read_ard(folder), plan, folder)}


def cells(table: Table) -> dict[str, list[str]]:
    """Cells of the CSV by block and row."""
    rows = list(csv.reader(StringIO(tables.to_csv(table))))[1:]
    found = {" / ".join(filter(None, row[:2])): row[2:] for row in rows}
    assert len(found) == len(rows), "two rows of a table have one name"
    return found


def test_durations_show_estimates_marks_and_what_cannot_be_estimated(tmp_path):
    low = values("t_dor", "DOR", LOW, n_subjects=2, n_event=1, percent_event=50, n_censored=1,
                 percent_censored=50, median=(8.05, 6.0, nan, PLATEAU), min=1,
                  q25=(4.05, 1, nan, PLATEAU), q75=nan,
                 max=(10.25, nan, nan, "censored"), landmark_M3=(1.0, nan, nan), at_risk_M3=2,
                 landmark_M6=nan, at_risk_M6=0, follow_up=(10.25, 3.0, nan))  # fmt: skip
    none = values("t_dor", "DOR", TOTAL, n_subjects=0, n_event=0, percent_event=nan, q25=nan,
                  q75=nan, min=nan, max=nan, n_recurrence=0, percent_recurrence=nan)  # fmt: skip
    found = made(tmp_path, [*low, *none, *INFUSED])
    assert found["t_dor"].title == "Duration of response, from first remission"
    assert found["t_dor"].columns == ("1 x 10^7 cells/kg (N = 2)", "Total (N = 0)")
    shown, further = cells(found["t_dor"]), cells(found["t_dor_s"])
    assert shown["Subjects with remission"] == ["2", "0"]
    assert shown["Subjects with event, n (%)"] == ["1 (50.0)", "0"]
    assert "Type of event, n (%) / recurrence" not in shown
    months = "Duration (months)"
    assert further[f"{months} / 25th percentile"] == ["4.1\u2020", "NE"]
    assert further[f"{months} / 25th percentile / 95% CI"] == ["(1.0, NE)", "NE"]
    assert shown[f"{months} / Median"] == ["8.1\u2020", ""]
    assert shown[f"{months} / Median / 95% CI"] == ["(6.0, NE)", ""]
    assert shown[f"{months} / 25th, 75th percentile"] == ["4.1\u2020, NE", "NE"]
    assert shown[f"{months} / Min, max"] == ["1.0, 10.3+", "NE"]
    rates = "Event-free rate, %"
    assert further[f"{rates} / Month 3"] == ["100.0", ""]
    assert further[f"{rates} / Month 3 / 95% CI"] == ["NE", ""]
    assert further[f"{rates} / Month 3 / at risk, n"] == ["2", ""]
    for month_6 in (shown, further):
        assert month_6[f"{rates} / Month 6"] == ["NE", ""]
        assert month_6[f"{rates} / Month 6 / at risk, n"] == ["0", ""]
    assert f"{rates} / Month 3" not in shown
    assert further["Median follow-up (months)"] == ["10.3", ""]
    assert further["Median follow-up (months) / 95% CI"] == ["(3.0, NE)", ""]


def test_each_endpoint_has_a_table_of_its_own_with_its_population(tmp_path):
    rows = [
        *values("t_dor", "DOR", TOTAL, n_subjects=2),
        *values("t_dor", "TTREM", TOTAL, n_subjects=4),
        *INFUSED,
    ]
    found = made(tmp_path, rows)
    assert {name: found[name].columns[-1] for name in ("t_dor", "t_efs", "t_ttrem")} == {
        "t_dor": "Total (N = 2)",
        "t_efs": "Total (N = 4)",
        "t_ttrem": "Total (N = 4)",
    }
    assert found["t_dor"].subtitles == ("Subjects in remission; data cut-off 2024-06-30",)
    for name in ("t_efs", "t_ttrem"):
        assert found[name].subtitles[0].startswith("Safety Analysis Set (all infused)")


def test_improvement_shows_counts_rates_and_scores(tmp_path):
    rows = values("t_improvement", "M2", TOTAL, n_infused=4, n_missing=1, percent_missing=25,
                  n_improved=2, percent_improved=50, n_denominator=4, n_not_improved=1,
                  percent_not_improved=25, rate=(0.5, 0.0676, 0.9324), n_tis=3,
                  n_missing_died=1, percent_missing_died=25, n_missing_withdrawn=0,
                  percent_missing_withdrawn=0, n_pending=0, percent_pending=0,
                  n_improved_opportunity=2, n_opportunity=3,
                  rate_opportunity=(2 / 3, 0.0943, 0.9916),
                  rate_wilson=(0.5, 0.15, 0.85), tis_mean=48.25, tis_sd=nan, tis_min=40,
                  tis_max=60, n_worsened_any=1, percent_worsened_any=100 / 3)  # fmt: skip
    both = values("t_improvement", "BOTH", TOTAL, n_improved=1, percent_improved=25)
    found = made(tmp_path, [*rows, *both, *INFUSED])
    main = cells(found["t_improvement"])
    assert {row: shown for row, shown in main.items() if row.startswith("Visit M2")} == {
        "Visit M2 / Improved, n (%)": ["2 (50.0)"],
        "Visit M2 / Improved, n (%) / Exact 95% CI, %": ["(6.8, 93.2)"],
        "Visit M2 / Assessed, not improved, n (%)": ["1 (25.0)"],
        "Visit M2 / Missing, n (%)": ["1 (25.0)"],
        "Visit M2 / Missing, n (%) / died": ["1 (25.0)"],
    }
    shown = cells(found["t_improvement_s"])
    assert shown["Visit M2 / Other 95% intervals of the rate, % / Wilson"] == ["(15.0, 85.0)"]
    others = "Visit M2 / Other analyses of the rate, n/N (%) and exact 95% CI"
    closed = f"{others} / Subjects whose visit window had closed"
    assert shown[closed] == ["2/3 (66.7)"]
    assert shown[f"{closed} / CI"] == ["(9.4, 99.2)"]
    score = "Visit M2 / Total Improvement Score"
    assert shown[f"{score} / n"] == ["3"]
    assert shown[f"{score} / Mean (SD)"] == ["48.3 (NE)"]
    worsened = "Visit M2 / Core set measures worsened, n (% of assessed)"
    assert shown[f"{worsened} / at least one"] == ["1 (33.3)"]
    assert f"{worsened} / muscle strength" not in shown
    over = "Across visits (descriptive) / Improved at every visit, n (%)"
    assert shown[over] == ["1 (25.0)"]


def test_disposition_puts_the_infused_under_the_infused(tmp_path):
    def of(parameter, n, percent):
        return values("t_disposition", parameter, TOTAL, n=n, percent=percent)

    rows = [
        *values("t_disposition", "CONSENTED", TOTAL, n=5), *of("INFUSED", 4, 80),
        *of("NOT_INFUSED", 1, 20), *of("WITHDRAWN", 1, 25), *of("WITHDRAWN|=moved", 1, 25),
        *of("ASSESSED|M2", 3, 75),
        *values("t_disposition", "WITHDRAWN|ill", LOW, n=1, percent=50),
        *values("t_disposition", "FOLLOW_UP", TOTAL, n=4, median=10.25, q1=1, q3=2),
    ]  # fmt: skip
    shown = cells(made(tmp_path, rows)["t_disposition"])
    assert shown["Enrolled (consented)"] == ["0", "5"]
    assert shown["Not infused"] == ["0", "1 (20.0)"]
    infused = "Infused (Safety Analysis Set)"
    assert shown[f"{infused} / Assessed at M2"] == ["0", "3 (75.0)"]
    # A reason is free text of the data: safe in a spreadsheet.
    assert shown[f"{infused} / Withdrawn / '=moved"] == ["0", "1 (25.0)"]
    assert shown[f"{infused} / Withdrawn / ill"] == ["1 (50.0)", "0"]
    assert shown["Follow-up from infusion (months) / Q1, Q3"] == ["", "1.0, 2.0"]


def test_a_percentage_is_rounded_from_the_proportion_as_it_stands():
    """In binary 100 x 0.2885 is 28.849999999999998, which would read 28.8."""
    assert formats.rounded_number(0.2885, 1, formats.PERCENT) == "28.9"


def test_baseline_shows_categories_and_measures(tmp_path):
    rows = [
        *values("t_baseline", "AGE", TOTAL, n=4, mean=10.25, sd=2.04, min=4, max=16),
        *values("t_baseline", "CELLSKG", TOTAL, n=4, mean=1e7, sd=250000.5),
        *values("t_baseline", "SEX|F", TOTAL, n=3, percent=75),
        *values("t_baseline", "FUN", TOTAL, n=4, mean=1.8125, sd=0.6625, min=0.875, max=2.375),
        *values("t_baseline", "MUS", TOTAL, n=0, mean=nan, sd=nan),
        *INFUSED,
    ]
    shown = cells(made(tmp_path, rows)["t_baseline"])
    assert shown["Age (years) / Mean (SD)"] == ["10.3 (2.0)"]
    assert shown["CAR-T cells infused (10^6 cells/kg) / Mean (SD)"] == ["10.00 (0.25)"]
    assert shown["Sex, n (%) / female"] == ["3 (75.0)"]
    # In steps of 0.125: two decimals.
    assert shown["CHAQ / Mean (SD)"] == ["1.81 (0.66)"]
    assert shown["CHAQ / Min, max"] == ["0.88, 2.38"]
    assert shown["CMAS / Mean (SD)"] == ["NE"]


def test_kinetics_has_a_block_per_assay(tmp_path):
    rows = [
        *values("t_kinetics", "CMAX|flow (cells/uL)", TOTAL, n=3, n_not_calculable=0, n_no_sample=1,
                n_not_detected=1, mean=13.25, sd=13.64, cv=102.96, median=12.5, min=0, max=27.25,
                geo_mean=nan, geo_cv=nan, geo_mean_detected=18.44, geo_cv_detected=59.7),
        *values("t_kinetics", "TMAX|flow (cells/uL)", TOTAL, n=0, median=nan, min=nan, max=nan),
        *values("t_kinetics", "PERSM2|qPCR", TOTAL, n=4, n_quantifiable=3,
                percent_quantifiable=75),
        *INFUSED,
    ]  # fmt: skip
    found = made(tmp_path, rows)
    shown, further = cells(found["t_kinetics"]), cells(found["t_kinetics_s"])
    block = "flow (cells/uL) / Cmax"
    for table in (shown, further):
        assert table[f"{block} / n"] == ["3"]
        assert table[f"{block} / Median"] == ["12.5"]
        assert table[f"{block} / Minimum"] == ["0.0"]
        assert table[f"{block} / Maximum"] == ["27.3"]
        assert table[f"{block} / Geometric mean"] == ["NE"]
        assert table["flow (cells/uL) / Infused, without a sample"] == ["1"]
        assert table["flow (cells/uL) / Tmax (days) / Median"] == ["NE"]
        assert table["flow (cells/uL) / Tmax (days) / Minimum"] == ["NE"]
        assert table["flow (cells/uL) / Tmax (days) / Maximum"] == ["NE"]
    assert shown[f"{block} / Geometric CV (%)"] == ["NE"]
    assert further[f"{block} / Geometric mean / geometric CV (%)"] == ["NE"]
    assert further[f"{block} / among subjects with cells"] == ["18.4"]
    assert further[f"{block} / among subjects with cells / geometric CV (%)"] == ["59.7"]
    assert further[f"{block} / not detected"] == ["1"]
    assert further[f"{block} / Mean (SD)"] == ["13.3 (13.6)"]
    assert further[f"{block} / CV (%)"] == ["103.0"]
    assert shown["qPCR / Quantifiable at M2, n/N (%)"] == ["3/4 (75.0)"]


VARIANT = PLAN.model_copy(
    update={
        "sensitivity": {
            "strict": Variant(title="Stricter <b>", response={"remission": {"rule": "printo"}})
        }
    }
)


def test_sensitivity_has_a_row_per_analysis_and_says_what_it_changes(tmp_path):
    rows = [
        *values("t_sensitivity", "DOR", TOTAL, n_subjects=8, n_event=3, median=(7.55, 5.2, nan),
                landmark_M6=(0.5, 0.058, 0.845)),
        *values("t_sensitivity", "M2", TOTAL, n_improved=9, n_denominator=10,
                rate=(0.9, 0.555, 0.9975)),
        *values("t_sensitivity", "DOR", TOTAL, "strict", n_subjects=9, n_event=0, median=nan),
    ]  # fmt: skip
    found = made(tmp_path, rows, VARIANT)
    assert found["t_sensitivity"].columns[:4] == (
        *("N", "Events, n", "Median, months", "Median, 95% CI"),
    )
    by_column = {
        column: cell
        for table in (found["t_sensitivity"], found["t_sensitivity_s"])
        for column, cell in zip(table.columns, cells(table)["Primary analysis"], strict=True)
    }
    assert by_column["Median, months"] == "7.6"
    assert by_column["Median, 95% CI"] == "(5.2, NE)"
    assert by_column["Month 6, %"] == "50.0"
    assert by_column["Month 6, 95% CI"] == "(5.8, 84.5)"
    assert by_column["Improved at M2, n/N (%)"] == "9/10 (90.0)"
    assert by_column["M2, exact 95% CI"] == "(55.5, 99.8)"
    assert cells(found["t_sensitivity"])["Stricter <b>"][:4] == ["9", "0", "NE", "NE"]
    for table in (found["t_sensitivity"], found["t_sensitivity_s"]):
        said = "Each analysis differs from the primary one in what its title says."
        assert said in table.footnotes


def test_an_analysis_that_equals_the_primary_by_definition_is_named_and_not_shown(tmp_path):
    same = {"title": "Therapy an event", "response": {"new_therapy": "composite"}}
    plan = PLAN.model_copy(update={"sensitivity": {"same": Variant(**same)}})
    rows = [
        *values("t_sensitivity", "DOR", TOTAL, n_subjects=8, n_event=3),
        *values("t_sensitivity", "DOR", TOTAL, "same", n_subjects=8, n_event=3),
    ]
    for name in ("t_sensitivity", "t_sensitivity_s"):
        table = made(tmp_path, rows, plan)[name]
        assert list(cells(table)) == ["Primary analysis"]
        assert table.footnotes[-3] == (
            "Identical to the primary analysis by definition, not shown: Therapy an event."
        )


# Safety

BOUND = {LOW: 0.63159, TOTAL: 0.5271}
SIZE = {LOW: 3, TOTAL: 4}


def counted(output, parameter, column, subjects=0, events=0, **grades):
    """A row of the safety tables, as the analysis writes it."""
    names = ("missing", "1", "2", "3", "4", "5", "1_2", "3_5")
    given = {name: grades.get(f"g{name}", 0) for name in names}
    of = {f"n_grade_{name}": count for name, count in given.items()}
    of |= {f"percent_grade_{name}": 100 * n / SIZE[column] for name, n in given.items()}
    zero = {} if subjects else {"upper": BOUND[column]}
    share = 100 * subjects / SIZE[column]
    return values(output, parameter, column, n_subjects=subjects, percent=share,
                  n_events=events, **of, **zero)  # fmt: skip


def infused(output, note=""):
    for column in (LOW, TOTAL):
        yield from values(output, "", column, n_infused=(SIZE[column], *LIMITS, note))
        if not note:
            yield from values(output, "", column, upper=BOUND[column])


def test_overview_counts_subjects_and_events_by_worst_grade(tmp_path):
    output = "t_ae_overview"
    rows = [
        *infused(output),
        *counted(output, "D28|ANY", LOW, 2, 5, g3=1, gmissing=1),
        *counted(output, "D28|ANY", TOTAL, 3, 7, g3=1, gmissing=1, g1=1),
        *counted(output, "D28|SERIOUS", LOW),
        *counted(output, "D28|SERIOUS", TOTAL, 1, 1, g2=1),
        *counted(output, "D28|GRADE3_MISSING_AS_3", LOW, 2, 2, g3=2),
        *counted(output, "D28|GRADE3_MISSING_AS_3", TOTAL, 2, 2, g3=2),
        *counted(output, "PRE|ANY", TOTAL, 1, 2),
        *values(output, "NOT_INFUSED|ANY", TOTAL, n_denominator=2, n_subjects=1, percent=50,
                n_events=3),
    ]  # fmt: skip
    found = made(tmp_path, rows)
    for name in (output, f"{output}_s"):
        assert found[name].columns == ("1 x 10^7 cells/kg (N = 3)", "Total (N = 4)")
    main, shown = cells(found[output]), cells(found[f"{output}_s"])
    block = "Within 28 days of infusion / Any TEAE"
    for table in (main, shown):
        assert table[block] == ["2 (66.7)", "3 (75.0)"]
        assert table[f"{block} / number of events"] == ["5", "7"]
        assert table["Within 28 days of infusion / Serious TEAE"] == ["0", "1 (25.0)"]
    assert f"{block} / Grade 1" not in main
    assert shown[f"{block} / Grade 1"] == ["0", "1 (25.0)"]
    assert shown[f"{block} / Grade 3"] == ["1 (33.3)", "1 (25.0)"]
    assert shown[f"{block} / Grade missing"] == ["1 (33.3)", "1 (25.0)"]
    assert f"{block} / Grade 2" not in shown
    assert f"{block} / One-sided 95% upper confidence limit (no events), %" not in shown
    serious = "Within 28 days of infusion / Serious TEAE"
    assert shown[f"{serious} / number of events"] == ["0", "1"]
    assert shown[f"{serious} / One-sided 95% upper confidence limit (no events), %"] == ["63.2", ""]
    sensitivity = "Within 28 days of infusion / Grade >=3 TEAE, missing grades imputed as 3"
    assert shown[sensitivity] == ["2 (66.7)", "2 (50.0)"]
    assert shown[f"{sensitivity} / number of events"] == ["2", "2"]
    apart = "Not treatment-emergent"
    before = f"{apart} / Infused: any adverse event before infusion"
    assert shown[before] == ["", "1 (25.0)"]
    assert shown[f"{before} / number of events"] == ["", "2"]
    others = f"{apart} / Enrolled, never infused: any adverse event, n/N (%)"
    assert shown[others] == ["", "1/2 (50.0)"]
    assert shown[f"{others} / number of events"] == ["", "3"]


def of_terms(*names):
    output = "t_ae_soc_pt"
    yield from infused(output)
    for column in (LOW, TOTAL):
        for name in names:
            n = 1 if column == TOTAL else 0
            severe = n if name.endswith("Rash") else 0
            yield from counted(output, name, column, n, 2 * n, g1_2=n, g2=n, g3_5=severe)


def test_terms_stand_under_their_class_with_grades_that_occur(tmp_path):
    # A bar within a class or a term is written with a backslash before it.
    names = ("D28|Skin|", "D28|Skin|Rash", r"D28|A\|B|", r"D28|A\|B|C\|D")
    found = made(tmp_path, of_terms(*names))
    main, shown = cells(found["t_ae_soc_pt"]), cells(found["t_ae_soc_pt_s"])
    assert shown["One-sided 95% upper confidence limit of any row with no events, %"] == [
        "63.2",
        "52.7",
    ]
    block = "Within 28 days of infusion / Skin"
    for table in (main, shown):
        assert table[block] == ["0", "1 (25.0)"]
        assert "Within 28 days of infusion / A|B / C|D" in table
        assert table["Entire follow-up / No TEAE"] == ["", ""]
    assert main[f"{block} / Rash / grade >=3"] == ["0", "1 (25.0)"]
    assert f"{block} / grade >=3" not in main
    assert "Within 90 days of infusion / No TEAE" not in main
    assert shown[f"{block} / number of events"] == ["0", "2"]
    assert shown[f"{block} / Grade 1-2"] == ["0", "1 (25.0)"]
    assert shown[f"{block} / Rash / Grade 1-2"] == ["0", "1 (25.0)"]
    assert shown["Within 90 days of infusion / No TEAE"] == ["", ""]
    for name in ("t_ae_soc_pt", "t_ae_soc_pt_s"):
        terms = [row for row in found[name].rows if row.label in ("Skin", "Rash")]
        assert [row.strong for row in terms] == [True, False]


def test_crs_shows_every_grade_onset_and_duration(tmp_path):
    output = "t_ae_crs"
    rows = [
        *infused(output),
        *counted(output, "CRS", LOW),
        *values(output, "CRS", LOW, onset_median=nan, onset_min=nan, onset_max=nan, n_ongoing=0),
        *counted(output, "CRS", TOTAL, 2, 3, g2=1, gmissing=1),
        *values(output, "CRS", TOTAL, onset_median=3.5, onset_min=2, onset_max=5,
                duration_median=4, duration_min=4, duration_max=4, n_ongoing=1),
    ]  # fmt: skip
    shown = cells(made(tmp_path, rows)[output])
    block = "Cytokine release syndrome (CRS)"
    assert shown[f"{block} / Any, n (%)"] == ["0", "2 (50.0)"]
    assert shown[f"{block} / Any, n (%) / number of events"] == ["0", "3"]
    assert shown[f"{block} / Worst ASTCT grade, n (%) / Grade 2"] == ["0", "1 (25.0)"]
    assert shown[f"{block} / Worst ASTCT grade, n (%) / Grade 5"] == ["0", "0"]
    assert shown[f"{block} / Worst ASTCT grade, n (%) / Grade missing"] == ["0", "1 (25.0)"]
    onset = f"{block} / First onset (days after infusion)"
    assert shown[f"{onset} / Median"] == ["NE", "3.5"]
    assert shown[f"{onset} / Min, max"] == ["NE", "2, 5"]
    duration = f"{block} / Duration of resolved events (days)"
    assert shown[f"{duration} / Median"] == ["", "4.0"]
    assert shown[f"{duration} / Min, max"] == ["", "4, 4"]
    assert shown[f"{block} / Events ongoing at the data cut-off or death"] == ["0", "1"]


def test_special_interest_and_deaths(tmp_path):
    rows = [
        *infused("t_aesi"),
        *counted("t_aesi", "CRS", TOTAL, 1, 1, g1=1),
        *counted("t_aesi", "DERIVED|PROLONGED_CYTOPENIA", TOTAL),
        *values("t_deaths", "", TOTAL, n_infused=4),
        *values("t_deaths", "D28", TOTAL, n_deaths=0, percent=0, upper=0.5271),
        *values("t_deaths", "ALL", TOTAL, n_deaths=1, percent=25, n_fatal_undated=2),
    ]
    found = made(tmp_path, rows)
    shown = cells(found["t_aesi"])
    assert shown["CRS"] == ["", "1 (25.0)"]
    assert shown["CRS / number of events"] == ["", "1"]
    assert shown["CRS / Grade 1"] == ["", "1 (25.0)"]
    assert shown["Prolonged cytopenia (grade >=3 beyond day 28)"] == ["", "0"]
    shown = cells(found["t_deaths"])
    assert shown["Within 28 days of infusion, n (%)"] == ["0"]
    assert shown[
        "Within 28 days of infusion, n (%) / One-sided 95% upper confidence limit (no events), %"
    ] == ["52.7"]
    anytime = "Entire follow-up, n (%)"
    assert shown[anytime] == ["1 (25.0)"]
    assert shown[f"{anytime} / Fatal event without a date of death (not counted above)"] == ["2"]


def limiting_rows():
    counts = {"n_infused": 3, "n_evaluable": 3, "n_dlt": 0, "percent": 0, "upper": 0.63159}
    counts |= {"n_dlt_unassessed_death": 0, "n_death_not_limiting": 1}
    said = "0 of 3 evaluable with a dose-limiting toxicity: escalate"
    yield from values("t_dlt", "A", LOW, **counts, next=(nan, nan, nan, said))
    yield from values("t_dlt", "ALL", LOW, **counts)
    yield from values("t_dlt", "ALL", TOTAL, n_infused=4, n_evaluable=0, n_dlt=0, percent=nan,
                      n_dlt_unassessed_death=0, n_death_not_limiting=1, upper=nan)  # fmt: skip


def test_dose_limiting_toxicities_say_what_is_next(tmp_path):
    table = made(tmp_path, limiting_rows())["t_dlt"]
    assert table.columns[-1] == "Dose-escalation recommendation (3+3)"
    level = ["3", "3", "0 (0.0)", "0", "1", "63.2"]
    assert cells(table) == {
        "Part A, by dose level / 1 x 10^7 cells/kg": [*level, "escalate"],
        "All parts / 1 x 10^7 cells/kg": [*level, ""],
        "All parts / Total": ["4", "0", "0", "0", "1", "NE", ""],
    }
    without = PLAN.model_copy(update={"safety": Safety(escalation="none", escalation_part="B")})
    table = made(tmp_path, limiting_rows(), without)["t_dlt"]
    assert len(table.columns) == 6
    assert cells(table)["Part B, by dose level / No subject infused"] == [""] * 6


def test_without_adverse_events_their_tables_say_so(tmp_path):
    outputs = ("t_ae_overview", "t_ae_soc_pt", "t_ae_crs", "t_aesi", "t_dlt")
    rows = [row for output in outputs for row in infused(output, NO_EVENTS_TABLE)]
    rows += values("t_deaths", "", TOTAL, n_infused=4)
    found = made(tmp_path, rows)
    tables_of_events = {*outputs, "t_ae_overview_s", "t_ae_soc_pt_s"}
    assert set(found) == {*tables_of_events, "t_deaths"}
    for name in tables_of_events:
        said = "Not made: no adverse_events table in this study"
        assert cells(found[name]) == {said: [""] * len(found[name].columns)}
        assert said in tables.to_html(found[name], HEAD)
    assert cells(found["t_deaths"]) != {}


# Every table


def everything():
    """A row of each table, enough for it to be made."""
    rows = list(of_known_tables())
    known = {row.output for row in rows}
    for entry in OUTPUTS:
        if entry.name not in known:
            rows += values(entry.name, "", TOTAL, n_infused=4)
    return rows


def of_known_tables():
    yield from INFUSED
    yield from values("t_disposition", "CONSENTED", TOTAL, n=4)
    yield from values("t_baseline", "AGE", TOTAL, n=4)
    yield from values("t_improvement", "M2", TOTAL, n_infused=4)
    yield from values("t_sensitivity", "DOR", TOTAL, n_subjects=4)
    yield from values("t_kinetics", "CMAX|flow", TOTAL, n=4)
    yield from of_terms("D28|Skin|", "D28|Skin|Rash")
    for output in ("t_ae_overview", "t_ae_crs", "t_aesi"):
        yield from infused(output)
    yield from values("t_deaths", "", TOTAL, n_infused=4)
    yield from limiting_rows()


#: The numbers by the sections of ICH E3, in reading order.
ORDER = {
    "disposition": "14.1.1", "baseline": "14.1.2",
    "eligibility": "14.1.3", "eligibility_s": "14.1.3S", "improvement": "14.2.1",
    "improvement_s": "14.2.1S", "dor": "14.2.2", "dor_s": "14.2.2S", "efs": "14.2.3",
    "efs_s": "14.2.3S", "ttrem": "14.2.4", "ttrem_s": "14.2.4S", "sensitivity": "14.2.5",
    "sensitivity_s": "14.2.5S", "response_visits": "14.2.7", "response_visits_s": "14.2.7S",
    "ttimp": "14.2.10", "ttimp_s": "14.2.10S", "os": "14.2.11", "os_s": "14.2.11S",
    "cuminc": "14.2.17", "cuminc_s": "14.2.17S",
    "inresponse": "14.2.18", "inresponse_s": "14.2.18S",
    "ae_overview": "14.3.1.1", "ae_overview_s": "14.3.1.1S",
    "ae_soc_pt": "14.3.1.2", "ae_soc_pt_s": "14.3.1.2S", "ae_crs": "14.3.1.3",
    "aesi": "14.3.1.4", "dlt": "14.3.1.5", "deaths": "14.3.2.1",
    "laboratory": "14.3.4.1", "laboratory_s": "14.3.4.1S",
    "lab_shift": "14.3.4.2", "lab_shift_s": "14.3.4.2S",
    "bcells": "14.3.4.3", "icaht": "14.3.4.4",
    "kinetics": "14.4.1", "kinetics_s": "14.4.1S",
}  # fmt: skip


def test_tables_are_numbered_in_reading_order_whichever_are_there(tmp_path):
    found = made(tmp_path, everything(), VARIANT)
    assert {name.removeprefix("t_"): table.number for name, table in found.items()} == ORDER
    assert list(found) == [f"t_{name}" for name in ORDER]
    few = made(tmp_path, [row for row in everything() if row.output == "t_kinetics"])
    assert {name: table.number for name, table in few.items()} == {
        "t_kinetics": "14.4.1",
        "t_kinetics_s": "14.4.1S",
    }


@pytest.mark.parametrize("name", ORDER)
def test_every_table_has_notes_and_reads_only_what_its_stage_declares(name, tmp_path):
    table = made(tmp_path, everything(), VARIANT)[f"t_{name}"]
    declared = made(tmp_path, everything(), VARIANT.restrict_to(OF_TABLES))[f"t_{name}"]
    assert declared == table
    # A footnote of its own, and the source.
    assert len(table.footnotes) >= 2
    digest = VARIANT.digest(OF_TABLES)[:12]
    assert re.fullmatch(
        rf"Source: AD\w+(, AD\w+)*\. Program: durable {version('durable')}, durable\.outputs\.\w+\."
        rf" Data as of 2024-06-30\. Plan {digest}\.",
        table.footnotes[-1],
    )
    (subtitle,) = table.subtitles
    assert re.fullmatch(r"\S.+; data cut-off 2024-06-30", subtitle)
    assert all(row.cells == () or len(row.cells) == len(table.columns) for row in table.rows)


CHANGES = [
    ("ae_overview", {"windows_days": (14, 60)}, "onset on days 0 to 14 and 0 to 60 after"),
    ("ae_overview_s", {"missing_grade": 4}, "missing grades were imputed as grade 4"),
    ("ae_soc_pt", {"ctcae_version": "6.0"}, "worst known CTCAE v6.0 grade"),
    ("ae_crs", {"crs": "CYTOKINE"}, "recorded as CYTOKINE (CRS)"),
    ("ae_crs", {"capd_below_years": 13.0}, "CAPD below 13 years"),
    ("aesi", {"prolonged_cytopenia_day": 42}, "present after day 42"),
    ("dlt", {"dlt_window_days": 42}, "within 42 days of infusion"),
    ("dlt", {"escalation_part": "B"}, "dose level of part B"),
]


DEFINED = [
    ("aesi", {"prolonged_cytopenia_grade": 4}, "of grade >=4 present after day 28"),
    ("aesi", {"missing_grade": 4}, "missing grades were imputed as grade 4"),
    ("ae_overview", {"missing_related": "not_related"}, "is not recorded counts as not related"),
    ("ae_soc_pt", {"windows_days": (14, 60)}, "Followed 14 days: day 14 was on or before"),
    (
        "dlt",
        {"dlt_window_days": 42},
        "A death within 42 days counts as a DLT if it was not assessed",
    ),
    ("dlt", {"escalation_part": "B"}, "dose level of part B"),
]


@pytest.mark.parametrize(("name", "rule", "said"), DEFINED)
def test_definitions_of_safety_follow_the_plan(name, rule, said):
    assert said not in definitions(name, PLAN)
    assert said in definitions(name, PLAN.model_copy(update={"safety": Safety(**rule)}))


def notes(name: str, plan: Plan) -> str:
    """The footnotes of a table."""
    output = entry_of_table(f"t_{name}").load()
    return " ".join(output.table(f"t_{name}").footnotes(plan))


def definitions(name: str, plan: Plan) -> str:
    """What the list of definitions says of the terms to which a table refers."""
    terms = dict(definitions_in_force(plan, DATASETS))
    table = entry_of_table(f"t_{name}").load().table(f"t_{name}")
    return " ".join(sentence for term in table.defined for sentence in terms[term])


@pytest.mark.parametrize(("name", "rule", "said"), CHANGES)
def test_footnotes_of_safety_follow_the_plan(name, rule, said):
    assert said not in notes(name, PLAN)
    assert said in notes(name, PLAN.model_copy(update={"safety": Safety(**rule)}))


def test_footnotes_of_efficacy_and_kinetics_follow_the_plan():
    response = Response.model_validate(
        {"new_therapy": "hypothetical", "improvement": {"level": "major"}}
    )
    kinetics = PLAN.kinetics.model_copy(update={"method": "linear"})
    statistics = Statistics(conf_level=0.9, km_ci="plain")
    update = {"response": response, "statistics": statistics, "kinetics": kinetics}
    changed = PLAN.model_copy(update=update)
    for name, said in {
        "improvement": "at least 70 (major)",
        "dor": "censors at the last assessment in remission before it (hypothetical strategy)",
        "efs": "Kaplan-Meier estimates; pointwise 90% CIs (plain)",
        "deaths": "One-sided 90% upper confidence limit",
    }.items():
        assert said not in notes(name, PLAN)
        assert said in notes(name, changed)
    for name, said in {
        "improvement": "at least 70 (major)",
        "improvement_s": "is not used (hypothetical strategy)",
        "dor": "censors at the last assessment in remission before it (hypothetical strategy)",
        "sensitivity": "plain transformation",
        "sensitivity_s": "90% CIs are exact (Clopper-Pearson) unless otherwise stated",
        "kinetics": "linear trapezoidal rule",
    }.items():
        assert said not in definitions(name, PLAN)
        assert said in definitions(name, changed)


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        ("composite", "is an event (composite strategy)"),
        (
            "hypothetical",
            "censors at the last assessment in remission before it, or before remission on Day 1"
            " (hypothetical strategy)",
        ),
        ("treatment_policy", "is ignored (treatment policy strategy)"),
    ],
)
def test_event_free_survival_names_its_events_and_strategy(strategy, said):
    response = Response.model_validate({"new_therapy": strategy})
    (first, *_) = (
        entry_of_table("t_efs")
        .load()
        .table("t_efs")
        .footnotes(PLAN.model_copy(update={"response": response}))
    )
    assert "from infusion to recurrence, progression or death from any cause" in first
    assert f"New systemic immunosuppressive therapy {said}." in first
    assert "by day 194 (end of the M6 window): event on Day 1" in first


def test_footnotes_and_definitions_of_the_laboratory_follow_the_plan():
    sections = {
        "b_cells": {"aplasia_below": 20, "recovery_consecutive": 3},
        "icaht": {"duration": "cumulative", "late_results": 3},
    }
    changed = PLAN.model_copy(update={"laboratory": Laboratory.model_validate(sections)})
    for name, noted, defined in (
        ("bcells", "below 20 cells/uL", "the first of 3 consecutive later results"),
        ("icaht", "late by the limit reached on 3 days", "(all spells together)"),
    ):
        assert noted not in notes(name, PLAN)
        assert noted in notes(name, changed)
        assert defined not in definitions(name, PLAN)
        assert defined in definitions(name, changed)
    # The limits of the grades stand in the list alone.
    assert "0.8, 0.5, 0.2 10^9/L" not in notes("lab_shift", PLAN)
    assert "0.8, 0.5, 0.2 10^9/L" in definitions("lab_shift", PLAN)


def test_safety_boundaries_are_defined_where_the_plan_has_some():
    rates = {"acceptable_rate": 0.2, "unacceptable_rate": 0.5, "error": 0.04}
    section = Monitoring.model_validate({"safety": {"toxic": {"event": "dlt"} | rates}})
    plan = PLAN.model_copy(update={"monitoring": section})
    said = "at the acceptable rate (Ivanova et al. 2005): DLT within 28 days: 4%."
    assert said in definitions("safety_boundary", plan)
    assert "Safety boundaries" not in dict(definitions_in_force(PLAN, DATASETS))
    assert "Safety boundaries" not in dict(definitions_in_force(plan, DATASETS - {"adae"}))


def test_a_table_refers_to_the_definitions_that_stand_in_the_list(tmp_path):
    listed = {term for term, _ in definitions_in_force(PLAN, DATASETS)}
    for name, table in made(tmp_path, everything(), VARIANT).items():
        terms = entry_of_table(name).load().table(name).defined
        assert set(terms) <= listed
        reference = f"Definitions: {'; '.join(terms)} (list of definitions)."
        assert table.footnotes.count(reference) == (1 if terms else 0)


def test_what_is_not_analysed_is_not_defined():
    listed = [term for term, _ in definitions_in_force(PLAN, {"adsl"})]
    assert listed == ["Proportions", "Abbreviations"]
    assert definition_list(PLAN, DATASETS).footnotes[3].startswith("Remission: ")


@pytest.mark.parametrize(
    "said",
    [
        "samples up to day 110; later samples contribute to persistence only",
        "Samples without a result are excluded",
        "the first counts at the whole day and each other by the hours since",
        "if equidistant, the earlier. N: subjects with such a result",
    ],
)
def test_definitions_of_kinetics_say_the_rules_in_force(said):
    kinetics = PLAN.kinetics.model_copy(update={"last_day": 110})
    changed = PLAN.model_copy(update={"kinetics": kinetics})
    for name in ("kinetics", "kinetics_s"):
        assert said in definitions(name, changed)


def test_a_configured_level_names_the_bound(tmp_path):
    plan = PLAN.model_copy(update={"statistics": Statistics(conf_level=0.9)})
    shown = cells(made(tmp_path, of_terms("D28|Skin|"), plan)["t_ae_soc_pt_s"])
    assert "One-sided 90% upper confidence limit of any row with no events, %" in shown


# Files

ODD = "<script>alert('x')</script>"


def test_text_of_the_data_is_text_in_html(tmp_path):
    table = made(tmp_path, of_terms(f"D28|{ODD}|", f"D28|{ODD}|<b>&amp;"))["t_ae_soc_pt"]
    page = tables.to_html(table, HEAD)
    assert "<script" not in page
    assert "&lt;script&gt;alert" in page
    assert "&lt;b&gt;&amp;amp;" in page


class Text(HTMLParser):
    """Text of every cell of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def test_html_has_the_text_of_the_table(tmp_path):
    for table in made(tmp_path, everything(), VARIANT).values():
        parser = Text()
        parser.feed(re.sub(r"\n", "", tables.to_html(table, HEAD).split("</table>")[0]))
        heading, *rows = parser.rows
        assert heading == [table.stub, *table.columns]
        assert rows == [[row.label, *row.cells] for row in table.aligned_rows]


@pytest.mark.parametrize("first", ["=", "+", "-", "@"])
def test_no_cell_of_the_csv_is_a_formula(first, tmp_path):
    names = (f"D28|{first}class|", f"D28|{first}class|{first}1+1")
    table = made(tmp_path, of_terms(*names))["t_ae_soc_pt"]
    rows = list(csv.reader(StringIO(tables.to_csv(table))))
    assert [f"'{first}1+1"] == [row[1] for row in rows if row[1].endswith("1+1")]
    assert not [cell for row in rows for cell in row if cell.startswith(first)]


def test_rows_of_the_csv_name_all_they_stand_under():
    rows = (
        Row("A"),
        Row("a", ("1",), 1),
        Row("b", ("2",), 2),
        Row("c", ("3",), 1),
        Row("d", ("4",)),
    )
    table = Table("t", "1", "T", (), ("X",), rows)
    assert tables.to_csv(table) == "block,row,X\nA,a,1\nA / a,b,2\nA,c,3\n,d,4\n"


def test_every_form_of_every_table_is_written(tmp_path):
    shown = made(tmp_path, everything(), VARIANT.restrict_to(OF_TABLES)).values()
    for table in shown:
        tables.write_table(table, tmp_path, HEAD)
    files = {path.name for path in (tmp_path / "tables").iterdir()}
    assert files == {f"t_{name}.{form}" for name in ORDER for form in ("csv", "html", "rtf")}
    before = {path: path.read_bytes() for path in (tmp_path / "tables").iterdir()}
    for table in shown:
        tables.write_table(table, tmp_path, HEAD)
    assert {path: path.read_bytes() for path in (tmp_path / "tables").iterdir()} == before
