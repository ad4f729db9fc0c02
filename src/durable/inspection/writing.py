"""The draft as YAML with remarks, and the list of questions below it."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from durable.characters import NO_CHARACTERS, UNSEEN
from durable.inspection.drafting import KeyPath, StudyDraft

_WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: Words that versions of YAML read otherwise.
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"))
_HIDDEN = re.compile(f"[{UNSEEN}{NO_CHARACTERS}\t\n\r]")
#: Keys whose texts are always quoted, as the documentation asks.
_QUOTED = frozenset(("values", "missing", "constant", "where", "infusion"))
_BLOCKS = frozenset(("columns", "values", "tests"))
_HEADING = """\
# A draft of a configuration, by `durable inspect`: a proposal to be read line by line.
# Every remark says how sure a line is (sure, likely, please check) and by what it was found.
"""


def write_draft(study: StudyDraft, troubles: list[str]) -> str:
    """The draft as the text of a configuration file: YAML, then all questions as a comment.

    Texts with hidden characters are left out, which a question says.

    Parameters
    ----------
    troubles
        What is wrong with files, in words (`Reading.troubles`); they are the first questions.
    """
    plan, hidden = _without_hidden(study.plan)
    lines = [_HEADING]
    for name, section in plan.items():
        lines += _remark_above(study.remarks.get((name,), ""))
        lines += _block(name, section, 0, (name,), study.remarks)
        lines.append("")
    questions = [*troubles, *study.questions]
    if hidden:
        questions.append(f"{hidden} text(s) with hidden characters are left out of this draft.")
    return "\n".join([*lines, *_questions(questions, study)]) + "\n"


def _questions(questions: list[str], study: StudyDraft) -> Iterator[str]:
    unique = list(dict.fromkeys(questions))
    if study.checked:
        yield f"# {study.checked}."
    elif not study.loads:
        yield "# It cannot be read as a configuration before the first questions are answered."
    yield f"# Questions ({len(unique)}):" if unique else "# Questions: none."
    for number, question in enumerate(unique, 1):
        text = _HIDDEN.sub("?", question)
        first, rest = f"# {number:>3}. ", "#      "
        yield from textwrap.wrap(
            text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False
        )


def _remark_above(text: str) -> list[str]:
    if not text:
        return []
    clean = _HIDDEN.sub("?", text)
    return textwrap.wrap(clean, _WIDTH, initial_indent="# ", subsequent_indent="# ")


def _block(
    key: str, value: Any, depth: int, path: KeyPath, remarks: Mapping[KeyPath, str]
) -> Iterator[str]:
    """The lines of a key: in one where they fit and nothing is to be said of a part."""
    indent = "  " * depth
    remark = _HIDDEN.sub("?", remarks.get(path, "")) if depth else ""
    name = scalar(key, quoted=_has_codes(path[:-1]))
    inner = any(len(other) > len(path) and other[: len(path)] == path for other in remarks)
    flow = f"{indent}{name}: {_flow(value, path)}"
    nested = isinstance(value, Mapping) and any(isinstance(v, Mapping) for v in value.values())
    open_block = inner or nested or depth == 0 or key in _BLOCKS
    comment = f"  # {remark}" if remark else ""
    if depth == 1 and isinstance(value, Mapping):
        yield from (f"{indent}{line}" for line in _remark_above(remark))
        comment = ""
    if not isinstance(value, Mapping | list) or not value or not (open_block or len(flow) > _WIDTH):
        yield f"{flow}{comment}"
        return
    yield f"{indent}{name}:{comment}"
    if isinstance(value, Mapping):
        for inner_key, inner_value in value.items():
            yield from _block(inner_key, inner_value, depth + 1, (*path, inner_key), remarks)
        return
    for number, item in enumerate(value):
        yield from _item(item, depth + 1, (*path, number))


def _item(item: Any, depth: int, path: KeyPath) -> Iterator[str]:
    """An entry of a list."""
    indent = "  " * depth
    flow = f"{indent}- {_flow(item, path)}"
    if len(flow) <= _WIDTH or not isinstance(item, Mapping):
        yield flow
        return
    lines = [
        line for key, value in item.items() for line in _block(key, value, 1, (*path, key), {})
    ]
    for number, line in enumerate(lines):
        yield f"{indent}{'- ' if number == 0 else '  '}{line[2:]}"


def _flow(value: Any, path: KeyPath) -> str:
    """A value in one line."""
    if isinstance(value, Mapping):
        pairs = (
            f"{scalar(k, quoted=_has_codes(path))}: {_flow(v, (*path, k))}"
            for k, v in value.items()
        )
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(item, (*path, 0)) for item in value) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return scalar(str(value), quoted=not _QUOTED.isdisjoint(path))


def _has_codes(path: KeyPath) -> bool:
    """Whether the keys below a key of the plan are values of cells: those are quoted."""
    return path[-1:] == ("tests",) or path[-2:-1] == ("values",)


def scalar(text: str, *, quoted: bool = False) -> str:
    """A text as YAML; in double quotes if `quoted`, or where it could be read as something else.

    A date (YYYY-MM-DD) has no quotes.
    """
    plain = _PLAIN.fullmatch(text) and text.casefold() not in _WORDS
    if not quoted and (plain or _DATE.fullmatch(text)):
        return text
    return json.dumps(text, ensure_ascii=False)


def _without_hidden(value: Any) -> tuple[Any, int]:
    """The values without texts that a plan cannot hold, and how many those were."""
    if isinstance(value, Mapping):
        kept: dict[str, Any] = {}
        hidden = 0
        for key, inner in value.items():
            if _HIDDEN.search(key) or (isinstance(inner, str) and _HIDDEN.search(inner)):
                hidden += 1
                continue
            kept[key], more = _without_hidden(inner)
            hidden += more
        return kept, hidden
    if isinstance(value, list | tuple):
        shown = [item for item in value if not (isinstance(item, str) and _HIDDEN.search(item))]
        parts = [_without_hidden(item) for item in shown]
        return [part for part, _ in parts], len(value) - len(shown) + sum(n for _, n in parts)
    return value, 0
