"""The objects of the endpoints: a word that no table has a row for is refused when one is made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from durable.derive.durations import DOR, EFS
from durable.derive.endpoint import Event
from durable.derive.overall_survival import OS

HOSPITAL = Event("hospital", "HOSPITALISATION")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"events": (HOSPITAL,)}, "EFS: hospital is not in EVENTS and EVENT_LABELS"),
        ({"failure": HOSPITAL}, "EFS: hospital is not in EVENT_LABELS"),
        (
            {"censorings": (replace(OS.censorings[0], reason="MOVED"),)},
            "EFS: MOVED is not in CENSORINGS and CENSORING_LABELS",
        ),
        ({"population": "LDFL"}, "EFS: LDFL is not in POPULATIONS and SUBJECTS"),
    ],
    ids=["event", "failure", "censoring", "population"],
)
def test_an_endpoint_with_a_word_that_has_no_row_is_refused(
    changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=f"{says} of durable.vocabulary"):
        replace(EFS, **changes)


def test_the_first_row_names_the_subjects_of_the_population() -> None:
    assert (DOR.subjects, EFS.subjects) == ("Subjects with remission", "All infused")
