"""Overall survival: death of any cause, else the last date on which the subject is known alive."""

from __future__ import annotations

import pytest

from tests.derive.build import ACTIVE, INACTIVE, UNKNOWN, date, derived, subject, tte, visit

BASE = visit(-6, ACTIVE)


def record(visits, cutoff=200, **who):
    dated = {name: date(day) for name, day in who.items()}
    return tte(derived([subject(**dated)], visits, cutoff=cutoff), "OS")


def test_death_ends_it_on_its_date_whatever_came_before():
    found = record([BASE, visit(28, INACTIVE)], death_date=90, last_contact_date=95)
    assert (found["EVNTDESC"], found["CNSR"], found["AVAL"]) == ("DEATH", 0, 91)
    assert (found["SRCDOM"], found["SRCVAR"], found["LOWDT"]) == ("subjects", "death_date", 90)


def test_death_on_the_day_of_infusion_is_an_event_on_day_one():
    assert record([BASE], death_date=0)["AVAL"] == 1


@pytest.mark.parametrize(
    ("contact", "day", "source"),
    [
        (120, 120, ("subjects", "last_contact_date", 2)),
        (60, 90, ("visits", "visit_date", 3)),
        (90, 90, ("subjects", "last_contact_date", 2)),
    ],
)
def test_the_living_are_censored_at_the_later_of_last_contact_and_assessment(contact, day, source):
    # An assessment shows that the child lives, whatever it could measure.
    found = record([BASE, visit(90, UNKNOWN)], last_contact_date=contact)
    assert (found["EVNTDESC"], found["CNSR"], found["ADT"]) == ("ALIVE AT LAST CONTACT", 12, day)
    assert (found["SRCDOM"], found["SRCVAR"], found["SRCSEQ"]) == source
    assert found["CNSDTDSC"] == "LAST DATE KNOWN ALIVE"


def test_who_was_not_heard_of_since_the_infusion_is_censored_on_day_one():
    for who in ({}, {"last_contact_date": -3}):
        found = record([BASE], **who)
        assert (found["AVAL"], found["SRCVAR"]) == (1, "infusion_date")


def test_the_withdrawn_are_censored_where_last_known_alive_not_at_the_withdrawal():
    found = record([BASE, visit(60, INACTIVE)], withdrawal_date=150, last_contact_date=100)
    assert (found["EVNTDESC"], found["CNSR"], found["ADT"]) == ("WITHDRAWN", 4, 100)


def test_a_death_after_the_withdrawal_is_an_event():
    found = record([BASE], withdrawal_date=30, death_date=80)
    assert (found["EVNTDESC"], found["AVAL"]) == ("DEATH", 81)


def test_only_the_infused_are_followed():
    assert derived([subject(infusion_date=None)], [BASE], cutoff=200).adtte.empty
