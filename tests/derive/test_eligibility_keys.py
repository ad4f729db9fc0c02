"""Each key of the section eligibility changes exactly what it says, and nothing else."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from durable.derive.eligibility import (
    eligibility_of_subjects,
    evaluate,
    of_eligible,
    with_eligibility,
)
from durable.eligibility import CRITERION_BY_ID
from durable.jdm.eligibility_keys import DiseaseEligibility
from durable.plan.eligibility import Eligibility
from tests.derive.screened import SCREENED, THERAPIES, answers, rules, study, table

Y, N, U, NA = "Y", "N", "U", "NA"
MTX, CSA = THERAPIES
SKIN = {"skin_gottron": "N"}
#: A child whose glucocorticoids stand in the therapies alone.
BY_THERAPIES = {
    "gc_start": None,
    "gc_max_mg_kg": None,
    "therapies": [
        *THERAPIES,
        {"therapy": "prednisolone", "class": "gc", "start_date": "2023-07-01", "dose": 2},
    ],
}
#: Key with its value, what differs in the child, and by criterion the answer without and with it.
CHANGES: list[tuple[dict[str, Any], dict[str, Any], dict[str, tuple[str, str]]]] = [
    # Consent is on 2024-06-10: 28 days before is 2024-05-13.
    ({"anchor": "consent"}, {"live_vaccine_date": "2024-05-14"}, {"E11": (N, Y)}),
    ({"anchor": "consent"}, {"live_vaccine_date": "2024-06-12"}, {"E11": (Y, N)}),
    ({"age_at": "consent"}, {"birth_date": "2019-06-12"}, {"I01": (Y, N)}),
    ({"age_at": "infusion"}, {"birth_date": "2007-07-20"}, {"I01": (Y, N)}),
    ({"age_from": 6}, {"birth_date": "2018-07-01"}, {"I01": (Y, N)}),
    ({"age_below": 18}, {"birth_date": "2007-06-15"}, {"I01": (N, Y)}),
    # Six months of 30 days before 2024-06-15: 2023-12-18; three: 2024-03-17.
    ({"month": "days"}, {"ami_date": "2023-12-17"}, {"E06": (Y, N)}),
    ({"month": "days"}, {"sot_hsct_date": "2024-03-16"}, {"E09": (Y, N)}),
    ({"month": "days"}, {"gc_start": "2023-12-18"}, {"I03": (N, Y)}),
    ({"boundary": "open"}, {"live_vaccine_date": "2024-05-18"}, {"E11": (Y, N)}),
    ({"boundary": "open"}, {"live_vaccine_date": "2024-05-19"}, {}),
    (
        {"empty_date": "unknown"},
        {},
        {"E06": (N, U), "E09": (N, U), "E11": (N, U), "E14": (N, U)},
    ),
    ({"visit": "BASELINE"}, {"visit.ast": 121, "visit.ast_uln": 40}, {"I06": (N, Y)}),
    (
        {"visit_days": 5},
        {"visit.ast": 121, "visit.ast_uln": 40, "visit.visit_date": "2024-06-21"},
        {"I06": (N, Y)},
    ),
    ({"laboratory": "screening"}, {"visit.ast": 121, "visit.ast_uln": 40}, {"I06": (N, Y)}),
    (
        {"pregnancy_test": "any"},
        {
            "childbearing": "Y",
            "contraception_agreed": "Y",
            "blood_hcg": "NEG",
            "urine_hcg": "NEG",
            "urine_hcg_date": "2024-06-14",
        },
        {"I08": (N, Y)},
    ),
    (
        {"childbearing_from": 12},
        {"childbearing": None},
        {"I08": (U, NA), "E12": (U, NA)},  # a girl of 10
    ),
    (
        {"childbearing_from": 10},
        {"childbearing": None, "subject.sex": "M"},
        {"I08": (U, NA), "E12": (U, NA)},
    ),
    ({"assent_from": 11}, {"assent_date": None}, {"I09": (U, Y)}),
    ({"infarction_months": 7}, {"ami_date": "2023-11-15"}, {"E06": (N, Y)}),
    (
        {"infection_days": 8},
        {"infection_systemic_last_date": "2024-06-07", "infection_controlled": "N"},
        {"E08": (N, Y)},
    ),
    ({"infection": "recent"}, {"infection_systemic_last_date": "2024-06-08"}, {"E08": (N, Y)}),
    (
        {"infection": "uncontrolled"},
        {"infection_systemic_last_date": "2024-01-01", "infection_controlled": "N"},
        {"E08": (N, Y)},
    ),
    ({"transplant_months": 4}, {"sot_hsct_date": "2024-02-15"}, {"E09": (N, Y)}),
    ({"gvhd_days": 15}, {"agvhd_date": "2024-05-31", "agvhd_grade": 2}, {"E09": (N, Y)}),
    ({"gvhd_grade": 1}, {"agvhd_date": "2024-06-10", "agvhd_grade": 1}, {"E09": (N, Y)}),
    ({"gvhd_scale": "MAGIC"}, {"agvhd_date": "2024-06-10", "agvhd_grade": 1}, {}),
    ({"hepatitis_b": "antibody"}, {"hbcab": "POS"}, {"E10": (U, Y)}),
    ({"hepatitis_c": "antibody"}, {"hcv_ab": "POS"}, {"E10": (U, Y)}),
    ({"vaccine_days": 29}, {"live_vaccine_date": "2024-05-17"}, {"E11": (N, Y)}),
    (
        {"cured_carcinoma": ["E05", "E13"]},
        {"malignancy": "Y", "malignancy_bcc_cured": "Y"},
        {"E13": (Y, N)},
    ),
    (
        {"cured_carcinoma": []},
        {"malignancy": "Y", "malignancy_bcc_cured": "Y"},
        {"E05": (N, Y)},
    ),
    ({"enrolment": "consent"}, {"other_trial_last_date": "2024-03-15"}, {"E14": (N, Y)}),
    ({"enrolment": "lymphodepletion"}, {"other_trial_last_date": "2024-04-10"}, {"E14": (Y, N)}),
    ({"enrolment": "infusion"}, {"other_trial_last_date": "2024-07-20"}, {"E14": (N, Y)}),
    ({"trial_months": 4}, {"other_trial_last_date": "2024-03-01"}, {"E14": (N, Y)}),
    ({"disease": {"items_min": 5}}, {}, {"I02": (Y, N)}),
    ({"disease": {"skin": "either"}}, SKIN, {"I02": (N, Y)}),
    ({"disease": {"enzymes": ["ck"]}}, SKIN | {"ldh": 400}, {"I02": (Y, N)}),
    ({"disease": {"enzyme_above_uln": 2}}, SKIN | {"ck": 340}, {"I02": (Y, N)}),
    (
        {"disease": {"ro52_counts": ["I02"]}},
        {"mda5": "NEG", "ro52": "POS"},
        {"I04": (Y, N)},
    ),
    (
        {"disease": {"ro52_counts": ["I04"]}},
        {"mda5": "NEG", "ro52": "POS"},
        {"I02": (Y, N)},
    ),
    (
        {"disease": {"glucocorticoid_outcomes": ["unresponsive"]}},
        {"gc_outcome": "intolerant"},
        {"I03": (Y, N)},
    ),
    ({"disease": {"glucocorticoid_min_mg_kg": 0.5}}, {"gc_max_mg_kg": 0.5}, {"I03": (N, Y)}),
    ({"disease": {"treatment_months": 7}}, {"gc_start": "2023-12-01"}, {"I03": (Y, N)}),
    (
        {"disease": {"treatment_of": "each"}},
        {"therapies": [MTX, CSA | {"start_date": "2024-03-01"}]},
        {"I03": (Y, N)},
    ),
    ({"disease": {"glucocorticoid_from_therapies": False}}, BY_THERAPIES, {"I03": (Y, U)}),
    ({"disease": {"immunosuppressants_min": 3}}, {}, {"I03": (Y, N)}),
    (
        {"disease": {"immunosuppressant_classes": ["immunosuppressant", "ivig"]}},
        {"therapies": [MTX, CSA | {"class": "ivig"}]},
        {"I03": (N, Y)},
    ),
    (
        {"disease": {"immunosuppressant_outcomes": ["inadequate"]}},
        {},
        {"I03": (Y, N)},
    ),
    ({"disease": {"needs_feature": False}}, {"calcinosis": "N"}, {"I03": (N, Y)}),
    (
        {"disease": {"necrotizing_myopathy": "adds_nothing"}},
        {"imnm": "Y", "srp": "POS", "calcinosis": "N"},
        {"I02": (NA, Y), "I03": (NA, N), "I04": (NA, Y)},
    ),
    ({"disease": {"lvef_min": 50}}, {"lvef": 52}, {"I06": (N, Y)}),
    ({"disease": {"egfr_min": 60}}, {"egfr": 50}, {"I06": (Y, N)}),
    (
        {"disease": {"schwartz_factor": 0.55}},
        {"egfr": None, "height_cm": 120, "creatinine": 2},
        {"I06": (N, Y)},
    ),
    ({"disease": {"transaminases": "not_judged"}}, {"ast": 200}, {"I06": (N, Y)}),
    (
        {"disease": {"transaminases": "judged_unless_ck_high"}},
        {"ast": 200, "ck": 171},
        {"I06": (N, Y)},
    ),
    ({"disease": {"transaminases": "judged_unless_ck_high"}}, {"ast": 200, "ck": 170}, {}),
    ({"disease": {"transaminase_max_uln": 5}}, {"ast": 200}, {"I06": (N, Y)}),
    ({"disease": {"bilirubin_max_uln": 1.5}}, {"tbil": 35}, {"I06": (Y, N)}),
    ({"disease": {"spo2_min": 95}}, {"spo2": 94}, {"I06": (Y, N)}),
]
#: Keys that leave the answers of the data as they are: tested below.
OF_SUBJECTS = {"attempt", "undetermined", "waived"}


@cache
def by_default() -> list[dict[str, str]]:
    return answers([child for _, child, _ in CHANGES])


@pytest.mark.parametrize("number", range(len(CHANGES)), ids=[str(keys) for keys, *_ in CHANGES])
def test_a_key_changes_what_it_says_and_nothing_else(number: int) -> None:
    keys, child, expected = CHANGES[number]
    without, (changed,) = by_default()[number], answers([child], **keys)
    differs = {name: (without[name], changed[name]) for name in without}
    kept = {name for name, (before, after) in differs.items() if before == after}
    assert kept | set(expected) == set(differs)
    assert {name: differs[name] for name in expected} == expected


def test_every_key_is_tested() -> None:
    general = {name for keys, _, _ in CHANGES for name in keys} - {"disease"}
    disease = {name for keys, _, _ in CHANGES for name in keys.get("disease", {})}
    assert general | OF_SUBJECTS | {"disease"} == set(Eligibility.model_fields)
    assert disease == set(DiseaseEligibility.model_fields)


def test_the_keys_that_a_criterion_names_are_those_that_change_it() -> None:
    for keys, _, expected in CHANGES:
        path = next(
            f"{name}.{next(iter(value))}" if isinstance(value, dict) else name
            for name, value in keys.items()
        )
        for criterion in expected:
            named = CRITERION_BY_ID[criterion].keys
            # Laboratory values and the exemption by I05 stand for all that read them.
            assert path in named or path in (
                *("visit", "visit_days", "laboratory", "disease.necrotizing_myopathy"),
            )


def test_the_rule_in_force_is_described_for_every_criterion_with_keys() -> None:
    described = {name: c.describe(rules()) for name, c in CRITERION_BY_ID.items()}
    assert {name for name, text in described.items() if not text} == {
        name for name, c in CRITERION_BY_ID.items() if not c.keys
    } | {"E12"}
    assert described["E11"] == "28 days before, the first day included"
    changed = CRITERION_BY_ID["E09"].describe(rules(gvhd_scale="MAGIC", month="days"))
    assert changed == (
        "transplantation: 3 months of 30 days before, the first day included; graft-versus-host"
        " disease of grade 2 or more (MAGIC): 14 days before, the first day included"
    )


def test_limits_of_age_that_leave_nobody_are_refused() -> None:
    with pytest.raises(ValidationError, match="age_from below age_below"):
        rules(age_from=17)


def test_an_empty_date_in_a_column_that_the_file_lacks_is_unknown() -> None:
    frame = evaluate(study([{}]), {"screening": ["ami_date", "live_vaccine_date"]}, rules())
    computed = dict(zip(frame["criterion"], frame["computed"], strict=True))
    assert (computed["E06"], computed["E11"], computed["E14"]) == (U, U, N)


@pytest.mark.parametrize(("lacking", "refractory"), [([], Y), (["gc_end"], U)])
def test_glucocorticoids_without_a_last_day_go_on_where_the_file_has_the_column(
    lacking: list[str], refractory: str
) -> None:
    """From 2023-01-01 to the anchor are six months; without the column they may have ended."""
    child = {"gc_start": "2023-01-01", "gc_end": None}
    frame = evaluate(study([child]), {"screening": lacking}, rules())
    computed = dict(zip(frame["criterion"], frame["computed"], strict=True))
    assert computed["I03"] == refractory


def test_without_therapies_and_visits_what_they_decide_is_unknown() -> None:
    frame = evaluate(study([{"ast": None}], therapies=False), {}, rules())
    computed = dict(zip(frame["criterion"], frame["computed"], strict=True))
    assert (computed["I03"], computed["I06"]) == (U, U)


def eligible(child: dict[str, Any], **keys: Any) -> tuple[str, Any]:
    frame = eligibility_of_subjects(evaluate(study([child]), {}, rules(**keys)))
    (row,) = frame.astype(object).where(frame.notna(), None).itertuples(index=False)
    return row.eligible, row.violations


def test_a_subject_is_eligible_not_or_undetermined() -> None:
    assert eligible({}) == (Y, None)
    assert eligible({"calcinosis": None}) == (U, None)
    assert eligible({"calcinosis": None, "prior_cart": "Y", "spo2": 90}) == (N, "I06, E01")


def test_the_answer_of_the_site_decides_what_the_data_leave_open_if_the_plan_says_so() -> None:
    child = {"calcinosis": None, "answers": {"I03": {"answer": "Y"}}}
    assert eligible(child) == (Y, None)
    assert eligible(child, undetermined="unknown") == (U, None)
    assert eligible(child | {"answers": {"I03": {"answer": "N"}}}) == (N, "I03")
    # Where the data decide, they go before the site.
    assert eligible({"prior_cart": "Y", "answers": {"E01": {"answer": "N"}}}) == (N, "E01")


def test_a_waiver_leaves_a_violation_unless_the_plan_accepts_it() -> None:
    child = {"spo2": 90, "answers": {"I06": {"answer": "N", "waiver": "Y"}}}
    assert eligible(child) == (N, "I06")
    assert eligible(child, waived="accepted") == (Y, None)
    refused = {"spo2": 90, "answers": {"I06": {"answer": "N", "waiver": "N"}}}
    assert eligible(refused, waived="accepted") == (N, "I06")


def test_the_attempt_that_counts_is_the_last_that_began_by_the_infusion() -> None:
    made = study([{}])
    first = made["screening"]
    again = first.assign(attempt=2, prior_cart="Y", source_row=3)
    late = first.assign(attempt=3, screening_date=pd.Timestamp("2024-07-21"), source_row=4)
    made["screening"] = pd.concat([first, again, late], ignore_index=True)
    by_key = {
        key: eligibility_of_subjects(evaluate(made, {}, rules(attempt=key)))["eligible"].tolist()
        for key in ("last", "first")
    }
    assert by_key == {"last": [N], "first": [Y]}


def test_the_site_and_the_data_agree_or_not() -> None:
    child = {
        "spo2": 90,
        "calcinosis": None,
        "answers": {
            "I01": {"answer": "Y"},
            "I08": {"answer": "NA"},
            "E12": {"answer": "N"},
            "I06": {"answer": "Y"},
            "E02": {"answer": "Y"},
            "I03": {"answer": "Y"},
        },
    }
    frame = evaluate(study([child]), {}, rules())
    agreement = dict(zip(frame["criterion"], frame["agreement"], strict=True))
    assert {
        name: agreement[name] for name in ("I01", "I08", "E12", "I06", "E02", "I03", "E01")
    } == {
        "I01": "AGREE",
        "I08": "AGREE",
        "E12": "AGREE",  # not applicable by the data, not met by the site: both fulfilled
        "I06": "SITE SAYS FULFILLED, DATA SAY NOT",
        "E02": "SITE SAYS NOT FULFILLED, DATA SAY FULFILLED",
        "I03": "UNKNOWN BY DATA",
        "E01": "NOT ANSWERED BY SITE",
    }


def test_the_values_that_decided_stand_with_their_rows() -> None:
    child = {"visit.ast": 121, "visit.ast_uln": 40, "lvef": None, "ami_date": "2024-01"}
    frame = evaluate(study([child]), {}, rules()).set_index("criterion")
    assert frame["basis"]["I06"].endswith("visits row 2: ast 121, ast_uln 40")
    assert frame["basis"]["E06"].startswith("screening row 2: ami_date 2024-01, congenital_heart N")
    assert "therapies row 2, 3: immunosuppressants_failed 2" in frame["basis"]["I03"]
    recorded = BY_THERAPIES | {"gc_end": "2024-05"}
    by_therapies = evaluate(study([recorded]), {}, rules()).set_index("criterion")["basis"]["I03"]
    assert by_therapies.startswith("therapies row 4: gc_start 2023-07-01, gc_max_mg_kg 2; ")
    assert "screening row 2: gc_end 2024-05, gc_outcome unresponsive" in by_therapies
    unknown = evaluate(study([{"lvef": None}]), {}, rules()).set_index("criterion")
    assert unknown["basis"]["I06"].endswith("; not recorded: lvef, height_cm, creatinine")


def test_a_day_that_therapies_tell_in_part_is_shown_from_its_first_to_its_last() -> None:
    course = {"therapy": "prednisolone", "class": "gc", "dose": 2, "end_date": "2024-05"}
    child = BY_THERAPIES | {"therapies": [*THERAPIES, course | {"start_date": "2023-12"}]}
    basis = evaluate(study([child]), {}, rules()).set_index("criterion")["basis"]["I03"]
    days = "gc_start 2023-12-01 to 2023-12-31, gc_end 2024-05-01 to 2024-05-31"
    assert basis.startswith(f"therapies row 4: {days}, gc_max_mg_kg 2; ")


def test_of_two_assessments_the_closest_counts_and_of_two_alike_the_earlier() -> None:
    made = study([{"visit.ast": 30, "visit.ast_uln": 40}])
    day = pd.Timestamp(SCREENED)

    def organs(*visits: tuple[int, float]) -> str:
        rows = [
            {
                "subject_id": "S000",
                "visit": "SCREENING",
                "ast": value,
                "ast_uln": 40,
                "visit_date": f"{day + pd.Timedelta(days=offset):%Y-%m-%d}",
            }
            for offset, value in visits
        ]
        frame = evaluate(made | {"visits": table("visits", rows)}, {}, rules())
        return dict(zip(frame["criterion"], frame["computed"], strict=True))["I06"]

    assert organs((-3, 200), (2, 30)) == Y
    assert organs((-2, 200), (2, 30)) == N


def test_a_study_without_screening_shows_what_the_site_says() -> None:
    made = study([{"answers": {"I01": {"answer": "Y"}, "E01": {"answer": "Y"}}}])
    del made["screening"]
    frame = evaluate(made, {}, rules()).set_index("criterion")
    assert frame["computed"].value_counts().to_dict() == {U: 23, Y: 1}
    assert frame["answer"][["I01", "E01"]].tolist() == [Y, Y]
    assert eligibility_of_subjects(frame.reset_index()).to_numpy().tolist() == [[N, "E01"]]


def test_nobody_screened_is_nobody_eligible() -> None:
    made = study([{}])
    frame = evaluate(made | {"screening": made["screening"].iloc[:0]}, {}, rules())
    assert len(frame) == 0
    adsl = pd.DataFrame({"USUBJID": ["S000"], "SAFFL": ["Y"]})
    assert with_eligibility(adsl, frame).to_numpy().tolist() == [["S000", "Y", None, None]]
    assert len(of_eligible(adsl, frame)) == 0


def test_without_a_table_there_is_no_flag_and_nobody_is_called_eligible() -> None:
    adsl = pd.DataFrame({"USUBJID": ["S000"], "SAFFL": ["Y"]})
    assert with_eligibility(adsl, None) is adsl
    assert len(of_eligible(adsl, None)) == 0


def test_the_set_of_the_infused_and_eligible_is_of_those_with_the_flag() -> None:
    frame = evaluate(study([{}, {"spo2": 90}, {"calcinosis": None}]), {}, rules())
    records = pd.DataFrame({"USUBJID": ["S000", "S001", "S002", "S000"], "AVAL": [1, 2, 3, 4]})
    assert of_eligible(records, frame)["AVAL"].tolist() == [1, 4]
