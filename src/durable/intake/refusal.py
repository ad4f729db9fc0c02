"""Refusal of data with errors, by the listing of findings. Light to import."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from durable.errors import DataError
from durable.intake.rules import RULES

#: Errors that the message of a refusal names.
_NAMED = 5


def refuse_errors(queries: Path) -> None:
    """Stop where a queries.csv lists an error.

    Raises
    ------
    DataError
        With the number of errors and warnings, the path of the listing, and file, row, column and
        rule of the first five errors: not with values, since the message stands in a log.
    """
    count: Counter[str] = Counter()
    errors: list[dict[str, str]] = []
    with queries.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        severity = header.index("severity")
        for row in rows:
            count[row[severity]] += 1
            if row[severity] == "error" and len(errors) < _NAMED:
                errors.append(dict(zip(header, row, strict=True)))
    if not errors:
        return
    summary = f"{count['error']} error(s) and {count['warning']} warning(s)"
    more = count["error"] - len(errors)
    raise DataError(
        "\n".join(
            [
                f"{summary} in the data: see {queries}."
                " Nothing was analysed; earlier results are as they were.",
                *(
                    f"  {_location(row)}: {row['rule']}. {RULES[row['rule']].found}"
                    for row in errors
                ),
                *([f"  and {more} more"] if more else []),
            ]
        )
    )


def severities(queries: Path) -> Counter[str]:
    """Number of findings in a queries.csv by severity, ``error`` or ``warning``; 0 if none."""
    with queries.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        position = next(rows).index("severity")
        return Counter(row[position] for row in rows)


def _location(finding: dict[str, str]) -> str:
    row = f"row {finding['row']}" if finding["row"] else ""
    return ", ".join(filter(None, [finding["file"] or finding["table"], row, finding["column"]]))
