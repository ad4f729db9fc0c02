"""The section ``inputs``: the study's tables, or an SDTM package in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Strict, create_model

from durable.contracts.input_table import PartialRule
from durable.contracts.tables import INPUT_TABLES
from durable.plan.limits import Limits
from durable.plan.severity import LoweredRule
from durable.plan.source_files import Input, OneOrMore, SourceFile, as_section
from durable.sections import Name, Section, Text, UniqueList, unique

#: DOMAIN.VARIABLE, or nothing.
PLACE = r"^([A-Z]{2}|SUPP[A-Z]{2})\.[A-Z][A-Z0-9_]{0,7}$|^$"


def _all_tables(tables: tuple[str, ...]) -> tuple[str, ...]:
    required = [table.name for table in INPUT_TABLES.values() if table.required]
    if not set(required) <= set(unique(tables)):
        raise ValueError(f"{', '.join(required)} and no table twice")
    return tables


#: Tables that can be made from an SDTM package.
SDTM_TABLES = tuple(table.name for table in INPUT_TABLES.values() if table.sdtm is not None)
_USUAL_SDTM_TABLES = tuple(
    table.name
    for table in INPUT_TABLES.values()
    if table.sdtm is not None and not table.sdtm.when_named
)
if TYPE_CHECKING:
    SdtmTableName = str
else:
    SdtmTableName = Literal[SDTM_TABLES]


class Sdtm(Section):
    """An SDTM package in place of native tables (docs/inputs.md)."""

    folder: Text
    """Folder of the domains: dm.xpt and so on."""
    format: Literal["xpt", "csv", "dataset-json"] = "xpt"
    """Format of the domains' files."""
    encoding: Literal["utf-8", "utf-16", "gb18030", "windows-1252"] | None = None
    """Encoding of the text in xpt and csv files, as for a table."""
    files: dict[str, OneOrMore] = {}
    """Names of the files of a domain in the folder, where it is not dm.xpt and so on: one, or those
    of a split domain ([qsph.xpt, qsca.xpt]), read one below the other."""
    sha256: dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = {}
    """Expected SHA-256 of the files by domain (DM, SUPPDM), of a split domain by file (QSPH,
    QSCA); a file that differs is refused."""
    records: dict[str, Annotated[int, Field(ge=0)]] = {}
    """Expected number of records, by domain or file as sha256; a file with another number is
    refused."""
    tables: Annotated[tuple[SdtmTableName, ...], Strict(False), AfterValidator(_all_tables)] = (
        _USUAL_SDTM_TABLES
    )
    """Native tables to make from the package; laboratory only where it is named here. Another table
    may be given beside the package as inputs.TABLE, its subjects by USUBJID."""
    where: dict[str, dict[str, OneOrMore]] = {}
    """Records that count, by domain: the text of a variable, or the texts ('' is an empty one), as
    in inputs.TABLE.where. Of subjects that are left out of DM no record counts."""
    where_not: dict[str, dict[str, OneOrMore]] = {}
    """Records that do not count, by domain and variable."""
    infusion: Annotated[tuple[Text, ...], Strict(False), Field(min_length=1)] = ("CD19 CAR-T",)
    """EXTRT of the infusion."""
    infusions: Literal["single", "first", "total"] = "single"
    """What counts of several infusions of a subject: a second is an error; the first alone; or the
    date of the first and the sum of the doses."""
    infusion_days: Annotated[int, Field(ge=1, le=365)] | None = None
    """Of total: an infusion more days than this after the first is an error."""
    weight: Annotated[str, Field(pattern=r"^[A-Z]{2}\.[A-Z][A-Z0-9_]{0,7}$")] | None = None
    """Body weight in kg as DOMAIN.TESTCD (VS.WEIGHT). A dose in cells (units.subjects.cells_per_kg:
    cells, 10^6 cells) is divided by the last one up to the day of infusion."""
    lymphodepletion: Annotated[tuple[Text, ...], Strict(False)] = (
        "FLUDARABINE",
        "CYCLOPHOSPHAMIDE",
    )
    """EXTRT of the lymphodepletion, which begins on the first date of any of them."""
    consent: Annotated[tuple[Text, ...], Strict(False)] = ("INFORMED CONSENT OBTAINED",)
    """DSDECOD of the consent, where variables.subjects.consent_date is a variable of DS."""
    withdrawal: Annotated[tuple[Text, ...], Strict(False)] = (
        "WITHDRAWAL BY SUBJECT",
        "WITHDRAWAL BY PARENT/GUARDIAN",
        "PHYSICIAN DECISION",
        "LOST TO FOLLOW-UP",
    )
    """DSDECOD of a withdrawal from the study."""
    below_lloq: Annotated[tuple[Text, ...], Strict(False)] = ("BLQ", "BLOQ", "BQL")
    """Results of a sample below the limit of quantification, beside those that begin with <."""
    variables: dict[str, dict[str, Annotated[str, Field(pattern=PLACE)]]] = {}
    """By table and native column: DOMAIN.VARIABLE (of a visit: DOMAIN.TESTCD) where it is not the
    default of docs/inputs.md; empty: not recorded."""
    qualifiers: dict[str, dict[str, OneOrMore]] = {}
    """By column of visits: which results of its test count, by variable and text (QSCAT), so
    that two columns may be read from one test."""
    evaluators: dict[str, Annotated[tuple[Text, ...], Strict(False), Field(min_length=1)]] = {}
    """By column of visits: the evaluators (--EVAL) whose results count, beside records without one.
    Default: INVESTIGATOR and, for what a family reports, those in docs/inputs.md. Other results are
    not used, and listed."""
    values: dict[str, dict[str, dict[str, str]]] = {}
    """By table: values as in inputs.TABLE.values; visits.visit names the visits."""
    partial_dates: dict[str, dict[str, PartialRule]] = {}
    """By table: how dates without their day or month are read, as inputs.TABLE.partial_dates."""
    units: dict[str, dict[str, Text]] = {}
    """By table: units as in inputs.TABLE.units."""


if TYPE_CHECKING:
    _Tables = Section
else:
    _FIELDS: dict[str, Any] = {
        table.name: (Input | None, Field(None, description=table.description))
        for table in INPUT_TABLES.values()
    }
    _Tables = create_model("_Tables", __base__=Section, **_FIELDS)


class Inputs(_Tables):
    """The study's tables: subjects and what else there is; or an SDTM package, and others."""

    sdtm: Sdtm | None = None
    """An SDTM package in place of tables."""
    sources: dict[Name, Annotated[SourceFile, BeforeValidator(as_section)]] = {}
    """Files that queries read (inputs.TABLE.sql), by the name that they have there."""
    severity: UniqueList[LoweredRule] = ()
    """Findings that are warnings in this analysis and errors elsewhere, each with its reason."""
    limits: Limits = Limits()
    """How large the files may be."""
    checksums: Text | None = None
    """The vendor's list of checksums, as sha256sum, md5sum or shasum write it. Before anything is
    read, each file of the list is compared, and each input must be in it."""

    @property
    def table_names(self) -> tuple[str, ...]:
        """The native tables that the study gives, as files or in its package."""
        from_package = () if self.sdtm is None else self.sdtm.tables
        given = (name for name in INPUT_TABLES if getattr(self, name) is not None)
        return tuple(dict.fromkeys((*from_package, *given)))

    @property
    def has_origins(self) -> bool:
        """Whether the cells of a row can stand in several places of the files."""
        if self.sdtm is not None:
            return True
        tables = (getattr(self, name) for name in INPUT_TABLES)
        return any(table is not None and table.is_reshaped for table in tables)
