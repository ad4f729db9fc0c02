"""What the programs that compute the main tables again need of the plan.

A program is a fixed file of ``templates/`` (R or SAS), into which its parameters are printed. They
are the same in either language: `settings_of` names them, `r_programs` and `sas_programs` print
them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files

from durable.derive.endpoints import STANDARD_ENDPOINTS
from durable.jdm.measures import COMPONENTS
from durable.jdm.parameters import SCORE, SCORE_ENZYME_MAXIMUM, SCORE_ENZYME_ZERO
from durable.plan import Plan
from durable.vocabulary import MISSING, window_flag

Scalar = str | float
Texts = Mapping[str, str]
#: A scalar, several, texts by name, or texts by name for each endpoint (its code the key).
Value = Scalar | tuple[Scalar, ...] | Texts | Mapping[str, Texts]

#: Line of a template that the parameters take.
MARK = "@PARAMETERS@"


@dataclass(frozen=True)
class Language:
    """A language of the programs.

    Attributes
    ----------
    delivery
        Name of the delivery that writes the programs.
    folder
        Folder of the templates, and of the programs in ``export/``.
    suffix
        Ending of the name of a program, without a point.
    context
        Software that runs the programs.
    """

    delivery: str
    folder: str
    suffix: str
    context: str

    def file(self, table: str) -> str:
        """File name of the program of a table, ``t_dor.R``; ``compare``: what they share."""
        return f"{table}.{self.suffix}"

    def template(self, table: str) -> str:
        """The fixed text of the program of a table, with the line MARK for its parameters.

        ``compare``: the text that the programs share.

        Raises
        ------
        FileNotFoundError
            For a table without a program.
        """
        path = files(__package__) / "templates" / self.folder / self.file(table)
        return path.read_text(encoding="utf-8")


R = Language("r-programs", "r", "R", "R 4 with the packages foreign and survival")
SAS = Language("sas-programs", "sas", "sas", "SAS 9.4")
#: The first of them that is delivered stands in the analysis results.
LANGUAGES = (R, SAS)
#: What the program of a table computes.
METHODS = {
    "t_improvement": "Subjects improved, of the denominator by the rule for missing assessments;"
    " limits by Clopper and Pearson, Wilson, and Jeffreys; posterior of the Beta prior.",
    "t_dor": "Kaplan-Meier estimate with Greenwood's variance; limits of quantiles by inversion of"
    " the pointwise limits (Brookmeyer and Crowley); follow-up by reverse Kaplan-Meier; restricted"
    " mean.",
    "t_ae_soc_pt": "Subjects with an event, counted once a row at the worst grade; exact one-sided"
    " upper limit where no subject has an event.",
    "t_kinetics": "Descriptive statistics of the subjects' parameters; geometric mean and"
    " coefficient of variation, not estimable where cells were never detected in a subject.",
}


@dataclass(frozen=True)
class Setting:
    """A parameter of a program.

    Attributes
    ----------
    name
        In lower case, with underscores.
    value
        A number or a text, several of them, texts by name, or texts by name for each endpoint.
    about
        Description, after the key of the plan where it is one: ``statistics.conf_level: ...``.
    """

    name: str
    value: Value
    about: str


def settings_of(table: str, plan: Plan) -> list[Setting]:
    """The parameters of the program of a table, ``groups`` first.

    Raises
    ------
    KeyError
        For a table without a program.
    """
    groups: dict[str, str] = {group.name: group.variable for group in plan.group_variables}
    return [
        Setting("groups", groups, "groups: columns of the table, and their variables in ADSL"),
        *_SETTINGS[table](plan),
    ]


def heading(plan: Plan) -> str:
    """Study, analysis and data cut-off in a line: ``S-1, analysis interim, data cut-off ...``."""
    analysis = plan.analysis
    return f"{plan.study.id}, analysis {analysis.id}, data cut-off {analysis.data_cutoff}"


def _conf_level(plan: Plan) -> Setting:
    level = plan.statistics.conf_level
    return Setting("conf_level", level, "statistics.conf_level: confidence level of the intervals")


def _improvement(plan: Plan) -> list[Setting]:
    improvement, prior = plan.response.improvement, plan.statistics.beta_prior
    other_scores = {"enzyme_zero": SCORE_ENZYME_ZERO, "enzyme_maximum": SCORE_ENZYME_MAXIMUM}
    changes = {name: f"{component.paramcd}PC" for name, component in COMPONENTS.items()}
    return [
        Setting("visits", improvement.visits, "response.improvement.visits"),
        Setting(
            "missing",
            improvement.missing,
            "response.improvement.missing: subjects without an assessment",
        ),
        Setting(
            "least_score",
            improvement.least_score,
            f"response.improvement.thresholds.{improvement.level}: least score that is improvement",
        ),
        Setting(
            "new_therapy",
            plan.response.new_therapy.improvement,
            "response.new_therapy.improvement: strategy for new systemic therapy",
        ),
        _conf_level(plan),
        Setting("prior_a", prior.a, "statistics.beta_prior.a: prior Beta(a, b) of the rate"),
        Setting("prior_b", prior.b, "statistics.beta_prior.b"),
        Setting("score", SCORE.paramcd, f"PARAMCD of the {SCORE.label}"),
        Setting("score_name", SCORE.column, "name of the score in the statistics"),
        Setting(
            "other_scores",
            {name: parameter.paramcd for name, parameter in other_scores.items()},
            "PARAMCD of the score with one component fixed",
        ),
        Setting("changes", changes, "PARAMCD of the percent change of each measure"),
        Setting("missing_reasons", MISSING, "ADRS.REASON of a status that is not known"),
    ]


def _time_to_event(plan: Plan) -> list[Setting]:
    statistics = plan.statistics
    deadline = plan.response.deadline(plan.schedule).visit
    already = tuple(e.code for e in STANDARD_ENDPOINTS if e.counts_baseline_remission)
    return [
        _conf_level(plan),
        Setting("km_ci", statistics.km_ci, "statistics.km_ci: scale of the pointwise limits"),
        Setting(
            "quantile_rule",
            statistics.quantile_rule,
            "statistics.quantile_rule: quantiles as survfit (r) or PROC LIFETEST (sas)",
        ),
        Setting(
            "landmarks_months",
            statistics.landmarks_months,
            "statistics.landmarks_months: months of the event-free rates",
        ),
        Setting(
            "landmark_tolerance_days",
            statistics.landmark_tolerance_days,
            "statistics.landmark_tolerance_days: a rate is that of the last time so far before it",
        ),
        Setting(
            "rmst_months",
            statistics.rmst_months,
            "statistics.rmst_months: horizon of the restricted mean",
        ),
        Setting(
            "days_per_month",
            statistics.days_per_month,
            "statistics.days_per_month: AVAL is in days",
        ),
        Setting("counts_baseline_remission", already, "endpoints with a row for BLREMFL"),
        Setting(
            "events",
            {e.code: e.event_descriptions(deadline) for e in STANDARD_ENDPOINTS},
            "ADTTE.EVNTDESC of each kind of event (CNSR 0)",
        ),
        Setting(
            "censorings",
            {e.code: e.reasons for e in STANDARD_ENDPOINTS},
            "ADTTE.EVNTDESC of each reason for censoring (CNSR above 0)",
        ),
    ]


def _adverse_events(plan: Plan) -> list[Setting]:
    windows = {f"D{days}": window_flag(days) for days in plan.safety.windows_days}
    about = "safety.windows_days: windows of the table, and their flags in ADAE"
    return [_conf_level(plan), Setting("windows", windows | {"ALL": "TRTEMFL"}, about)]


_SETTINGS: Mapping[str, Callable[[Plan], list[Setting]]] = {
    "t_improvement": _improvement,
    "t_dor": _time_to_event,
    "t_ae_soc_pt": _adverse_events,
    "t_kinetics": lambda _: [],
}
