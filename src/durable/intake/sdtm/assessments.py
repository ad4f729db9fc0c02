"""The visits of an SDTM package, put together from the results in its findings domains."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from durable.contracts.tables.visits import VISITS
from durable.intake.findings import Recorded, texts_in_words
from durable.intake.sdtm.domain import has_one_of, strip_texts
from durable.intake.sdtm.maker import PlacedColumn, TableMaker, without_time
from durable.intake.sdtm.results import report_contradicted
from durable.intake.sdtm.selecting import Selecting
from durable.intake.value_maps import ValueMap
from durable.language import _
from durable.plan.sdtm import evaluators, selecting_variables

#: Ends of the variables in which results of one test are results of several measures.
_TELLING = ("CAT", "SCAT", "SPEC")
#: Column of the upper limit of normal, by measure.
_LIMITS = {column.limit_of: column.name for column in VISITS.columns if column.limit_of}


class Assessments(TableMaker):
    """The visits: results of one subject, visit and day from several domains are one assessment."""

    def make_table(self) -> Recorded:
        """The native table: a row for each subject, date and label of the visit, sorted by them.

        ``source_row`` numbers the rows from 1; the cells have their file and record in ``origin``.
        """
        self._report_unqualified()
        results = pd.concat([*self._results()], ignore_index=True)
        maps = self.sdtm.values.get(self.table, {})  # noqa: PD011  (a key of the plan)
        labels = ValueMap(self.spec("visit"), maps.get("visit", {}))
        results["label"] = results["visit"].map(lambda text: labels.read(text.strip()))
        keys = ["subject_id", "date", "label"]
        order = results.drop_duplicates(keys).sort_values(keys, kind="stable")
        rows = pd.RangeIndex(len(order))
        number = pd.Series(rows, index=pd.MultiIndex.from_frame(order[keys]))
        first = order[["file", "row"]].set_axis(rows)
        columns = {
            native: PlacedColumn(order[key].set_axis(rows), first)
            for native, key in (
                ("subject_id", keys[0]),
                ("visit_date", keys[1]),
                ("visit", "visit"),
            )
        }
        for name in self.places:
            measured = results.loc[results["column"] == name]
            is_repeat = measured.duplicated(keys)
            self._report_duplicates(name, measured.loc[is_repeat])
            first_results = measured.loc[~is_repeat]
            row = number.reindex(pd.MultiIndex.from_frame(first_results[keys])).to_numpy("int64")
            columns |= _measure_columns(name, first_results.set_axis(row), first)
        return self.native_table(columns, pd.Series(rows + 1, index=rows, dtype="int64"))

    def _report_duplicates(self, column: str, repeats: pd.DataFrame) -> None:
        for domain, lines in repeats.groupby("domain"):
            rows, name = lines["number"].tolist(), f"{domain!s}TESTCD"
            self.report(
                str(domain), rows, column, "duplicate_record", _("one result a visit"), name
            )

    def _results(self) -> Iterator[pd.DataFrame]:
        """Results of every measure, one row each, with their file and record."""
        for column, source in self.places.items():
            domain, code = source.split(".")
            frame = self.frame(domain)
            chosen = frame.loc[self._is_meant(column, frame, domain, code)]
            if chosen.empty and self.is_mapped(column):
                self.report_empty(column, domain, source)
            chosen = self._accepted_results(column, domain, chosen)
            report_contradicted(self, domain, chosen, column)
            value = chosen[f"{domain}STRESC"]
            number = f"{domain}STRESN"
            if number in chosen:
                value = value.mask(value == "", chosen[number])
            chosen, value = chosen.loc[value != ""], value.loc[value != ""]
            self._report_mixed(column, domain, chosen)
            limit: str | pd.Series[str] = ""
            if column in _LIMITS:
                self.check_unit(domain, chosen, f"{domain}STRESU", column)
                limit = chosen[f"{domain}STNRHI"]
            yield pd.DataFrame(
                {
                    "subject_id": chosen["USUBJID"],
                    "visit": chosen["VISIT"],
                    "date": chosen[f"{domain}DTC"].map(without_time),
                    "column": column,
                    "value": value,
                    "limit": limit,
                    "domain": domain,
                    **self.domains[domain].locate(chosen.index),
                    "number": chosen.index,
                }
            ).astype({"row": "int64", "number": "int64"})

    def _is_meant(
        self, column: str, frame: pd.DataFrame, domain: str, code: str
    ) -> pd.Series[bool]:
        """Which records are results of a measure, by their test and its qualifiers."""
        test = strip_texts(frame[f"{domain}TESTCD"]) == code
        return test & has_one_of(frame, self.sdtm.qualifiers.get(column, {}))

    def _report_unqualified(self) -> None:
        """Report results of a test that are of none of the measures that are read from it."""
        qualifiers = self.sdtm.qualifiers
        sources = (self.places[name] for name in self.places if name in qualifiers)
        for source in dict.fromkeys(sources):
            domain, code = source.split(".")
            frame = self.frame(domain)
            columns = [name for name in self.places if self.places[name] == source]
            meant = [self._is_meant(name, frame, domain, code) for name in columns]
            unqualified = strip_texts(frame[f"{domain}TESTCD"]) == code
            selecting = Selecting(self.table, source, self.sdtm, self.findings)
            for name, mine in zip(columns, meant, strict=True):
                unqualified &= ~mine
                for variable, texts in qualifiers.get(name, {}).items():
                    key = f"inputs.sdtm.qualifiers.{name}.{variable}"
                    selecting.report_unknown(
                        self.domains[domain], frame[variable], texts, key, variable
                    )
            conditions = [item for name in columns for item in qualifiers[name].items()]
            words = _(" or ").join(
                f"{variable} {texts_in_words(texts)}" for variable, texts in conditions
            )
            selecting.report_left_out(
                self.domains[domain], frame.index[unqualified], conditions[0][0], words,
                "inputs.sdtm.qualifiers", columns[0],
            )  # fmt: skip

    def _report_mixed(self, column: str, domain: str, chosen: pd.DataFrame) -> None:
        """Report results that differ in what the plan does not decide: another category, urine."""
        for name in (f"{domain}{suffix}" for suffix in _TELLING):
            if name not in chosen or name in selecting_variables(column, domain, self.sdtm):
                continue
            folded = strip_texts(chosen[name]).str.casefold()
            filled = chosen.loc[folded != ""]
            is_repeat = folded.loc[filled.index].duplicated()
            first, *other_records = filled.index[~is_repeat].tolist() or [None]
            if other_records:
                key = f"inputs.sdtm.qualifiers.{column}.{name}"
                words = _("{text} as before, or those that count ({key})").format(
                    text=str(chosen.loc[first, name]).strip(), key=key
                )
                self.report(domain, other_records, column, "mixed_qualifiers", words, name)

    def _accepted_results(self, column: str, domain: str, chosen: pd.DataFrame) -> pd.DataFrame:
        """The results of the evaluators that count; the others are reported.

        One without an evaluator counts, unless an identifier says that there was one (--EVALID).
        """
        names = [name for name in (f"{domain}EVAL", f"{domain}EVALID") if name in chosen]
        stated = selecting_variables(column, domain, self.sdtm) & {
            f"{domain}EVAL",
            f"{domain}EVALID",
        }
        if not names or (stated and column not in self.sdtm.evaluators):
            return chosen
        counted = evaluators(self.table, column, self.sdtm)
        stated_by = [strip_texts(chosen[name]).str.upper() for name in names]
        nobody = (pd.concat(stated_by, axis=1) == "").all(axis=1)
        named = stated_by[0].isin(counted) if names[0] == f"{domain}EVAL" else nobody
        key = f"inputs.sdtm.evaluators.{column}"
        expected = _("{evaluators}, or no evaluator ({key}); the result is not used").format(
            evaluators=_(" or ").join(counted), key=key
        )
        unused = chosen.loc[~(nobody | named)]
        if names[0] == f"{domain}EVAL":
            evaluated = unused.index[unused[names[0]] != ""]
            self.report(domain, evaluated, column, "unused_record", expected, names[0])
            unused = unused.drop(evaluated)
        self.report(domain, unused.index, column, "unused_record", expected, names[-1])
        return chosen.loc[nobody | named]


def _measure_columns(
    column: str, results: pd.DataFrame, first: pd.DataFrame
) -> dict[str, PlacedColumn]:
    """A measure, and the limit of an enzyme, from its results; elsewhere empty."""
    places = results[["file", "row"]].reindex(first.index).fillna(first).astype({"row": "int64"})
    pairs = {column: "value"} | ({_LIMITS[column]: "limit"} if column in _LIMITS else {})
    return {
        native: PlacedColumn(results[key].reindex(first.index, fill_value=""), places)
        for native, key in pairs.items()
    }
