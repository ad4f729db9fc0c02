"""The section ``laboratory``: the tests that are analysed, and how."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from durable.language import N_
from durable.plan.findings import Finding, one_of
from durable.sections import (
    FromOne,
    Line,
    ListOf,
    NonEmptyList,
    Positive,
    Section,
    UniqueList,
    unique_by,
)

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


class BCells(Section):
    """B-cell aplasia and recovery."""

    test: TestCode = "BCELL"
    """Test that counts the B cells."""
    aplasia_below: Positive = 50.0
    """Aplasia is a result below this, in the unit of the test. There is no consensus; limits from
    10 to 100 per microlitre are in use: the protocol's belongs here."""
    recovery_at_least: Positive = 100.0
    """Recovery is a result of at least this, confirmed ..."""
    recovery_consecutive: FromOne = 2
    """... by so many consecutive results, and dated at the first of them."""
    infection: Line = "INFECTION"
    """Value of aesi that marks infections, which are counted in aplasia."""
    immunoglobulin: TestCode = "IGG"
    """Test whose lowest value stands beside aplasia."""
    replacement: UniqueList[Line] = ("immunoglobulin, intravenous",)
    """Therapies (therapies.therapy) that are replacement of immunoglobulin."""

    @model_validator(mode="after")
    def _recovery_is_no_aplasia(self) -> BCells:
        if self.recovery_at_least < self.aplasia_below:
            raise ValueError("recovery_at_least not below aplasia_below")
        return self


class Icaht(Section):
    """Haematotoxicity by neutropenia (ICAHT): EHA/EBMT consensus, Rejeski et al., Blood 2023."""

    test: TestCode = "NEUT"
    """Test that counts the neutrophils; limits are in its unit."""
    early_last_day: FromOne = 30
    """Early ICAHT is of the days from 0 to this one."""
    late_last_day: FromOne = 100
    """Late ICAHT is of the days after the early ones, up to this one."""
    severe: Positive = 0.5
    """Severe neutropenia is a count of at most this (500 per microlitre) ..."""
    severe_days: Annotated[ListOf[FromOne], Field(min_length=2, max_length=2)] = (7, 14)
    """... of grade 1 from one day on, of grades 2 and 3 from so many days on; grade 4: never
    above it."""
    profound: Positive = 0.1
    """Profound neutropenia is a count of at most this (100 per microlitre) ..."""
    profound_days: Annotated[ListOf[FromOne], Field(min_length=2, max_length=2)] = (7, 14)
    """... of grades 3 and 4 from so many days on."""
    duration: Literal["longest", "cumulative"] = "longest"
    """Days of the longest spell, or of all spells together."""
    recovery_days: FromOne = 3
    """Days in a row above a limit that end a spell; fewer count to it."""
    max_gap_days: Annotated[int, Field(ge=0)] = 7
    """Days without a result between two that are interpolated; in longer gaps, before the first and
    after the last result the count is unknown."""
    late_limits: Annotated[ListOf[Positive], Field(min_length=4, max_length=4)] = (
        *(1.5, 1.0, 0.5, 0.1),
    )
    """Late ICAHT: limits of grades 1 to 4, at most, ..."""
    late_results: FromOne = 2
    """... reached on so many days."""

    @model_validator(mode="after")
    def _in_order(self) -> Icaht:
        if self.profound >= self.severe:
            raise ValueError("profound below severe")
        for days in (self.severe_days, self.profound_days):
            if days[0] >= days[1]:
                raise ValueError("severe_days and profound_days in ascending order")
        if any(lower >= higher for higher, lower in pairwise(self.late_limits)):
            raise ValueError("late_limits in descending order")
        if self.late_last_day <= self.early_last_day:
            raise ValueError("late_last_day after early_last_day")
        return self


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

    b_cells: BCells = BCells()
    """B-cell aplasia and recovery."""
    icaht: Icaht = Icaht()
    """Haematotoxicity by neutropenia (ICAHT)."""

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


def laboratory_findings(section: Laboratory) -> Iterator[Finding]:
    """Findings on tests that the plan names in a rule and does not declare: none has a result.

    The tests of the defaults may be absent: a plan that names its tests may have no B cells, and a
    pinned one states all of them.
    """
    named = [
        ("b_cells.test", section.b_cells, section.b_cells.test),
        ("b_cells.immunoglobulin", section.b_cells, section.b_cells.immunoglobulin),
        ("icaht.test", section.icaht, section.icaht.test),
    ]
    for key, rule, code in named:
        default = type(rule).model_fields[key.partition(".")[2]].default
        if code not in {*section.by_code, default}:
            expected = f"a test of laboratory.tests: {one_of(code, section.by_code)}"
            yield Finding(f"laboratory.{key}", repr(code), expected)
