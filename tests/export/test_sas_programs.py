"""The SAS programs, read as text: SAS itself is on no machine that runs the tests.

What can be told without it: that everything named is defined, that datasets have the variables read
from them, and that steps, macros, quotes and brackets are closed.
"""

from __future__ import annotations

import re

import pytest

from durable.export import sas_programs
from durable.export.datasets import Dataset
from durable.export.programs import SAS, settings_of
from durable.export.transport import fit_to_xpt
from durable.plan import Plan

TABLES = ("t_improvement", "t_dor", "t_ae_soc_pt", "t_kinetics")
ALL = pytest.mark.parametrize("table", TABLES)
#: Macro language and macro variables of SAS itself.
OWN_MACROS = {
    *("let", "macro", "mend", "if", "then", "else", "do", "end", "put", "local", "include")
}
OWN_MACROS |= {"sysevalf", "length", "nrstr"}
OWN_VARIABLES = {"sysenv"}


def whole(table: str, plan: Plan) -> str:
    """A program with what it includes, without comments."""
    shared = SAS.template("compare")
    text = sas_programs.program(table, plan).replace('%include "&here/compare.sas";', shared)
    assert shared in text
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def without_texts(code: str) -> str:
    return re.sub(r"'[^'\n]*'|\"[^\"\n]*\"", "''", code)


def without_datalines(code: str) -> str:
    return re.sub(r"datalines;.*?\n;", "datalines;", code, flags=re.S)


@ALL
def test_every_macro_is_defined_before_it_is_called(plan: Plan, table: str) -> None:
    code = whole(table, plan)
    defined: set[str] = set()
    opened: list[str] = []
    for name, rest in re.findall(r"%(\w+)(?=([^;]*))", code):
        if name == "macro":
            opened.append(re.findall(r"\w+", rest)[0])
        elif name == "mend":
            assert re.findall(r"\w+", rest) == [opened[-1]]
            defined.add(opened.pop())
        elif name not in OWN_MACROS:
            assert name in defined, name
    assert opened == []


@ALL
def test_every_macro_variable_is_defined(plan: Plan, table: str) -> None:
    code = whole(table, plan)
    used = set(re.findall(r"&(\w+)", code))
    parameters = re.findall(r"%macro \w+\(([^;]*)\);", code)
    defined = {
        *re.findall(r"%let (\w+)", code),
        *re.findall(r"symputx\('(\w+)'", code),
        *re.findall(r"into :(\w+)", code),
        *(name.split("=")[0].strip() for each in parameters for name in each.split(",")),
    }
    assert used - defined - OWN_VARIABLES == set()


@ALL
def test_every_parameter_of_the_plan_is_read(plan: Plan, table: str) -> None:
    block = sas_programs.parameters(table, plan)
    fixed = SAS.template(table) + SAS.template("compare")
    code = re.sub(r"/\*.*?\*/", "", fixed, flags=re.S)
    for setting in settings_of(table, plan):
        is_dataset = f"data {setting.name};" in block
        assert re.search(rf"\b{setting.name}\b" if is_dataset else rf"&{setting.name}\b", code)


def datasets_read(statement: str) -> list[str]:
    """Names of the datasets that a statement of SAS or SQL reads."""
    outside = re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)", "", statement)
    found = re.findall(r"\bdata=(\w+)", statement) if statement.startswith("proc") else []
    if statement.startswith(("set ", "merge ")):
        found += re.sub(r"\w+=\w+", "", outside).split()[1:]
    elif "select" in statement:
        # What follows FROM or JOIN up to the next clause: names with an alias, between commas.
        ends = "inner|left|join|where|group|order|on|$"
        for sources in re.findall(rf"\b(?:from|join) (.*?) ?(?=\b(?:{ends}))", statement):
            found += re.findall(r"(?:^|, ?)(\w+)", sources)
    return [name for name in found if not name.startswith("&")]


@ALL
def test_every_dataset_is_made_before_it_is_read(plan: Plan, table: str) -> None:
    code = without_texts(without_datalines(whole(table, plan)))
    made: set[str] = set()
    for part in code.split(";"):
        statement = " ".join(part.split())
        made |= set(re.findall(r"%read_dataset\((\w+)", statement))
        made |= set(re.findall(r"\b(?:outsurv|out|Quartiles)=(\w+)", statement))
        for name in datasets_read(statement):
            assert name in made or name.startswith("xpt."), (name, statement)
        for pair in re.findall(r"\bdata (\w+)|\bcreate table (\w+)", statement):
            made |= set(pair)


@ALL
def test_steps_quotes_and_brackets_are_closed(plan: Plan, table: str) -> None:
    code = without_datalines(whole(table, plan))
    for line in code.splitlines():
        assert line.count('"') % 2 == 0, line
    plain = without_texts(code)
    assert "'" not in plain.replace("''", "")
    for opening, closing in ("()", "{}"):
        assert plain.count(opening) == plain.count(closing)
    assert len(re.findall(r"\bdo\b", plain)) + len(re.findall(r"\bselect \(", plain)) == len(
        re.findall(r"\bend;", plain)
    )
    steps = re.findall(
        r"^ *(data|proc \w+)\b[^;]*;(.*?)(?=^ *(?:data|proc)\b|\Z)", plain, re.M | re.S
    )
    assert len(steps) > 15
    for kind, body in steps:
        end = "quit;" if kind == "proc sql" else "datalines;" if "datalines;" in body else "run;"
        assert end in body, (kind, body[:200])


@ALL
def test_variables_that_are_read_are_those_of_the_transport_files(
    plan: Plan, datasets: dict[str, Dataset], table: str
) -> None:
    code = whole(table, plan)
    files = {
        name.lower(): {
            variable.name.lower() for variable in fit_to_xpt(dataset, "ascii")[0].variables
        }
        for name, dataset in datasets.items()
    }
    calls = re.findall(r"%read_dataset\((\w+)(?:, ([\w ]+))?\)", code)
    assert len(calls) == 2
    for dataset, variables in calls:
        assert set(variables.split()) <= files[dataset]
    for dataset, variable in re.findall(r"%restore_text\((\w+), (\w+)\)", code):
        assert variable.lower() in files[dataset]
    # Those of ADSL, of the groups and of the windows.
    assert {"usubjid", "saffl", "blremfl", "doselvl", "part", "sex"} <= files["adsl"]
    for flag in re.findall(r"\|(W\d+FL|TRTEMFL)$", code, re.M):
        assert flag.lower() in files["adae"]
    assert all(len(name) <= 8 for names in files.values() for name in names)


@ALL
def test_lines_are_short_enough_to_read_and_of_ascii(plan: Plan, table: str) -> None:
    for text in (SAS.template(table), SAS.template("compare"), SAS.template("folder")):
        assert text.isascii()
        assert max(map(len, text.splitlines())) <= 100


def test_what_ends_a_comment_in_the_name_of_a_study_does_not(plan: Plan) -> None:
    study = plan.study.model_copy(update={"id": "A*/ endsas; /*B"})
    block = sas_programs.parameters("t_kinetics", plan.model_copy(update={"study": study}))
    assert "A* / endsas; /*B" in block
    assert re.sub(r"/\*.*?\*/", "", block, flags=re.S).count("endsas") == 0
