"""Laboratory results in the files of others: names of tests, and spellings of units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from durable.contracts.spelling import fold
from durable.inspection.names import letters_and_digits
from durable.plan.laboratory import DEFAULT_TESTS

#: By code of a test of the plan's defaults what else it is called, in English and in Chinese.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "NEUT": (
        *("neutrophil", "neutrophil count", "absolute neutrophil count", "anc", "neutrophils abs"),
        *("neutrophils absolute", "中性粒细胞", "中性粒细胞计数", "中性粒细胞绝对值"),
    ),
    "LYM": (
        *("lymphocyte", "lymph", "lymphocyte count", "absolute lymphocyte count", "alc"),
        *("lymphocytes absolute", "淋巴细胞", "淋巴细胞计数", "淋巴细胞绝对值"),
    ),
    "WBC": (
        *("leucocytes", "white blood cells", "white blood cell count", "white cell count"),
        *("white blood cell", "白细胞", "白细胞计数"),
    ),
    "HGB": ("hb", "hemoglobin", "血红蛋白"),
    "PLAT": ("plt", "platelet", "platelet count", "thrombocytes", "血小板", "血小板计数"),
    "BCELL": (
        *("b cells", "b cell", "b lymphocytes", "b cell count", "cd19", "cd19 cells", "cd19 b"),
        *("cd19 b cells", "b cells absolute", "cd19 absolute count", "b细胞", "b细胞计数"),
        *("cd19 b细胞", "b淋巴细胞", "cd19阳性b细胞"),
    ),
    "IGG": ("免疫球蛋白g",),
    "IGM": ("免疫球蛋白m",),
    "IGA": ("免疫球蛋白a",),
    "FERRITIN": ("ferr", "serum ferritin", "铁蛋白", "血清铁蛋白"),
    "CRP": ("c reactive protein", "c反应蛋白"),
    "IL6": ("interleukin 6", "白介素6", "白细胞介素6"),
}
#: Spellings of one unit, without blanks and in small letters.
_SAME_UNIT = (
    (
        *("10^9/l", "10*9/l", "x10^9/l", "x10*9/l", "10e9/l", "x10e9/l", "10**9/l", "giga/l"),
        *("10^3/ul", "10*3/ul", "x10^3/ul", "x10*3/ul", "10e3/ul", "x10e3/ul", "k/ul", "thou/ul"),
        *("10^3/mm3", "x10^3/mm3", "k/mm3"),
    ),
    ("/ul", "cells/ul", "cell/ul", "/mm3", "cells/mm3", "cell/mm3", "个/ul"),
    ("ug/l", "mcg/l"),
)


@cache
def _codes() -> dict[str, str]:
    return {
        letters_and_digits(name): test.code
        for test in DEFAULT_TESTS
        for name in (test.code, test.label, *_NAMES[test.code])
    }


def tests_named(names: Iterable[str]) -> dict[str, str]:
    """By name the code of the laboratory test, of the plan's defaults, that it means (WBC, HGB).

    Unknown names are left out, and so are shares of cells (with %) and cells without CD19 (CD19-).
    """
    candidates = [name for name in names if "%" not in name and "cd19-" not in fold(name)]
    known = {name: _codes().get(letters_and_digits(name)) for name in candidates}
    return {name: code for name, code in known.items() if code is not None}


def units_named(used: Mapping[str, set[str]]) -> tuple[dict[str, str], list[str]]:
    """By recorded unit the declared one of which it is another spelling; and units of neither kind.

    Units that are spelled as declared are in neither result.

    Parameters
    ----------
    used
        By recorded unit the codes of the tests that are recorded in it, at least one. It must be a
        unit of each of them.
    """
    declared = {test.code: (test.unit, *test.units) for test in DEFAULT_TESTS}
    named_units: dict[str, str] = {}
    unknown: list[str] = []
    for unit, codes in used.items():
        shared = [
            name for name in declared[min(codes)] if all(name in declared[code] for code in codes)
        ]
        if unit in shared:
            continue
        same = [name for name in shared if _is_same_unit(name, unit)]
        if same:
            named_units[unit] = same[0]
        else:
            unknown.append(unit)
    return named_units, unknown


def _is_same_unit(unit: str, other_unit: str) -> bool:
    pair = {_plain(unit), _plain(other_unit)}
    return len(pair) == 1 or any(pair <= set(spellings) for spellings in _SAME_UNIT)


def _plain(unit: str) -> str:
    # To fold a raised figure would make it one of the number.
    raised = unit.replace("\u2079", "^9").replace("\u00b3", "^3" if "10" in unit else "3")
    return fold(raised).replace("\u03bc", "u").replace("\u00d7", "x")
