"""The section ``laboratory``: the tests that are analysed, and how."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from durable.language import N_
from durable.sections import Line, ListOf, NonEmptyList, Positive, Section, UniqueList, unique_by

#: A code of CDISC: PARAMCD of ADLB.
TestCode = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{0,7}$")]
TestGroup = Literal["haematology", "immunology", "inflammation"]


class LaboratoryTest(Section):
    """A laboratory test."""

    code: TestCode
    """Code of the test in the table laboratory (LBTESTCD)."""
    label: Line
    """What the outputs call it."""
    unit: Line
    """Unit in which it is analysed."""
    units: dict[Line, Positive] = {}
    """Other units in which it may be recorded, each with its factor to `unit`. A record in any
    other unit is an error."""
    group: TestGroup = "haematology"
    """Part of the tables in which it stands."""
    low_grades: Annotated[ListOf[Positive], Field(max_length=3)] = ()
    """CTCAE, decrease: a value below the first is of grade 2, below the second of grade 3, below
    the third of grade 4; grade 1 is below the lower limit of normal of the record. Empty: the test
    is not graded."""

    @model_validator(mode="after")
    def _grades_descend(self) -> LaboratoryTest:
        if any(lower >= higher for higher, lower in pairwise(self.low_grades)):
            raise ValueError("low_grades in descending order")
        if self.unit in self.units:
            raise ValueError("units without `unit` itself")
        return self


def _test(
    code: str,
    label: str,
    unit: str,
    group: TestGroup,
    units: dict[str, float],
    low_grades: tuple[float, ...] = (),
) -> LaboratoryTest:
    return LaboratoryTest(
        code=code, label=label, unit=unit, group=group, units=units, low_grades=low_grades
    )


_PER_MICROLITRE = {"/uL": 0.001, "cells/uL": 0.001}
_PER_DECILITRE = {"mg/dL": 0.01}
#: Grades: NCI CTCAE v5.0 (27 November 2017), Investigations and, of haemoglobin, Anemia, whose
#: grade 4 is clinical.
DEFAULT_TESTS = (
    _test("NEUT", N_("Neutrophils"), "10^9/L", "haematology", _PER_MICROLITRE, (1.5, 1.0, 0.5)),
    _test("LYM", N_("Lymphocytes"), "10^9/L", "haematology", _PER_MICROLITRE, (0.8, 0.5, 0.2)),
    _test("WBC", N_("Leukocytes"), "10^9/L", "haematology", _PER_MICROLITRE, (3.0, 2.0, 1.0)),
    _test("HGB", N_("Haemoglobin"), "g/L", "haematology", {"g/dL": 10.0}, (100.0, 80.0)),
    _test("PLAT", N_("Platelets"), "10^9/L", "haematology", {"/uL": 0.001}, (75.0, 50.0, 25.0)),
    _test("BCELL", N_("B cells (CD19+)"), "cells/uL", "immunology", {"10^9/L": 1000.0}),
    _test("IGG", N_("Immunoglobulin G"), "g/L", "immunology", _PER_DECILITRE),
    _test("IGM", N_("Immunoglobulin M"), "g/L", "immunology", _PER_DECILITRE),
    _test("IGA", N_("Immunoglobulin A"), "g/L", "immunology", _PER_DECILITRE),
    _test("FERRITIN", N_("Ferritin"), "ug/L", "inflammation", {"ng/mL": 1.0}),
    _test("CRP", N_("C-reactive protein"), "mg/L", "inflammation", {"mg/dL": 10.0}),
    _test("IL6", N_("Interleukin 6"), "ng/L", "inflammation", {"pg/mL": 1.0}),
)


class Laboratory(Section):
    """Laboratory tests. Day 0 is the infusion; visits are those of the schedule."""

    tests: Annotated[NonEmptyList[LaboratoryTest], unique_by("code")] = DEFAULT_TESTS
    """Tests that are analysed, in the order of the tables; a plan that names any names all. Records
    of other tests are not used, and listed. Grades of the default are those of NCI CTCAE v5.0."""
    main_tests: UniqueList[TestCode] = ("NEUT", "BCELL", "IGG")
    """Tests that the main table by visit shows; the supplementary one has all."""
    below_lloq: Literal["half", "limit", "zero"] = "half"
    """What a result below the lower limit of quantification counts as in summaries: half the
    limit, the limit, or 0. Its grade is taken only where every value below the limit has the
    same."""

    @model_validator(mode="after")
    def _main_tests_are_declared(self) -> Laboratory:
        codes = [test.code for test in self.tests]
        if not set(self.main_tests) <= set(codes):
            raise ValueError(f"main_tests among {', '.join(codes)}")
        return self

    @property
    def by_code(self) -> dict[str, LaboratoryTest]:
        """The tests by code, in their order."""
        return {test.code: test for test in self.tests}
