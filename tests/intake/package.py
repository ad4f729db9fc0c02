"""The demo study as an SDTM package, written for the tests alone."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

from durable.contracts.tables import INPUT_TABLES
from durable.jdm.measures import ENZYMES
from tests.intake.forms import dataset_json
from tests.intake.study import DEMO, Edit, Study

Row = dict[str, Any]
#: Variables that SDTM holds as numbers.
NUMBERS = {"AGE", "EXDOSE", "AESEQ", "CMSEQ", "VISITDY", "PCLLOQ", "LBSTNRHI", "LBSTNRLO", "LBLLOQ"}


#: Where the packages have what CDISC has no place for.
SECOND_INFUSION = {
    "reinfusion_date": "SUPPDM.REINFDTC",
    "reinfusion_cells_per_kg": "SUPPDM.REINFKG",
}


def native(table: str) -> list[Row]:
    with (DEMO / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def domains() -> dict[str, list[Row]]:
    """Records of every domain, variables by name; all values text."""
    found: dict[str, list[Row]] = {
        name: [] for name in ("DM", "SUPPDM", "EX", "DS", "QS", "FT", "RS", "LB")
    }
    for row in native("subjects"):
        who = {"USUBJID": row["subject_id"]}
        found["DM"].append(
            who
            | {"SUBJID": row["subject_id"], "SITEID": row["site"]}
            | {"RACE": row["race"], "ETHNIC": row["ethnicity"]}
            | {"SEX": row["sex"], "AGE": row["age_years"], "AGEU": "YEARS"}
            | {"RFICDTC": row["consent_date"], "RFPENDTC": row["last_contact_date"]}
            | {"DTHDTC": row["death_date"]}
        )
        found["SUPPDM"] += supplement(who, "", "", PART=row["part"], DOSELVL=row["dose_level"])
        found["SUPPDM"] += supplement(who, "", "", APHDTC=row["apheresis_date"])
        if row["lymphodepletion_date"]:
            start = dt.date.fromisoformat(row["lymphodepletion_date"])
            for days, drug in ((1, "FLUDARABINE"), (0, "CYCLOPHOSPHAMIDE")):
                date = str(start + dt.timedelta(days))
                found["EX"].append(
                    who | {"EXTRT": drug, "EXSTDTC": date, "EXDOSE": "30", "EXDOSU": "mg/m2"}
                )
        if row["infusion_date"]:
            when = f"{row['infusion_date']}T10:30"
            dose = {"EXDOSE": row["cells_per_kg"], "EXDOSU": "cells/kg"}
            found["EX"].append(who | {"EXTRT": "CD19 CAR-T", "EXSTDTC": when} | dose)
        found["DS"].append(who | {"DSDECOD": "INFORMED CONSENT OBTAINED", "DSTERM": "signed",
                                  "DSSTDTC": row["consent_date"]})  # fmt: skip
        if row["withdrawal_date"]:
            reason = {"DSDECOD": "WITHDRAWAL BY SUBJECT", "DSTERM": row["withdrawal_reason"]}
            found["DS"].append(who | reason | {"DSSTDTC": row["withdrawal_date"]})
    for row in native("subjects"):
        # Last, where it moves no record of the others.
        second = {"REINFDTC": row["reinfusion_date"], "REINFKG": row["reinfusion_cells_per_kg"]}
        found["SUPPDM"] += supplement({"USUBJID": row["subject_id"]}, "", "", **second)
    for row in native("visits"):
        for column, place in recorded("visits", row):
            if row[column]:
                domain, code = place.split(".")
                found[domain].append(result(domain, code, row, column))
    found |= events()
    found["PC"] = [sample(row) for row in native("kinetics")]
    return found


def result(domain: str, code: str, row: Row, column: str) -> Row:
    visit = {"UNS": "UNSCHEDULED"}.get(row["visit"], row["visit"])
    record = {
        "USUBJID": row["subject_id"],
        f"{domain}TESTCD": code,
        f"{domain}STRESC": row[column],
        "VISIT": visit,
        f"{domain}DTC": row["visit_date"],
    }
    if column in ENZYMES:
        record |= {"LBSTRESU": "U/L", "LBSTNRHI": row[f"{column}_uln"]}
    return record


def events() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {name: [] for name in ("CM", "SUPPCM", "AE", "SUPPAE")}
    for domain, table in (("CM", "therapies"), ("AE", "adverse_events")):
        for number, row in enumerate(native(table), start=1):
            record = {"USUBJID": row["subject_id"], f"{domain}SEQ": str(number)}
            supplements = {}
            for column, place in recorded(table, row):
                where, name = place.split(".")
                (record if where == domain else supplements)[name] = row[column]
            found[domain].append(record)
            found[f"SUPP{domain}"] += supplement(record, f"{domain}SEQ", str(number), **supplements)
    return found


def supplement(who: Row, by: str, value: str, **given: str) -> list[Row]:
    key = {"USUBJID": who["USUBJID"], "IDVAR": by, "IDVARVAL": value}
    return [key | {"QNAM": name, "QVAL": text} for name, text in given.items() if text]


def recorded(table: str, row: Row) -> list[tuple[str, str]]:
    """Columns of the demo with their place in the package."""
    usual = ((c.name, c.sdtm.place) for c in INPUT_TABLES[table].columns if c.sdtm.place)
    return [(column, place) for column, place in usual if column in row]


def sample(row: Row) -> Row:
    time = f"T{row['sample_time']}" if row["sample_time"] else ""
    return {
        "USUBJID": row["subject_id"],
        "PCTEST": row["assay"],
        "PCSTRESC": "BLQ" if row["below_lloq"] == "Y" else row["value"],
        "PCSTRESU": row["unit"],
        "PCLLOQ": row["lloq"],
        "VISITDY": row["nominal_day"],
        "PCDTC": f"{row['sample_date']}{time}",
    }


def laboratory_results() -> list[Row]:
    """Records of LB: the laboratory of the demo, its B cells under a code of the package."""
    return [
        {
            "USUBJID": row["subject_id"],
            "LBTESTCD": {"BCELL": "CD19CE"}.get(row["test"], row["test"]),
            "LBSTRESC": f"<{row['lloq']}" if row["below_lloq"] == "Y" else row["value"],
            "LBSTRESU": row["unit"],
            "LBLLOQ": row["lloq"],
            "LBSTNRLO": row["lower_limit"],
            "LBSTNRHI": row["upper_limit"],
            "LBDTC": "T".join(filter(None, (row["sample_date"], row["sample_time"]))),
        }
        for row in native("laboratory")
    ]


def packaged(folder: Path, form: str, found: dict[str, list[Row]] | None = None) -> Study:
    """The demo study as a package in a folder."""
    study = Study(folder)
    for domain, records in (found or domains()).items():
        for path, data in written(folder, domain, records, form):
            path.write_bytes(data)
    study.raw["inputs"] = {
        "sdtm": {
            "folder": str(folder),
            "format": form,
            "values": {"visits": {"visit": {"UNSCHEDULED": "UNS"}}},
            "variables": {"subjects": {"apheresis_date": "SUPPDM.APHDTC", **SECOND_INFUSION}},
        }
    }
    return study


def sdtm(domain: str, row: int, **changed: str) -> Edit:
    """The study as a package of CSV files, with other values in a record of a domain."""
    return sdtm_rows(domain, {row: changed})


def sdtm_infused(dates: dict[str, str]) -> Edit:
    """The package with RFXSTDTC of every subject, by EX but for these subjects."""

    def edit(study: Study) -> None:
        found = domains()
        given = {row["subject_id"]: row["infusion_date"] for row in native("subjects")} | dates
        for row in found["DM"]:
            row["RFXSTDTC"] = given[row["USUBJID"]]
        study.raw["inputs"] = packaged(study.folder, "csv", found).raw["inputs"]
        study.raw["inputs"]["sdtm"]["variables"] = {"subjects": {"infusion_date": "DM.RFXSTDTC"}}

    return edit


def sdtm_weighed(weights: dict[str, str]) -> Edit:
    """The package with doses in cells, and body weights of 1 kg but for these subjects."""

    def edit(study: Study) -> None:
        found = domains()
        for row in found["EX"]:
            row["EXDOSU"] = row["EXDOSU"].replace("cells/kg", "cells")
        given = {row["subject_id"]: "1" for row in native("subjects")} | weights
        found["VS"] = [
            {"USUBJID": who, "VSTESTCD": "WEIGHT", "VSSTRESC": weight, "VSSTRESU": "kg",
             "VSDTC": "2020-01-01"} for who, weight in given.items()
        ]  # fmt: skip
        study.raw["inputs"] = packaged(study.folder, "csv", found).raw["inputs"]
        study.raw["inputs"]["sdtm"]["units"] = {"subjects": {"cells_per_kg": "cells"}}
        study.raw["inputs"]["sdtm"]["weight"] = "VS.WEIGHT"

    return edit


def sdtm_rows(domain: str, changed: dict[int, Row]) -> Edit:
    """The study as a package of CSV files, with other values in records of a domain, by row."""

    def edit(study: Study) -> None:
        found = domains()
        for record in found[domain]:
            for name in {name for values in changed.values() for name in values}:
                record.setdefault(name, "")
        for row, values in changed.items():
            found[domain][row - 2] |= values
        study.raw["inputs"] = packaged(study.folder, "csv", found).raw["inputs"]

    return edit


def written(
    folder: Path, domain: str, records: list[Row], form: str
) -> Iterator[tuple[Path, bytes]]:
    header = list(records[0])
    numbers = [name in NUMBERS for name in header]
    rows = [
        [
            _number(record[n]) if number else record[n]
            for n, number in zip(header, numbers, strict=True)
        ]
        for record in records
    ]
    path = folder / f"{domain.lower()}.{'json' if form == 'dataset-json' else form}"
    if form == "csv":
        frame = pd.DataFrame(records, dtype=object)
        yield path, frame.to_csv(index=False, lineterminator="\n").encode()
    elif form == "dataset-json":
        yield path, dataset_json([header, *rows])
    else:
        frame = pd.DataFrame(rows, columns=header)
        pyreadstat.write_xport(frame, path, file_format_version=5, table_name=domain)
        yield path, path.read_bytes()


def _number(text: str) -> float | None:
    return float(text) if text else None
