"""Criteria of eligibility that are about the disease: I02 to I06, one object each.

Their columns are those of `durable.jdm.screening`, and what `durable.jdm.earlier_therapies` makes
of the therapies; their keys those of `durable.jdm.eligibility_keys`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable.criterion import Criterion
from durable.jdm.earlier_therapies import POSSIBLE, SURE
from durable.jdm.measures import ENZYMES
from durable.jdm.screening import (
    ANTIBODIES,
    FEATURES,
    MYOPATHY_ITEMS,
    NECROTIZING,
    NECROTIZING_ANTIBODIES,
    RO52,
    SKIN,
)
from durable.jdm.three_valued import all_met, any_met, at_least, count_met, equal_to
from durable.language import N_, _
from durable.windows import Days, days_recorded, has_lasted
from durable.wording import join_words, list_words

if TYPE_CHECKING:
    import pandas as pd

    from durable.jdm.eligibility_keys import DiseaseEligibility
    from durable.plan.eligibility import Eligibility

    #: Three values: 1 yes, 0 no, NaN unknown.
    Status = pd.Series[float]

_TRANSAMINASES = ("ast", "alt")
_ENZYME_COLUMNS = tuple(name for enzyme in ENZYMES.values() for name in (enzyme.column, enzyme.uln))
_ANTIBODY_COLUMNS = tuple(item.column for item in ANTIBODIES)
#: Outcomes and classes of therapies, as the rule in force names them.
_OUTCOMES = {
    "intolerant": N_("intolerant"),
    "unresponsive": N_("unresponsive"),
    "adequate": N_("adequate"),
    "inadequate": N_("inadequate"),
    "other": N_("other"),
}
THERAPY_CLASS_LABELS = {
    "gc": N_("glucocorticoids"),
    "immunosuppressant": N_("immunosuppressants"),
    "ivig": N_("intravenous immunoglobulin"),
    "biologic": N_("biologics"),
    "jak": N_("JAK inhibitors"),
    "antimalarial": N_("antimalarials"),
    "topical": N_("topical therapies"),
    "other": N_("other therapies"),
}
_FEATURE_COLUMNS = tuple(item.column for item in FEATURES)


def _exceeds_multiple(
    values: pd.Series[float], limits: pd.Series[float], multiple: float
) -> Status:
    """Whether values are above a multiple of their limits; exact for decimals as recorded."""
    excess = (values - multiple * limits).round(9)
    return (excess > 0).astype(float).where(excess.notna())


def _not(status: Status) -> Status:
    return 1.0 - status


def _enzyme_above(attempts: pd.DataFrame, name: str, multiple: float) -> Status:
    return _exceeds_multiple(attempts[name], attempts[ENZYMES[name].uln], multiple)


def _antibodies(attempts: pd.DataFrame, rules: Eligibility, criterion: str) -> Status:
    """Whether an antibody is positive that counts for a criterion."""
    counts_ro52 = criterion in rules.disease.ro52_counts
    names = (name for name in _ANTIBODY_COLUMNS if counts_ro52 or name != RO52)
    return any_met([equal_to(attempts[name], "POS") for name in names])


def _disease(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    """I02: at least so many of six items."""
    disease = rules.disease
    signs = {item.column: equal_to(attempts[item.column], "Y") for item in MYOPATHY_ITEMS}
    skin = [signs.pop(name) for name in SKIN]
    enzymes = [_enzyme_above(attempts, name, disease.enzyme_above_uln) for name in disease.enzymes]
    items = [
        *signs.values(),
        all_met(skin) if disease.skin == "both" else any_met(skin),
        any_met(enzymes),
        _antibodies(attempts, rules, "I02"),
    ]
    return count_met(items, disease.items_min)


def _refractory(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    """I03: treatment that failed, with a feature of severe disease."""
    failed = all_met([_glucocorticoids_failed(attempts, rules), _others_failed(attempts, rules)])
    if not rules.disease.needs_feature:
        return failed
    features = [equal_to(attempts[name], "Y") for name in _FEATURE_COLUMNS]
    return all_met([failed, any_met(features)])


def _glucocorticoids_failed(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    disease, anchor = rules.disease, days_recorded(attempts, "anchor")
    outcome = attempts["gc_outcome"]
    failed = outcome.isin(disease.glucocorticoid_outcomes).astype(float).where(outcome.notna())
    recorded, ongoing = days_recorded(attempts, "gc_end"), attempts["gc_end_left_empty"]
    end = recorded.or_else(Days(anchor.first.where(ongoing), anchor.last.where(ongoing)))
    start = days_recorded(attempts, "gc_start")
    long = has_lasted(start, end.not_after(anchor), disease.treatment_months, rules.month)
    high = at_least(attempts["gc_max_mg_kg"], disease.glucocorticoid_min_mg_kg)
    return all_met([failed, high, long])


def _others_failed(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    """Whether enough immunosuppressants failed, whatever is unknown of some."""
    needed = rules.disease.immunosuppressants_min
    sure, possible = attempts[SURE] >= needed, attempts[POSSIBLE] < needed
    return sure.astype(float).where(sure | possible)


def _antibody(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    """I04: a positive antibody."""
    return _antibodies(attempts, rules, "I04")


def _necrotizing(attempts: pd.DataFrame, _rules: Eligibility) -> Status:
    """I05: necrotizing myopathy with one of its antibodies."""
    positive = [equal_to(attempts[name], "POS") for name in NECROTIZING_ANTIBODIES]
    return all_met([any_met(positive), equal_to(attempts[NECROTIZING.column], "Y")])


def _without_necrotizing(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    """I02 to I04 apply unless I05 exempts from them."""
    necrotizing = _necrotizing(attempts, rules)
    if rules.disease.necrotizing_myopathy == "exempts":
        return _not(necrotizing)
    return necrotizing.where(necrotizing == 1, 1.0)


def _necrotizing_decides(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    """I05 applies to who has it; unknown, it does not matter where I02 to I04 are met."""
    necrotizing = _necrotizing(attempts, rules)
    others = (_disease, _refractory, _antibody)
    without = all_met([evaluate(attempts, rules) for evaluate in others])
    return necrotizing.mask(necrotizing.isna() & (without == 1), 0.0)


def _organs(attempts: pd.DataFrame, rules: Eligibility) -> Status:
    """I06: function of heart, kidneys, liver and lungs."""
    disease = rules.disease
    rate = attempts["egfr"].fillna(
        disease.schwartz_factor * attempts["height_cm"] / attempts["creatinine"]
    )
    return all_met(
        [
            at_least(attempts["lvef"], disease.lvef_min),
            equal_to(attempts["ecg_cs"], "N"),
            at_least(rate.round(9), disease.egfr_min),
            _transaminases(attempts, disease),
            _not(
                _exceeds_multiple(attempts["tbil"], attempts["tbil_uln"], disease.bilirubin_max_uln)
            ),
            at_least(attempts["spo2"], disease.spo2_min),
            equal_to(attempts["lung_normal"], "Y"),
        ]
    )


def _transaminases(attempts: pd.DataFrame, disease: DiseaseEligibility) -> Status:
    low = all_met(
        [
            _not(_enzyme_above(attempts, name, disease.transaminase_max_uln))
            for name in _TRANSAMINASES
        ]
    )
    if disease.transaminases == "judged":
        return low
    if disease.transaminases == "not_judged":
        return low.where(low == 1, 1.0)
    return any_met([low, _enzyme_above(attempts, "ck", 1.0)])


def _describe_disease(rules: Eligibility) -> str:
    disease = rules.disease
    skin = (
        _("heliotrope rash and Gottron signs")
        if disease.skin == "both"
        else _("heliotrope rash or Gottron signs")
    )
    enzymes = list_words([_(ENZYMES[name].label) for name in disease.enzymes], "or")
    antibodies = (
        _("a myositis antibody, anti-Ro-52 among them")
        if "I02" in disease.ro52_counts
        else _("a myositis-specific antibody")
    )
    return _(
        "at least {n} of: proximal weakness; {skin}; {enzymes} above {multiple:g} x ULN;"
        " {antibodies}; myopathic electromyogram; muscle biopsy"
    ).format(
        n=disease.items_min,
        skin=skin,
        enzymes=enzymes,
        multiple=disease.enzyme_above_uln,
        antibodies=antibodies,
    )


def _describe_refractory(rules: Eligibility) -> str:
    disease = rules.disease
    text = _(
        "glucocorticoids ({outcomes}) of at least {dose:g} mg/kg per day at their highest, for at"
        " least {months} months, and at least {n} of: {classes} ({failed})"
    ).format(
        outcomes=join_words([_(_OUTCOMES[name]) for name in disease.glucocorticoid_outcomes]),
        dose=disease.glucocorticoid_min_mg_kg,
        months=disease.treatment_months,
        n=disease.immunosuppressants_min,
        classes=join_words(
            [_(THERAPY_CLASS_LABELS[name]) for name in disease.immunosuppressant_classes]
        ),
        failed=join_words([_(_OUTCOMES[name]) for name in disease.immunosuppressant_outcomes]),
    )
    if disease.treatment_of == "each":
        text = _("{text}, each for as long").format(text=text)
    if not disease.needs_feature:
        return text
    return _("{text}; with a feature of severe disease").format(text=text)


def _describe_antibody(rules: Eligibility) -> str:
    if "I04" in rules.disease.ro52_counts:
        return _("any antibody, anti-Ro-52 among them")
    return _("any antibody but anti-Ro-52")


def _describe_necrotizing(rules: Eligibility) -> str:
    if rules.disease.necrotizing_myopathy == "exempts":
        return _("makes I02 to I04 not applicable")
    return _("leaves I02 to I04 in force")


def _describe_organs(rules: Eligibility) -> str:
    disease = rules.disease
    by_setting = {
        "judged": _("AST and ALT at most {multiple:g} x ULN"),
        "judged_unless_ck_high": _("AST and ALT at most {multiple:g} x ULN unless CK is above ULN"),
        "not_judged": _("AST and ALT not judged"),
    }
    transaminases = by_setting[disease.transaminases]
    return _(
        "LVEF at least {lvef:g}%, eGFR at least {egfr:g} mL/min/1.73 m2, {transaminases}, bilirubin"
        " at most {bilirubin:g} x ULN, SpO2 at least {spo2:g}%"
    ).format(
        lvef=disease.lvef_min,
        egfr=disease.egfr_min,
        transaminases=transaminases.format(multiple=disease.transaminase_max_uln),
        bilirubin=disease.bilirubin_max_uln,
        spo2=disease.spo2_min,
    )


def _keys(*names: str) -> tuple[str, ...]:
    return tuple(f"disease.{name}" for name in names)


DISEASE_CRITERIA = (
    Criterion(
        id="I02",
        text=N_("Dermatomyositis by its six items"),
        reads=(
            *(item.column for item in MYOPATHY_ITEMS),
            *(*_ENZYME_COLUMNS, *_ANTIBODY_COLUMNS),
        ),
        evaluate=_disease,
        keys=_keys("items_min", "skin", "enzymes", "enzyme_above_uln", "ro52_counts"),
        describe=_describe_disease,
        applies=_without_necrotizing,
    ),
    Criterion(
        id="I03",
        text=N_("Refractory disease"),
        reads=(
            *("gc_start", "gc_end", "gc_max_mg_kg", "gc_outcome", SURE, POSSIBLE),
            *_FEATURE_COLUMNS,
        ),
        evaluate=_refractory,
        keys=(
            "anchor",
            "month",
            *_keys("glucocorticoid_outcomes", "glucocorticoid_min_mg_kg", "treatment_months"),
            *_keys("treatment_of", "glucocorticoid_from_therapies", "immunosuppressants_min"),
            *_keys("immunosuppressant_classes", "immunosuppressant_outcomes", "needs_feature"),
        ),
        describe=_describe_refractory,
        applies=_without_necrotizing,
    ),
    Criterion(
        id="I04",
        text=N_("A positive myositis-specific antibody"),
        reads=_ANTIBODY_COLUMNS,
        evaluate=_antibody,
        keys=_keys("ro52_counts"),
        describe=_describe_antibody,
        applies=_without_necrotizing,
    ),
    Criterion(
        id="I05",
        text=N_("Immune-mediated necrotizing myopathy with anti-SRP or anti-HMGCR (alternative)"),
        reads=(NECROTIZING.column, *NECROTIZING_ANTIBODIES),
        evaluate=_necrotizing,
        keys=_keys("necrotizing_myopathy"),
        describe=_describe_necrotizing,
        applies=_necrotizing_decides,
    ),
    Criterion(
        id="I06",
        text=N_("Function of heart, kidneys, liver and lungs"),
        reads=(
            *("lvef", "ecg_cs", "egfr", "height_cm", "creatinine"),
            *(f"{name}{end}" for name in _TRANSAMINASES for end in ("", "_uln")),
            *("tbil", "tbil_uln", "spo2", "lung_normal"),
        ),
        evaluate=_organs,
        keys=_keys(
            *("lvef_min", "egfr_min", "schwartz_factor", "transaminases"),
            *("transaminase_max_uln", "bilirubin_max_uln", "spo2_min"),
        ),
        describe=_describe_organs,
    ),
)
