"""Remission: the rules that decide whether an assessment shows it, and their section of the plan.

Each rule is one object of `REMISSION_RULES`. The values of ``response.remission.rule`` with their
description in the JSON Schema and in config/README.md, the columns that a study has to record, the
status of each assessment, the footnotes and the table in docs/derivation.md are made from it: a new
rule is its object here and, where it has a limit of its own, a key of `Remission`.

Light to import: the workflow reads the plan with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from durable.jdm.three_valued import all_met, at_least, at_most, count_met, equal_to
from durable.language import N_, Text, _
from durable.sections import Days, NotNegative, Positive, Score, Section
from durable.wording import join_words, options

if TYPE_CHECKING:
    import pandas as pd

    #: Three values: 1 yes, 0 no, NaN unknown.
    Status = pd.Series[float]


class Criteria(Section):
    """Items of clinically inactive disease (Lazarevic 2013)."""

    ck_max: Positive = 150.0
    """Creatine kinase at most, U/L."""
    cmas_min: Positive = 48.0
    """CMAS at least."""
    mmt8_min: Positive = 78.0
    """MMT8 at least (scale of 80)."""
    physician_global_max: NotNegative = 0.2
    """Physician global at most."""
    at_least: Annotated[int, Field(ge=1, le=4)] = 3
    """How many of the four items must be met."""


@dataclass(frozen=True)
class Item:
    """An item of clinically inactive disease: a measure within its limit."""

    column: str
    """Column of visits."""
    label: str
    paramcd: str
    """Parameter of ADRS that holds the status of the item."""
    bound: Literal["at most", "at least"]
    limit: str
    """Key of `Criteria`."""
    unit: str = ""

    @property
    def status(self) -> str:
        """Column of the assessments that holds the status of the item."""
        return f"item_{self.column}"

    def evaluate(self, assessments: pd.DataFrame, criteria: Criteria) -> Status:
        """Whether the item is met at each assessment: 1, 0, NaN where its measure is missing."""
        compare = at_most if self.bound == "at most" else at_least
        return compare(assessments[self.column], getattr(criteria, self.limit))

    def describe(self, criteria: Criteria) -> str:
        """The item and its limit in force: ``CMAS at least 48``."""
        form = (
            _("{label} at most {limit}")
            if self.bound == "at most"
            else _("{label} at least {limit}")
        )
        limit = f"{getattr(criteria, self.limit):g}{self.unit}"
        return form.format(label=_(self.label), limit=limit)


ITEMS = (
    Item("ck", "CK", "REMCK", "at most", "ck_max", " U/L"),
    Item("cmas", "CMAS", "REMCMAS", "at least", "cmas_min"),
    Item("mmt8", "MMT8", "REMMMT8", "at least", "mmt8_min"),
    Item("physician_global", N_("physician global"), "REMPHYS", "at most", "physician_global_max"),
)


@dataclass(frozen=True)
class RemissionRule:
    """A rule by which an assessment shows remission, or does not, or leaves it unknown."""

    name: str
    """Value of ``response.remission.rule``."""
    summary: str
    """What the rule is, for the reference of the configuration; marked for translation."""
    keys: tuple[str, ...]
    """Keys of `Remission` that hold its limits."""
    columns: tuple[str, ...]
    """Columns of visits that it reads."""
    evaluate: Callable[[pd.DataFrame, Remission], Status]
    """Status by assessment: 1 remission, 0 none, NaN unknown.

    Of the assessments it may read `columns`, the items' status, and ``tis`` where `reads_score`.
    """
    describe: Callable[[Remission], str]
    """The rule with its limits in force, for footnotes."""
    reads_score: bool = False
    """Whether it reads the Total Improvement Score."""
    inactive_disease: bool = False
    """Whether what it shows is clinically inactive disease, and so is called that."""


def _with_items(form: str, remission: Remission) -> str:
    """A description with places for the items and for how many of them must be met."""
    criteria = remission.criteria
    items = join_words([item.describe(criteria) for item in ITEMS])
    return form.format(n=criteria.at_least, items=items)


def _printo(assessments: pd.DataFrame, remission: Remission) -> Status:
    criteria = remission.criteria
    return count_met([item.evaluate(assessments, criteria) for item in ITEMS], criteria.at_least)


def _modified_printo(assessments: pd.DataFrame, remission: Remission) -> Status:
    """At least so many items, the physician global among them."""
    criteria = remission.criteria
    *others, physician_global = (item.evaluate(assessments, criteria) for item in ITEMS)
    return all_met([physician_global, count_met(others, criteria.at_least - 1)])


def _registry(rules: Sequence[RemissionRule]) -> Mapping[str, RemissionRule]:
    """The rules by name, each once."""
    by_name = {rule.name: rule for rule in rules}
    if len(by_name) < len(rules):
        raise ValueError("two remission rules of one name")
    return by_name


#: The rules by name, in the order of the configuration's reference.
REMISSION_RULES: Mapping[str, RemissionRule] = _registry(
    [
        RemissionRule(
            name="printo",
            summary=N_("PRINTO criteria of clinically inactive disease (Lazarevic 2013)"),
            keys=("criteria",),
            inactive_disease=True,
            columns=tuple(item.column for item in ITEMS),
            evaluate=_printo,
            describe=lambda remission: _with_items(
                _("PRINTO criteria (Lazarevic 2013), at least {n} of: {items}"), remission
            ),
        ),
        # Almeida et al. 2015: rash persists at most visits that meet the rule without this item.
        RemissionRule(
            name="modified_printo",
            summary=N_("PRINTO criteria, the physician global mandatory (Almeida 2015)"),
            keys=("criteria",),
            inactive_disease=True,
            columns=tuple(item.column for item in ITEMS),
            evaluate=_modified_printo,
            describe=lambda remission: _with_items(
                _(
                    "modified PRINTO criteria (Almeida 2015), at least {n} of: {items}, always"
                    " including the physician global"
                ),
                remission,
            ),
        ),
        RemissionRule(
            name="jdmai1",
            summary=N_("recorded JDMAI1 at most its limit"),
            keys=("jdmai1_max",),
            inactive_disease=True,
            columns=("jdmai1",),
            evaluate=lambda assessments, remission: at_most(
                assessments["jdmai1"], remission.jdmai1_max
            ),
            describe=lambda remission: _("JDMAI1 of at most {limit:g}").format(
                limit=remission.jdmai1_max
            ),
        ),
        RemissionRule(
            name="jdmai2",
            summary=N_("recorded JDMAI2 at most its limit"),
            keys=("jdmai2_max",),
            inactive_disease=True,
            columns=("jdmai2",),
            evaluate=lambda assessments, remission: at_most(
                assessments["jdmai2"], remission.jdmai2_max
            ),
            describe=lambda remission: _("JDMAI2 of at most {limit:g}").format(
                limit=remission.jdmai2_max
            ),
        ),
        RemissionRule(
            name="tis",
            summary=N_("Total Improvement Score at least its limit"),
            keys=("tis_min",),
            columns=(),
            reads_score=True,
            evaluate=lambda assessments, remission: at_least(assessments["tis"], remission.tis_min),
            describe=lambda remission: _("Total Improvement Score of at least {limit:g}").format(
                limit=remission.tis_min
            ),
        ),
        # Six continuous months belong to it: `held_days`.
        RemissionRule(
            name="clinical_remission",
            summary=N_(
                "CMAS and physician global at their best, with held_days 183 PRINTO's clinical"
                " remission (Ruperto 2016)"
            ),
            keys=("clinical_cmas_min", "clinical_physician_max"),
            columns=("cmas", "physician_global"),
            evaluate=lambda assessments, remission: all_met(
                [
                    at_least(assessments["cmas"], remission.clinical_cmas_min),
                    at_most(assessments["physician_global"], remission.clinical_physician_max),
                ]
            ),
            describe=lambda remission: _(
                "CMAS of at least {cmas:g} and physician global of at most {physician:g} (as in"
                " clinical remission of PRINTO, Ruperto 2016)"
            ).format(
                cmas=remission.clinical_cmas_min,
                physician=remission.clinical_physician_max,
            ),
        ),
        RemissionRule(
            name="investigator",
            summary=N_("as recorded by the investigator"),
            keys=(),
            columns=("investigator_assessment",),
            evaluate=lambda assessments, _remission: equal_to(
                assessments["investigator_assessment"], "remission"
            ),
            describe=lambda _remission: _("as recorded by the investigator"),
        ),
    ]
)

if TYPE_CHECKING:
    RuleName = str
else:
    RuleName = Literal[tuple(REMISSION_RULES)]


class Remission(Section):
    """Remission: the response from which duration is counted."""

    rule: RuleName = Field(
        "modified_printo",
        description=Text(
            N_("{rules}."),
            rules=options({rule.name: rule.summary for rule in REMISSION_RULES.values()}),
        ),
    )
    criteria: Criteria = Criteria()
    """Items of the printo and modified_printo rules."""
    jdmai1_max: NotNegative = 2.4
    """JDMAI1 of inactive disease, at most."""
    jdmai2_max: NotNegative = 5.2
    """JDMAI2 of inactive disease, at most."""
    tis_min: Score = 70.0
    """Total Improvement Score of the tis rule, at least."""
    clinical_cmas_min: Positive = 52.0
    """CMAS of the clinical_remission rule, at least: its best value (Ruperto 2016)."""
    clinical_physician_max: NotNegative = 0.0
    """Physician global of the clinical_remission rule, at most (Ruperto 2016)."""
    confirmation: bool = False
    """Whether remission must hold at the next assessment too; dated at the first."""
    held_days: Days = 0
    """Days for which every assessment with a known status must have shown remission until it is
    credited, at the assessment that reaches them; 0: at the first, 183: six months."""
    glucocorticoid_max_mg_kg: NotNegative | None = None
    """Remission only at or below this glucocorticoid dose, mg/kg; empty: any dose."""
    immunosuppressant_free: bool = False
    """Remission only off immunosuppressants."""

    @property
    def definition(self) -> RemissionRule:
        """The rule in force."""
        return REMISSION_RULES[self.rule]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions in force."""
        return tuple(condition for condition in CONDITIONS if condition.in_force(self))

    @property
    def columns(self) -> dict[str, str]:
        """By column of visits that decides, the key of this section that makes it needed."""
        by_rule = dict.fromkeys(self.definition.columns, f"rule ({self.rule})")
        return by_rule | {condition.column: condition.key for condition in self.conditions}

    def evaluate(self, assessments: pd.DataFrame) -> Status:
        """Status by assessment, by the rule and the conditions in force: 1, 0, NaN unknown."""
        status = self.definition.evaluate(assessments, self)
        return all_met([status, *(one.evaluate(assessments, self) for one in self.conditions)])

    def describe(self) -> str:
        """The rule and the conditions in force, for footnotes."""
        described = self.definition.describe(self)
        if self.confirmation:
            described = _("{rule}, confirmed at the next assessment").format(rule=described)
        if self.held_days:
            described = _("{rule}, shown for at least {days} days, from the end of them").format(
                rule=described, days=self.held_days
            )
        for condition in self.conditions:
            described = _("{rule}, {condition}").format(
                rule=described, condition=condition.describe(self)
            )
        return described


@dataclass(frozen=True)
class Condition:
    """A condition on the treatment under which a remission counts."""

    key: str
    """Key of `Remission` that puts it in force."""
    column: str
    """Column of visits that it reads."""
    in_force: Callable[[Remission], bool]
    evaluate: Callable[[pd.DataFrame, Remission], Status]
    describe: Callable[[Remission], str]


CONDITIONS = (
    Condition(
        key="glucocorticoid_max_mg_kg",
        column="glucocorticoid_mg_kg",
        in_force=lambda remission: remission.glucocorticoid_max_mg_kg is not None,
        evaluate=lambda assessments, remission: at_most(
            assessments["glucocorticoid_mg_kg"], remission.glucocorticoid_max_mg_kg or 0.0
        ),
        describe=lambda remission: _("with at most {dose:g} mg/kg of glucocorticoid").format(
            dose=remission.glucocorticoid_max_mg_kg
        ),
    ),
    Condition(
        key="immunosuppressant_free",
        column="immunosuppressant",
        in_force=lambda remission: remission.immunosuppressant_free,
        evaluate=lambda assessments, _remission: equal_to(assessments["immunosuppressant"], "N"),
        describe=lambda _remission: _("off immunosuppressants"),
    ),
)

for _rule in REMISSION_RULES.values():
    if not set(_rule.keys) <= set(Remission.model_fields):
        raise ValueError(f"remission rule {_rule.name}: keys that the section does not have")
