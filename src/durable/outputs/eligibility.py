"""``t_eligibility``: the criteria of eligibility, by the data and by the site."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from durable.contracts.results import Statistic
from durable.criterion import MET, NOT_MET, UNKNOWN
from durable.eligibility import CRITERIA
from durable.language import N_, _
from durable.outputs.ard import TableResults
from durable.outputs.cells import count, count_percent
from durable.outputs.datasets import AnalysisDatasets
from durable.outputs.groups import Estimates, groups, of_parameter
from durable.outputs.output import ENROLLED_SET, ColumnEstimates, Output, OutputTable, Size
from durable.outputs.quantities import count_with_percent
from durable.outputs.table import Line, Row, Rows
from durable.plan import Plan
from durable.vocabulary import DATA_ONLY_FULFILLED, NOT_ANSWERED, SITE_ONLY_FULFILLED

_N_PERCENT = count_percent("n", "percent")
#: Rows of the subjects by their eligibility (ADSL.ELIGFL, empty where it is unknown).
_ELIGIBILITY = {
    MET: N_("Eligible"),
    NOT_MET: N_("Not eligible: a criterion violated"),
    UNKNOWN: N_("Undetermined: a criterion unknown, none violated"),
}
#: What is counted of each criterion, with the row of the supplementary table.
_VIOLATED = "VIOLATED"
_BY_CRITERION = {
    _VIOLATED: N_("Violated"),
    "UNKNOWN": N_("Not decided by the data"),
    "DISAGREES": N_("Site and data differ"),
    "NOT_ANSWERED": N_("Not answered by the site"),
}


def _results(datasets: AnalysisDatasets, plan: Plan) -> ColumnEstimates:
    adsl, adie = datasets.adsl, datasets.require("adie")
    records = adie.loc[adie["ANL01FL"] == "Y"]
    for group in groups(adsl, plan.group_variables, "ENRLFL"):
        yield group, _estimates(group.select(adsl), group.select(records))


def _estimates(adsl: pd.DataFrame, records: pd.DataFrame) -> Estimates:
    """Counts of the subjects of a column, and of their criteria.

    Parameters
    ----------
    adsl
        Subject-level dataset of the enrolled.
    records
        Records of ADIE of the attempt that counts.
    """
    screened = adsl.loc[adsl["USUBJID"].isin(records["USUBJID"])]
    yield ("SCREENED",), Statistic("n", len(screened))
    yield from _eligibility_counts("ELIGIBILITY", screened)
    infused = adsl.loc[adsl["SAFFL"] == "Y"]
    yield ("INFUSED",), Statistic("n", len(infused))
    yield from _eligibility_counts("INFUSED", infused)
    by_site = eligible_by_site(screened, records)
    yield from of_parameter(("BY_SITE",), count_with_percent(by_site, len(screened)))
    waived = records.loc[(records["IEWAIVER"] == "Y"), "USUBJID"].nunique()
    yield from of_parameter(("WAIVED",), count_with_percent(waived, len(screened)))
    conditions = {
        _VIOLATED: records["VIOLFL"] == "Y",
        "UNKNOWN": records["AVALC"] == UNKNOWN,
        "DISAGREES": records["AGREE"].isin([SITE_ONLY_FULFILLED, DATA_ONLY_FULFILLED]),
        "NOT_ANSWERED": records["AGREE"] == NOT_ANSWERED,
    }
    for name, condition in conditions.items():
        numbers = condition.groupby(records["IETESTCD"]).sum()
        for criterion in CRITERIA:
            subjects = int(numbers.get(criterion.id, 0))
            counts = count_with_percent(subjects, len(screened))
            yield from of_parameter((name, criterion.id), counts)


def eligible_by_site(screened: pd.DataFrame, records: pd.DataFrame) -> int:
    """Number of eligible subjects (ELIGFL is Y) with a criterion that the data do not decide.

    Parameters
    ----------
    screened
        Their records of ADSL.
    records
        Their records of ADIE, of the attempt that counts.
    """
    eligible = screened.loc[screened["ELIGFL"] == MET, "USUBJID"]
    left_open = records.loc[records["AVALC"] == UNKNOWN, "USUBJID"]
    return int(eligible.isin(left_open).sum())


def _eligibility_counts(name: str, subjects: pd.DataFrame) -> Estimates:
    answers = subjects["ELIGFL"].fillna(UNKNOWN)
    for answer in _ELIGIBILITY:
        number = int((answers == answer).sum())
        yield from of_parameter((name, answer), count_with_percent(number, len(subjects)))


def _table(results: TableResults, _plan: Plan) -> Rows:
    yield from results.rows(("SCREENED",), Line(_("Screened"), count("n"), 0))
    yield from _eligibility_rows(results, "ELIGIBILITY")
    by_site = Line(_("Eligible with a criterion that the site alone answers"), _N_PERCENT)
    yield from results.rows(("BY_SITE",), by_site)
    yield from results.rows(("INFUSED",), Line(_("Infused (Safety Analysis Set)"), count("n"), 0))
    yield from _eligibility_rows(results, "INFUSED")
    waived = Line(_("With a criterion waived by the sponsor"), _N_PERCENT, 0, unless_zero=True)
    yield from results.rows(("WAIVED",), waived)
    violated = [row for criterion in CRITERIA for row in _criterion_row(results, criterion.id)]
    yield Row(_("Criterion violated"))
    yield from violated or [results.empty(_("None"), indent=1)]


def _eligibility_rows(results: TableResults, name: str) -> Rows:
    for answer, label in _ELIGIBILITY.items():
        yield from results.rows((name, answer), Line(_(label), _N_PERCENT))


def _criterion_row(results: TableResults, criterion: str) -> Rows:
    line = Line(_name(criterion), _N_PERCENT, unless_zero=True)
    return results.rows((_VIOLATED, criterion), line)


def _name(criterion: str) -> str:
    (text,) = (one.text for one in CRITERIA if one.id == criterion)
    return _("{criterion}: {text}").format(criterion=criterion, text=_(text))


def _supplement(results: TableResults, _plan: Plan) -> Rows:
    """Every criterion of which anything is counted."""
    for criterion in CRITERIA:
        rows = [
            row
            for name, label in _BY_CRITERION.items()
            for row in results.rows(
                (name, criterion.id), Line(_(label), _N_PERCENT, unless_zero=True)
            )
        ]
        if rows:
            yield Row(_name(criterion.id))
            yield from rows


_PERCENTAGES = N_(
    "Percentages are of the screened subjects; below the infused, of the infused subjects."
)


def _footnotes(plan: Plan) -> Iterator[str]:
    rules = plan.eligibility
    yield _(_PERCENTAGES)
    yield (
        _("Where the data do not decide a criterion, the answer of the site stands.")
        if rules.undetermined == "recorded"
        else _("A criterion that the data do not decide is unknown, whatever the site answers.")
    )
    yield (
        _("The last screening attempt that began by the day of infusion counts.")
        if rules.attempt == "last"
        else _("The first screening attempt counts.")
    )
    if rules.waived == "violation":
        yield _("A violated criterion that is waived counts as violated.")
    else:
        yield _("A violated criterion that is waived does not count as violated.")
    yield _("Criteria of which nobody is counted in any column are left out.")


def _supplementary_footnotes(_plan: Plan) -> Iterator[str]:
    yield _("Percentages are of the screened subjects.")
    yield _("Not applicable counts as fulfilled where the answers of site and data are compared.")
    yield _("Criteria of which nobody is counted in any column are left out.")


OUTPUT = Output(
    name="t_eligibility",
    analysis_set=ENROLLED_SET,
    datasets="ADSL, ADIE",
    variables={
        "ADSL": ("ENRLFL", "SAFFL", "ELIGFL"),
        "ADIE": ("IETESTCD", "IECAT", "IEORRES", "AGREE", "ANSWER", "VIOLFL", "ANL01FL"),
    },
    results=_results,
    tables=(
        OutputTable(
            name="t_eligibility",
            heading=N_("Eligibility of subjects"),
            size=Size(("SCREENED",), "n"),
            rows=_table,
            footnotes=_footnotes,
            defined=("Eligibility",),
        ),
        OutputTable(
            name="t_eligibility_s",
            heading=N_("Criteria of eligibility: violated, not decided, or differing"),
            size=Size(("SCREENED",), "n"),
            rows=_supplement,
            footnotes=_supplementary_footnotes,
            defined=("Eligibility",),
        ),
    ),
)
