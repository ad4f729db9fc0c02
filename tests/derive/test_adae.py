"""ADAE: which events emerged under treatment, in which window, and which is the worst."""

from __future__ import annotations

import pandas as pd
import pytest
from pandera.errors import SchemaError

from durable.contracts.adam.adae import adae_schema as contract
from durable.derive.adae import impute_end, impute_start
from tests.derive.build import INFUSION, date
from tests.derive.events import adsl, child, derived, event, never_infused, table

pytestmark = pytest.mark.requirement("SAF-02")


def flags(dataset, column):
    return dataset[column].tolist()


def column_of(events, column, **given):
    return flags(derived(events, **given), column)


@pytest.mark.parametrize(("day", "emergent"), [(-1, None), (0, "Y"), (1, "Y"), (400, "Y")])
def test_an_event_emerges_from_the_day_of_infusion_on(day, emergent):
    row = derived([event(day)]).iloc[0]
    assert (row["TRTEMFL"], row["PREFL"]) == (emergent, None if emergent == "Y" else "Y")


def test_study_days_have_no_day_0_and_days_since_infusion_do():
    dataset = derived([event(-1, 0), event(0, 0), event(1, 3)])
    assert flags(dataset, "ASTDY") == [-1, 1, 2]
    assert flags(dataset, "AENDY") == [1, 1, 4]
    assert flags(dataset, "ADAY") == [-1, 0, 1]
    assert flags(dataset, "ADURN") == [2, 1, 3]


def test_an_event_without_an_end_is_ongoing_and_has_no_duration():
    row = derived([event(3)]).iloc[0]
    assert pd.isna(row["AENDT"])
    assert pd.isna(row["ADURN"])
    assert row["AENDTF"] is None


def test_windows_count_days_after_infusion_and_hold_their_last_day():
    dataset = derived([event(day) for day in (-1, 0, 28, 29, 90, 91)])
    assert flags(dataset, "W28FL") == [None, "Y", "Y", None, None, None]
    assert flags(dataset, "W90FL") == [None, "Y", "Y", "Y", "Y", None]


def test_windows_are_configuration():
    dataset = derived([event(14), event(15)], windows_days=(14,))
    assert flags(dataset, "W14FL") == ["Y", None]
    assert "W28FL" not in dataset


def test_events_before_or_without_infusion_are_kept_apart():
    subjects = [never_infused("S0"), child()]
    dataset = derived([event(-7), event(20, name="S0")], subjects)
    assert flags(dataset, "TRTEMFL") == [None, None]
    assert flags(dataset, "PREFL") == ["Y", "Y"]
    assert dataset["ADAY"].isna().tolist() == [True, False]


def test_events_of_subjects_neither_consented_nor_infused_are_left_out():
    subjects = [child("S1", ENRLFL="N"), never_infused("S2", ENRLFL="N")]
    dataset = derived([event(1), event(1, name="S2"), event(1, name="S9")], subjects)
    assert flags(dataset, "USUBJID") == ["S1"]


def test_records_are_numbered_by_subject_and_date_and_lead_back_to_their_row():
    subjects = [child("S1"), child("S2")]
    dataset = derived([event(5, name="S2"), event(9), event(2), event(2)], subjects)
    assert flags(dataset, "USUBJID") == ["S1", "S1", "S1", "S2"]
    assert flags(dataset, "AESEQ") == [1, 2, 3, 1]
    assert flags(dataset, "SRCSEQ") == [4, 5, 3, 2]
    assert set(dataset["SRCVAR"]) == {"start_date"}


def test_the_first_record_of_the_worst_grade_is_marked_in_subject_class_and_term():
    events = [
        event(-3, ctcae_grade=5),
        event(1, ctcae_grade=2),
        event(2, ctcae_grade=4, preferred_term="Ulcer"),
        event(3, ctcae_grade=3),
        event(4, ctcae_grade=4, preferred_term="Ulcer"),
        event(5, ctcae_grade=4, preferred_term="Fever", system_organ_class="General"),
    ]
    dataset = derived(events)
    shown = {
        name: "".join(value or "." for value in flags(dataset, name))
        for name in ("AOCCIFL", "AOCCSIFL", "AOCCPIFL")
    }
    assert shown == {"AOCCIFL": "..Y...", "AOCCSIFL": "..Y..Y", "AOCCPIFL": "..YY.Y"}


def test_an_unknown_grade_is_the_worst_only_where_none_is_known():
    alone = [event(1, ctcae_grade=None), event(2, ctcae_grade=None)]
    assert column_of(alone, "AOCCIFL") == ["Y", None]
    assert column_of([*alone, event(3, ctcae_grade=1)], "AOCCIFL") == [None, None, "Y"]


@pytest.mark.parametrize(
    ("start", "end", "grade", "prolonged"),
    [
        (5, 28, 3, None), (5, 29, 3, "Y"), (5, 29, 2, None), (5, 29, None, None),
        (5, None, 4, "Y"), (40, 45, 3, "Y"), (-3, 60, 4, None),
    ],
)  # fmt: skip
def test_cytopenia_is_prolonged_at_the_grade_after_the_day(start, end, grade, prolonged):
    given = event(start, end, ctcae_grade=grade, aesi="CYTOPENIA")
    assert column_of([given], "PROLCYFL") == [prolonged]


def test_an_open_cytopenia_is_not_prolonged_before_it_could_be():
    given = [event(5, None, ctcae_grade=4, aesi="CYTOPENIA")]
    for last, prolonged in ((28, None), (29, "Y")):
        alive = [child(LSTALVDT=date(last), CUTDT=date(last))]
        assert column_of(given, "PROLCYFL", subjects=alive) == [prolonged]
        dead = [child(DTHDT=date(last))]
        assert column_of(given, "PROLCYFL", subjects=dead) == [prolonged]


@pytest.mark.parametrize(
    ("withdrawal", "death", "last", "prolonged"),
    [(10, None, 200, None), (10, 300, 10, None), (28, 300, 28, None), (29, 300, 29, "Y")],
)
def test_an_open_cytopenia_is_not_present_after_withdrawal(withdrawal, death, last, prolonged):
    """Begun on day 5, without an end. Nobody records events after withdrawal, whatever a telephone
    call on day 200 or a register of deaths tells; prolonged is present on day 29 or later."""
    given = [event(5, None, ctcae_grade=4, aesi="CYTOPENIA")]
    died = None if death is None else date(death)
    left = [child(EOSDT=date(withdrawal), DTHDT=died, LSTALVDT=date(last))]
    assert column_of(given, "PROLCYFL", subjects=left) == [prolonged]


def test_other_events_and_other_definitions_of_prolonged():
    other = [event(5, 100, ctcae_grade=4, aesi="CRS"), event(6, 100, ctcae_grade=4)]
    assert column_of(other, "PROLCYFL") == [None, None]
    given = [event(5, 29, ctcae_grade=2, aesi="low counts")]
    rule = {"cytopenia": "low counts", "prolonged_cytopenia_grade": 2}
    assert column_of(given, "PROLCYFL", **rule) == ["Y"]
    assert column_of(given, "PROLCYFL", **rule, prolonged_cytopenia_day=29) == [None]


def stamps(*days):
    return pd.Series(pd.to_datetime(list(days)).astype("datetime64[ns]"))


@pytest.mark.parametrize(
    ("partial", "end", "date", "flag"),
    [
        ("2025-03", None, "2025-03-10", "D"),  # within the month of infusion
        ("2025-02", None, "2025-02-01", "D"),  # the month before
        ("2025-04", None, "2025-04-01", "D"),  # the month after
        ("2025", None, "2025-03-10", "M"),
        ("2024", None, "2024-01-01", "M"),
        ("2026", None, "2026-01-01", "M"),
        ("", None, "2025-03-10", "Y"),
        ("2025-03", "2025-03-09", "2025-03-01", "D"),  # ended before the infusion
        ("2025-03", "2025-03-10", "2025-03-10", "D"),
        ("2025", "2025-01-31", "2025-01-01", "M"),
        ("", "2025-01-31", "2025-01-31", "Y"),
    ],
)
def test_a_partial_start_is_the_infusion_where_it_can_be(partial, end, date, flag):
    found = impute_start(pd.Series([partial]), stamps("2025-03-10"), stamps(end))
    assert found["date"].tolist() == [pd.Timestamp(date)]
    assert found["flag"].tolist() == [flag]


def test_a_partial_start_without_infusion_is_the_first_possible_day():
    none = stamps(None, None, None)
    found = impute_start(pd.Series(["2025-03", "2025", ""]), none, none)
    expected = [pd.Timestamp("2025-03-01"), pd.Timestamp("2025-01-01"), pd.NaT]
    assert found["date"].tolist() == expected
    assert found["flag"].tolist() == ["D", "M", None]


@pytest.mark.parametrize(
    ("partial", "death", "date", "flag"),
    [
        ("2025-02", None, "2025-02-28", "D"),
        ("2024-02", None, "2024-02-29", "D"),
        ("2024", None, "2024-12-31", "M"),
        ("2025-05", None, "2025-05-20", "D"),  # the cut-off
        ("2025", None, "2025-05-20", "M"),
        ("2025", "2025-04-02", "2025-04-02", "M"),
        ("2025-06", None, None, None),  # after the cut-off: ongoing at it
        ("", None, None, None),
        ("", "2025-04-02", None, None),
    ],
)
def test_a_partial_end_is_the_last_possible_day(partial, death, date, flag):
    found = impute_end(pd.Series([partial]), stamps("2025-05-20"), stamps(death))
    assert found["date"].isna().tolist() == [date is None]
    assert date is None or found["date"].tolist() == [pd.Timestamp(date)]
    assert found["flag"].tolist() == [flag]


@pytest.mark.parametrize("text", ["2025-13", "2025-3", "03/2025", "2025-03-04", "UNK", " "])
def test_other_text_is_no_partial_date(text):
    with pytest.raises(ValueError, match="YYYY-MM"):
        impute_end(pd.Series([text]), stamps(None), stamps(None))


def test_partial_dates_of_the_table_are_imputed_and_flagged_and_whole_ones_left():
    month = f"{INFUSION:%Y-%m}"
    events = [
        event(None, None, start_date_partial=month, end_date_partial=f"{INFUSION:%Y}"),
        event(3, 4),
        event(None, 5),
    ]
    dataset = derived(events)
    by_row = dataset.set_index("SRCSEQ")
    assert by_row["ASTDT"].to_dict() == {2: INFUSION, 3: date(3), 4: INFUSION}
    assert by_row["ASTDTF"].to_dict() == {2: "D", 3: None, 4: "Y"}
    assert by_row["AENDT"].to_dict() == {2: pd.Timestamp("2024-12-31"), 3: date(4), 4: date(5)}
    assert by_row["AENDTF"].to_dict() == {2: "M", 3: None, 4: None}
    assert set(dataset["TRTEMFL"]) == {"Y"}


def test_a_table_without_events_or_without_subjects_gives_an_empty_dataset():
    assert derived([]).empty
    assert derived([event(1)], subjects=[]).empty
    assert adsl([]).empty
    assert table([]).empty


def test_the_contract_refuses_a_window_flag_on_an_event_that_did_not_emerge():
    dataset = derived([event(-1)])
    with pytest.raises(SchemaError, match="W28FL is Y only where TRTEMFL is"):
        contract((28, 90)).validate(dataset.assign(W28FL="Y"))
