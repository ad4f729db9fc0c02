"""Whatever a package holds and a plan says of it: it is done or told, and nothing fails."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from durable.intake.check import examine
from durable.plan import PlanError, parse
from durable.stage import STAGES
from tests.intake.test_sdtm_misreadings import MEASURES
from tests.intake.test_sdtm_shapes import SUBJECTS
from tests.intake.test_shapes import SCHEDULE

HEADERS = {
    "DM": "USUBJID,SEX,AGE,AGEU,ARMCD,RFICDTC,RFPENDTC,DTHDTC,RFXSTDTC",
    "EX": "USUBJID,EXTRT,EXDOSE,EXDOSU,EXSTDTC",
    "RS": "USUBJID,RSTESTCD,RSSTRESC,RSCAT,RSEVAL,VISIT,RSDTC",
    "VS": "USUBJID,VSTESTCD,VSSTRESC,VSSTRESU,VSDTC",
    "CM": "USUBJID,CMSEQ,CMTRT,CMSTDTC,CMENDTC,CMCAT",
}
WORDS = ["X1", "X1", "X2", "", " ", "1", "0", "-3", "1e6", "9" * 60, "nan", "inf", "kg", "cells/kg"]
WORDS += ["2025-01-15", "2025-01-15T10:00", "2025-01", "2025-02-30", "0001-01-01", "9999-12-31"]
WORDS += [
    "INVASSES",
    "DAS",
    "WEIGHT",
    "CD19 CAR-T",
    "INVESTIGATOR",
    "A",
    "a",
    "M2",
    "UNS 1",
    "\x00",
]
CELLS = st.sampled_from(WORDS)


def domain(header: str) -> st.SearchStrategy[list[list[str]]]:
    width = header.count(",") + 1
    return st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=6)


def conditions(header: str) -> st.SearchStrategy[dict[str, list[str]]]:
    texts = st.lists(CELLS, min_size=1, max_size=2, unique=True)
    return st.dictionaries(st.sampled_from(header.split(",")), texts, min_size=1, max_size=2)


def of_domains() -> st.SearchStrategy[dict[str, Any]]:
    read = {name: conditions(HEADERS[name]) for name in ("DM", "EX", "RS", "CM")}
    return st.fixed_dictionaries({}, optional=read)


QUALIFIERS = {name: conditions("RSCAT,RSEVAL,VISIT") for name in ("investigator_assessment", "das")}
INFUSIONS: list[dict[str, Any]] = [
    {},
    {"infusions": "first"},
    {"infusions": "total", "infusion_days": 2},
]
DOSES: list[dict[str, Any]] = [
    {},
    {"units": {"subjects": {"cells_per_kg": "10^6/kg"}}},
    {"units": {"subjects": {"cells_per_kg": "cells"}}, "weight": "VS.WEIGHT"},
]
KEYS = st.fixed_dictionaries(
    {},
    optional={
        "where": of_domains(),
        "where_not": of_domains(),
        "qualifiers": st.fixed_dictionaries({}, optional=QUALIFIERS),
        "files": st.just({"RS": ["rs.csv", "rs2.csv"]}),
        "values": st.just({"visits": {"visit": {"UNS *": "UNS", "*1": "M2", "M*": "M3"}}}),
    },
)


@settings(max_examples=40, deadline=None)
@given(
    records=st.fixed_dictionaries({name: domain(header) for name, header in HEADERS.items()}),
    keys=st.builds(
        lambda *some: {k: v for one in some for k, v in one.items()},
        KEYS,
        st.sampled_from(INFUSIONS),
        st.sampled_from(DOSES),
    ),
    infused=st.sampled_from(["EX.EXSTDTC", "DM.RFXSTDTC"]),
    shared=st.booleans(),
)
def test_a_package_is_read_or_told(
    records: dict[str, list[list[str]]], keys: dict[str, Any], infused: str, shared: bool
) -> None:
    visits = dict.fromkeys(MEASURES, "") | {
        "investigator_assessment": "RS.INVASSES",
        "das": "RS.INVASSES" if shared else "RS.DAS",
    }
    variables = {
        "subjects": SUBJECTS | {"infusion_date": infused},
        "visits": visits,
        "therapies": {"new_systemic": "CM.CMCAT", "reason": ""},
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, rows in (*records.items(), ("RS2", records["RS"][:2])):
            with (Path(folder) / f"{name.lower()}.csv").open("w", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerows([HEADERS[name[:2]].split(","), *rows])
        sdtm = {"folder": folder, "format": "csv", "variables": variables}
        raw = {
            "study": {"id": "X"},
            "analysis": {"id": "x", "title": "X", "data_cutoff": "2025-12-31"},
            "inputs": {"sdtm": sdtm | keys | {"tables": ["subjects", "visits", "therapies"]}},
            "schedule": SCHEDULE,
            "groups": ["dose_level"],
            "safety": {"escalation": "none"},
        }
        try:
            plan = parse(raw)
        except PlanError:
            return
        study = examine(plan.restrict_to(STAGES["check"].sections))
    dosed = study.tables["subjects"].frame["cells_per_kg"].dropna()
    rules = set(study.queries.query("severity == 'error'")["rule"])
    assert (dosed > 0).all() or "out_of_range" in rules
