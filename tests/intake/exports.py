"""The demo study as systems deliver it, and the section `inputs` that reads each delivery.

Each function writes the files of one kind of system into a folder and returns the configuration.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from durable.contracts.tables import NATIVE_COLUMNS
from durable.jdm.measures import ENZYMES
from tests.intake.package import SECOND_INFUSION, Row, domains, native, written

Inputs = dict[str, Any]
_LABORATORY = tuple(ENZYMES)
_LIMITS = tuple(f"{name}_uln" for name in ENZYMES)
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]


def write_csv(
    path: Path, rows: Iterable[Row], *, sign: str = ",", before: Iterable[list[str]] = (),
    label: Callable[[str], str] | None = None,
) -> str:  # fmt: skip
    """Write rows with a header, other lines before it, and one of labels below it."""
    rows = list(rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=sign, lineterminator="\r\n")
        writer.writerows(before)
        writer.writerow(names)
        if label is not None:
            writer.writerow([label(name) for name in names])
        writer.writerows([row.get(name, "") for name in names] for row in rows)
    return str(path)


def day_month_year(text: str) -> str:
    """2023-02-14 as 14-FEB-2023, 2023-02 as UN-FEB-2023, 2023 as UN-UNK-2023."""
    if not text:
        return ""
    year, month, day = (*text.split("-"), "", "")[:3]
    return f"{day or 'UN'}-{_MONTHS[int(month) - 1] if month else 'UNK'}-{year}"


def dated(row: Row, change: Callable[[str], str]) -> Row:
    """The row with its dates in another form."""
    return {n: change(value) if n.endswith("_date") else value for n, value in row.items()}


# --- Rave-like: a form a file, a row of labels, DD-MMM-YYYY, laboratory one row a result ----------

_RAVE = {
    "subject_id": "Subject", "visit": "FolderName", "visit_date": "VISDAT_RAW",
    "physician_global": "PHGA", "parent_global": "PAGA", "cmas": "CMASTOT", "mmt8": "MMTTOT",
    "chaq": "CHAQIDX", "chq_phs": "CHQPHS", "das": "DASTOT", "extramuscular": "EXTRAM",
    "glucocorticoid_mg_kg": "GCDOSE", "immunosuppressant": "ISYN",
    "investigator_assessment": "INVASS",
}  # fmt: skip


def rave(folder: Path) -> Inputs:
    """One file a form with system columns; laboratory results in another unit at every other."""

    def label(name: str) -> str:
        return f"Label of {name}"

    def system(row: Row, number: int) -> Row:
        return {"projectid": "1001", "StudySiteId": "7"} | row | {"RecordPosition": str(number)}

    inputs: Inputs = {}
    for table in ("subjects", "therapies", "adverse_events", "kinetics"):
        rows = [system(dated(r, day_month_year), n) for n, r in enumerate(native(table), 1)]
        path = write_csv(folder / f"{table}_raw.csv", rows, label=label)
        inputs[table] = {"path": path, "skip_rows": [2], "dates": ["DD-MMM-YYYY"]}
    visits = native("visits")
    forms = [
        system({_RAVE[n]: v for n, v in dated(row, day_month_year).items() if n in _RAVE}, number)
        for number, row in enumerate(visits, 1)
    ]
    laboratory = []
    for row in visits:
        for number, name in enumerate(_LABORATORY):
            if not row[name]:
                continue
            value, limit, unit = row[name], row[f"{name}_uln"], "U/L"
            laboratory.append(
                {
                    "Subject": row["subject_id"], "FolderName": row["visit"],
                    "LBDAT": day_month_year(row["visit_date"]), "LBTEST": name.upper(),
                    "LBORRES": value, "LBORRESU": unit if number % 2 else "IU/l",
                    "LBORNRHI": limit,
                }
            )  # fmt: skip
    laboratory.append(dict(laboratory[0]) | {"LBTEST": "SODIUM", "LBORRES": "140"})
    by = {"Subject": "Subject", "FolderName": "FolderName", "VISDAT_RAW": "LBDAT"}
    tests = {name.upper(): name for name in _LABORATORY}
    inputs["visits"] = {
        "path": write_csv(folder / "visit_raw.csv", forms, label=label),
        "skip_rows": [2],
        "dates": ["DD-MMM-YYYY"],
        "columns": _RAVE,
        "join": [
            {
                "path": write_csv(folder / "lab_raw.csv", laboratory, label=label),
                "skip_rows": [2],
                "by": by,
                "long": {
                    "test": "LBTEST", "value": "LBORRES", "unit": "LBORRESU", "limit": "LBORNRHI",
                    "tests": tests,
                },
            }
        ],
    }  # fmt: skip
    return inputs


# --- REDCap-like: one longitudinal file with events and repeating instruments ---------------------

_EVENTS = {
    "SCREENING": "screening_arm_1", "BASELINE": "baseline_arm_1", "D14": "day_14_arm_1",
    "D28": "day_28_arm_1", "UNS": "unscheduled_arm_1",
}  # fmt: skip


def redcap(folder: Path) -> Inputs:
    """One file; codes for choices; checkboxes as 1 and 0."""
    codes = {"Y": "1", "N": "0", "M": "2", "F": "1", "A": "1", "B": "2"}
    coded = {
        "sex", "part", "new_systemic", "serious", "related", "dlt", "below_lloq",
        "immunosuppressant",
    }  # fmt: skip
    prefixes = {"therapies": "cm", "adverse_events": "ae", "kinetics": "pk", "visits": "v"}

    def record(table: str, row: Row, event: str, instrument: str, instance: str) -> Row:
        fields = {n: codes.get(v, v) if n in coded else v for n, v in row.items()}
        del fields["subject_id"]
        fields.pop("visit", None)
        prefix = prefixes.get(table, "dm")
        keys = {
            "record_id": row["subject_id"], "redcap_event_name": event,
            "redcap_repeat_instrument": instrument, "redcap_repeat_instance": instance,
        }  # fmt: skip
        return keys | {f"{prefix}_{name}": value for name, value in fields.items()}

    rows = [record("subjects", row, "enrolment_arm_1", "", "") for row in native("subjects")]
    for row in native("visits"):
        event = _EVENTS.get(row["visit"], f"month_{row['visit'][1:]}_arm_1")
        rows.append(record("visits", row, event, "", ""))
    for table in ("therapies", "adverse_events", "kinetics"):
        for number, row in enumerate(native(table), 1):
            rows.append(record(table, row, "logs_arm_1", table, str(number)))
    path = write_csv(folder / "redcap.csv", rows)
    events = {event: visit for visit, event in _EVENTS.items()}
    events |= {f"month_{n}_arm_1": f"M{n}" for n in (2, 3, 6, 9, 12, 18, 24)}
    back = {
        "sex": {"1": "F", "2": "M"}, "part": {"1": "A", "2": "B"}, "visit": events,
    }  # fmt: skip
    inputs: Inputs = {}
    for table in ("subjects", "visits", *prefixes):
        prefix = prefixes.get(table, "dm")
        names = [n for n in native(table)[0] if n not in ("subject_id", "visit")]
        columns = {"subject_id": "record_id"} | {name: f"{prefix}_{name}" for name in names}
        values = {n: back.get(n, {"1": "Y", "0": "N"}) for n in names if n in coded}
        match table:
            case "subjects":
                where = {"redcap_event_name": "enrolment_arm_1"}
            case "visits":
                columns["visit"], values["visit"] = "redcap_event_name", events
                where = {"redcap_repeat_instrument": "", "redcap_event_name": list(events)}
            case _:
                where = {"redcap_repeat_instrument": table}
        inputs[table] = {"path": path, "where": where, "columns": columns, "values": values}
    return inputs


# --- A hospital's workbook: Chinese headings, values and dates, a title in the first row ----------

_CHINESE = {
    "subject_id": "受试者编号", "part": "部分", "dose_level": "剂量水平", "sex": "性别",
    "age_years": "年龄", "consent_date": "知情同意日期", "lymphodepletion_date": "清淋日期",
    "infusion_date": "回输日期", "cells_per_kg": "回输细胞数", "last_contact_date": "末次联系日期",
    "death_date": "死亡日期", "withdrawal_date": "退出日期", "withdrawal_reason": "退出原因",
    "visit": "访视", "visit_date": "访视日期", "physician_global": "医师评分",
    "therapy": "药物", "start_date": "开始日期", "end_date": "结束日期", "new_systemic": "新增治疗",
    "reason": "原因", "serious": "是否严重", "related": "是否相关", "dlt": "剂量限制性毒性",
    "sample_date": "采样日期", "immunosuppressant": "免疫抑制剂", "below_lloq": "低于定量限",
}  # fmt: skip
_ANSWERS = {"Y": "是", "N": "否"}
_ASSESSMENTS = {
    "remission": "缓解", "improved": "好转", "stable": "稳定", "recurrence": "复发",
    "progression": "进展",
}  # fmt: skip


def hospital(folder: Path) -> Inputs:
    """A workbook with a sheet a table below a merged title, dates as text, 未查 for missing."""
    book = Workbook()
    del book["Sheet"]
    inputs: Inputs = {}
    for table in ("subjects", "visits", "therapies", "adverse_events", "kinetics"):
        sheet = book.create_sheet(_SHEETS[table])
        rows = native(table)
        names = list(rows[0])
        sheet.append(["", "受试者资料汇总表"])
        sheet.merge_cells(start_row=1, start_column=2, end_row=1, end_column=len(names) + 1)
        sheet.append(["", *(_CHINESE.get(name, name) for name in names)])
        for row in rows:
            sheet.append(["", *(_in_chinese(table, name, row[name]) for name in names)])
        columns = {name: _CHINESE[name] for name in names if name in _CHINESE}
        answers = {chinese: word for word, chinese in _ANSWERS.items()}
        values: dict[str, dict[str, str]] = {
            name: answers
            for name in names
            if name in ("new_systemic", "serious", "related", "dlt", "immunosuppressant",
                        "below_lloq")
        }  # fmt: skip
        if table == "subjects":
            values["sex"] = {"男": "M", "女": "F"}
        if table == "visits":
            values["investigator_assessment"] = {v: k for k, v in _ASSESSMENTS.items()}
        inputs[table] = {
            "path": str(folder / "资料.xlsx"), "sheet": _SHEETS[table], "header_row": 2,
            "columns": columns, "values": values,
            "dates": ["YYYY年M月D日", "YYYY年M月", "YYYY年"],
            "missing": ["未查"],
        }  # fmt: skip
    book.save(folder / "资料.xlsx")
    return inputs


_SHEETS = {
    "subjects": "受试者", "visits": "访视", "therapies": "用药", "adverse_events": "不良事件",
    "kinetics": "动力学",
}  # fmt: skip


def _in_chinese(table: str, name: str, value: str) -> str:
    if not value:
        return "未查" if name == "extramuscular" else ""
    if name.endswith("_date"):
        year, *rest = value.split("-")
        return f"{year}年" + "".join(
            f"{int(n)}{sign}" for n, sign in zip(rest, "月日", strict=False)
        )
    if name == "sex":
        return {"M": "男", "F": "女"}[value]
    if name == "investigator_assessment":
        return _ASSESSMENTS[value]
    if name in ("new_systemic", "serious", "related", "dlt", "immunosuppressant", "below_lloq"):
        return _ANSWERS[value]
    return value


# --- Castor- or OpenClinica-like: a row a subject, semicolons, decimal commas ---------------------


def wide(folder: Path) -> Inputs:
    """A row a subject with a column for each item of each visit; other tables as reports."""
    by_subject: dict[str, Row] = {row["subject_id"]: {} for row in native("subjects")}
    seen: dict[tuple[str, str], int] = {}
    for row in native("visits"):
        subject, visit = row["subject_id"], row["visit"]
        if visit == "UNS":
            seen[subject, visit] = seen.get((subject, visit), 0) + 1
            visit = f"UNS{seen[subject, visit]}"
        for name, value in row.items():
            if name not in ("subject_id", "visit"):
                item = "date" if name == "visit_date" else name
                by_subject[subject][f"{visit}/{item}"] = _with_comma(_slashes(name, value))
    visits = [{"Participant Id": subject} | items for subject, items in by_subject.items()]
    inputs: Inputs = {}
    for table in ("subjects", "therapies", "adverse_events", "kinetics"):
        rows = [
            {n: _with_comma(_slashes(n, v)) if n not in _TEXTS else v for n, v in row.items()}
            for row in native(table)
        ]
        inputs[table] = {
            "path": write_csv(folder / f"{table}.csv", rows, sign=";"), "delimiter": ";",
            "dates": ["DD/MM/YYYY", "MM/YYYY"], "numbers": {"decimal": ","},
        }  # fmt: skip
    tests = {name: name for name in native("visits")[0] if name not in ("subject_id", "visit")}
    del tests["visit_date"]
    inputs["visits"] = {
        "path": write_csv(folder / "visits.csv", visits, sign=";"),
        "delimiter": ";",
        "dates": ["DD/MM/YYYY"],
        "numbers": {"decimal": ","},
        "columns": {"subject_id": "Participant Id", "visit": "visit"},
        "values": {"visit": {f"UNS{number}": "UNS" for number in range(1, 5)}},
        "stack": {"columns": "{visit}/{item}", "value": "cell"},
        "long": {"test": "item", "value": "cell", "tests": {"date": "visit_date"} | tests},
    }
    return inputs


_TEXTS = {"dose_level", "subject_id", "term", "preferred_term", "therapy", "reason", "unit"}


def _slashes(name: str, value: str) -> str:
    return "/".join(reversed(value.split("-"))) if name.endswith("_date") else value


def _with_comma(value: str) -> str:
    return value.replace(".", ",") if value.replace(".", "", 1).isdigit() else value


# --- ADaM-like: analysis datasets, the visits by a query ------------------------------------------


def adam(folder: Path) -> Inputs:
    """ADSL, ADQS and ADLB (a row a parameter), ADCM, ADAE and ADPC; the visits by SQL."""
    subjects = [
        {"STUDYID": "X", "USUBJID": f"X-{row['subject_id']}"} | row for row in native("subjects")
    ]
    parameters = []
    laboratory = []
    for row in native("visits"):
        key = {
            "USUBJID": f"X-{row['subject_id']}", "AVISIT": row["visit"],
            "ADT": _sas(row["visit_date"]),
        }  # fmt: skip
        for name, value in row.items():
            if not value or name in ("subject_id", "visit", "visit_date", *_LIMITS):
                continue
            record = key | {"PARAMCD": name.upper()[:8]}
            if name in _LABORATORY:
                laboratory.append(record | {"AVAL": value, "ANRHI": row[f"{name}_uln"]})
            elif name in ("immunosuppressant", "investigator_assessment"):
                parameters.append(record | {"AVAL": "", "AVALC": value})
            else:
                parameters.append(record | {"AVAL": value, "AVALC": ""})
    sources = {"adqs": parameters, "adlb": laboratory}
    inputs: Inputs = {
        "sources": {n: {"path": write_csv(folder / f"{n}.csv", r)} for n, r in sources.items()}
    }
    for table, rows in (("subjects", subjects), *((t, _keyed(t)) for t in _REST)):
        inputs[table] = {
            "path": write_csv(folder / f"{table}.csv", rows),
            "columns": {"subject_id": "SUBJID" if table == "subjects" else "USUBJID"},
        }
    for row in subjects:
        row["SUBJID"] = row.pop("subject_id")
    write_csv(folder / "subjects.csv", subjects)
    for table in _REST:
        inputs[table]["join"] = [
            {
                "path": str(folder / "subjects.csv"),
                "by": {"USUBJID": "USUBJID"},
                "columns": ["SUBJID"],
            }
        ]
        inputs[table]["columns"] = {"subject_id": "SUBJID"}
    (folder / "visits.sql").write_text(_query(), encoding="utf-8")
    inputs["visits"] = {"sql": str(folder / "visits.sql")}
    return inputs


_REST = ("therapies", "adverse_events", "kinetics")


def _keyed(table: str) -> list[Row]:
    rows = native(table)
    return [{"USUBJID": f"X-{row.pop('subject_id')}"} | row for row in rows]


def _sas(date: str) -> str:
    """Days since 1960."""
    return str((dt.date.fromisoformat(date) - dt.date(1960, 1, 1)).days)


def _query() -> str:
    def picked(name: str, value: str = "coalesce(nullif(AVAL, ''), AVALC)") -> str:
        return f"max({value}) FILTER (WHERE PARAMCD = '{name.upper()[:8]}') AS {name}"

    measures = [
        picked(name)
        for name in NATIVE_COLUMNS["visits"]
        if name not in ("subject_id", "visit", "visit_date", "jdmai1", "jdmai2", *_LABORATORY,
                        *_LIMITS)
    ]  # fmt: skip
    laboratory = [picked(name, "AVAL") for name in _LABORATORY]
    limits = [picked(name, "ANRHI").replace(f"AS {name}", f"AS {name}_uln") for name in _LABORATORY]
    columns = ",\n  ".join((*measures, *laboratory, *limits))
    return f"""\
-- One row a visit, from one row a parameter.
WITH results AS (
  SELECT USUBJID, AVISIT, ADT, PARAMCD, AVAL, AVALC, '' AS ANRHI, source_file, source_row
  FROM adqs
  UNION ALL
  SELECT USUBJID, AVISIT, ADT, PARAMCD, AVAL, '', ANRHI, source_file, source_row FROM adlb
)
SELECT
  replace(USUBJID, 'X-', '') AS subject_id,
  AVISIT AS visit,
  DATE '1960-01-01' + CAST(ADT AS INTEGER) AS visit_date,
  {columns},
  min(source_file) FILTER (WHERE source_file = 'adqs.csv') AS source_file,
  min(source_row) FILTER (WHERE source_file = 'adqs.csv') AS source_row
FROM results
GROUP BY USUBJID, AVISIT, ADT
ORDER BY source_row
"""


# --- SDTM as a sponsor delivers it: split infusions, doses in cells, consent in DS, evaluators ----


def sdtm(folder: Path) -> Inputs:
    """A package with two infusions a child, doses in cells and weights, and an assessor beside."""
    found = domains()
    for record in found["DM"]:
        del record["RFICDTC"]
    infusions = [record for record in found["EX"] if record["EXTRT"] == "CD19 CAR-T"]
    found["EX"] = [record for record in found["EX"] if record["EXTRT"] != "CD19 CAR-T"]
    found["VS"] = []
    for number, record in enumerate(infusions):
        weight = 20 + number
        millions = Decimal(record["EXDOSE"]) * weight / 10**6
        start = dt.datetime.fromisoformat(record["EXSTDTC"])
        for part, days in ((Decimal("0.25"), 0), (Decimal("0.75"), 1)):
            when = start + dt.timedelta(days=days)
            dose = {"EXDOSE": str(millions * part), "EXDOSU": "10^6 CELLS"}
            found["EX"].append(record | dose | {"EXSTDTC": f"{when:%Y-%m-%dT%H:%M}"})
        weighed = {"VSSTRESC": str(weight), "VSSTRESU": "kg", "VSDTC": f"{start:%Y-%m-%d}"}
        found["VS"].append({"USUBJID": record["USUBJID"], "VSTESTCD": "WEIGHT"} | weighed)
    own = [record | {"RSEVAL": "INVESTIGATOR"} for record in found["RS"]]
    found["RS"] = own + [record | {"RSEVAL": "INDEPENDENT ASSESSOR"} for record in own[::7]]
    unscheduled: dict[str, int] = {}
    for domain in ("QS", "FT", "RS", "LB"):
        for record in found[domain]:
            if record["VISIT"] == "UNSCHEDULED":
                key = f"{record['USUBJID']} {record[f'{domain}DTC']}"
                number = unscheduled.setdefault(key, len(unscheduled) + 1)
                record["VISIT"] = f"UNSCHEDULED {number}.01"
    for domain, records in found.items():
        for path, data in written(folder, domain, records, "csv"):
            path.write_bytes(data)
    return {
        "sdtm": {
            "folder": str(folder),
            "format": "csv",
            "infusions": "total",
            "infusion_days": 2,
            "weight": "VS.WEIGHT",
            "units": {"subjects": {"cells_per_kg": "10^6 cells"}},
            "where": {"RS": {"RSEVAL": "INVESTIGATOR"}},
            "variables": {
                "subjects": {
                    "consent_date": "DS.DSSTDTC",
                    "apheresis_date": "SUPPDM.APHDTC",
                    **SECOND_INFUSION,
                }
            },
            "values": {"visits": {"visit": {"UNSCHEDULED *": "UNS"}}},
        }
    }


EXPORTS: dict[str, Callable[[Path], Inputs]] = {
    "rave": rave,
    "redcap": redcap,
    "hospital": hospital,
    "wide": wide,
    "adam": adam,
    "sdtm": sdtm,
}
