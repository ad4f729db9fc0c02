"""English that is left on a page in Chinese."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from durable.plan import Plan

#: Names of methods, standards and programs, which have no Chinese form; the title of a plan that
#: gives none.
NAMES = (
    *("SAS LIFETEST", "R survfit", "CTCAE v", "CDISC Dataset-JSON", "CDISC define", "durable sign"),
    *(
        "PARAMCD DOR",
        "PARAMCD EFS",
        "PARAMCD TTREM",
        "PARAMCD TTIMP",
        "PARAMCD OS",
        "PARAMCD TIS",
        "lin-up log-down",
    ),
    *("Cai & DasGupta", "Efficacy and duration of response"),
    *("ICH E3 Q&A R", "ICH E9", "Fisher z", "HBV DNA", "HCV RNA", "CMV DNA"),
)
#: Two words or more one after another, in Latin letters.
_WORDS = re.compile(r"[A-Za-z][A-Za-z'-]+(?: [A-Za-z][A-Za-z'-]*)+")
_SHOWN = ("alt", "aria-label", "title", "data-of")


class _Shown(HTMLParser):
    """The texts of a page that are seen or heard."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in ("style", "script")
        self.texts += [value for name, value in attrs if name in _SHOWN and value]

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.texts.append(data)


def english(page: str, data: Iterable[str]) -> list[str]:
    """What stands on a page as two English words or more, and is neither data nor a name."""
    shown = _Shown()
    shown.feed(page)
    given = sorted({text for text in (*data, *NAMES) if " " in text}, key=len, reverse=True)
    words = re.compile("|".join(map(re.escape, given)), re.IGNORECASE)
    return [found for text in shown.texts for found in _WORDS.findall(words.sub("|", text))]


def words_of_data(folder: Path) -> Iterator[str]:
    """The cells of the tables of a study."""
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                yield from row


def values_of(basis: str) -> list[str]:
    """Columns with their values, which decide a criterion of eligibility, without their rows."""
    return re.split(r"(?:^|; )(?:\w+ row [\d, ]+|therapies|not recorded): |, ", basis)[1:]


def words_of_plan(plan: Plan) -> Iterator[str]:
    """The texts that a plan gives: titles, names, labels."""
    yield from _texts(plan.model_dump(mode="json"))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
