"""The plan and the input files of today against those that an analysis was made from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from durable.files import sha256
from durable.history.records import Record
from durable.history.states import State
from durable.history.today import check_today
from durable.plan import Plan
from tests.derive.build import plan

FILES = {"subjects": "s.csv", "visits": "v.csv", "queries_since": "earlier/queries.csv"}


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Plan, Record]:
    """A plan that names an earlier listing without its numbers of records, and its analysis."""
    monkeypatch.chdir(tmp_path)
    Path("earlier").mkdir()
    for name in FILES.values():
        Path(name).write_text(f"{name}\n")
    made_from = plan(outputs={"queries_since": FILES["queries_since"]})
    manifest: dict[str, Any] = {
        "plan": {"value": made_from.model_dump(mode="json")},
        "inputs": [{"id": f"#input-{n}", "sha256": sha256(Path(f))} for n, f in FILES.items()],
    }
    return made_from, Record(manifest, "test", made_from.governance, locked=False)


def changed(recorded: tuple[Plan, Record]) -> list[str]:
    return [str(one.name) for one in check_today(*recorded) if one.state is State.CHANGED]


def test_an_earlier_listing_without_its_numbers_of_records_is_as_it_was(
    recorded: tuple[Plan, Record],
) -> None:
    assert changed(recorded) == []


def test_numbers_of_records_that_are_there_now_were_not_read(
    recorded: tuple[Plan, Record],
) -> None:
    Path("earlier/checked").mkdir()
    Path("earlier/checked/sources.json").write_text("{}\n")
    assert changed(recorded) == ["records_since"]


def test_an_earlier_listing_that_is_gone_or_another_is_told(
    recorded: tuple[Plan, Record],
) -> None:
    Path(FILES["queries_since"]).write_text("other\n")
    assert changed(recorded) == ["queries_since"]
    Path(FILES["queries_since"]).unlink()
    Path("s.csv").unlink()
    assert changed(recorded) == ["subjects", "queries_since"]
