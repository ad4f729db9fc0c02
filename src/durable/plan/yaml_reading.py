"""Reads YAML safely and strictly: what a person sees is what is read, or it is refused.

Versions of YAML part on plain words and numbers: ``no`` is false in 1.1 and text in 1.2, ``014`` is
12 in 1.1 and 14 in 1.2. Words are text, as in 1.2; a number that they read differently is refused.
So are tags, merge keys and a key given twice. The limits are no keys of the plan: they hold before
one can be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from durable.characters import UNSEEN, escape, no_character
from durable.plan.findings import Finding, PlanError, in_quotes

#: Characters of a plan, its values and their nesting, every alias followed; of a long plan some
#: 10,000, 1,000 and 6.
MOST_CHARACTERS, MOST_VALUES, DEEPEST = 2_000_000, 100_000, 50

_TAG = "tag:yaml.org,2002:"
#: Some of them end a line in YAML 1.1 alone, so that the rest of a comment may be a key.
_UNSEEN = re.compile(f"[{UNSEEN}]")
_BYTE_ORDER_MARK = "\ufeff"
#: A number that every version of YAML reads as a person does.
_PLAIN_NUMBER = re.compile(
    r"[-+]?(0|[1-9][0-9]*)|[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


class _RefusedError(yaml.MarkedYAMLError):
    """What is well-formed, and refused all the same."""

    def __init__(self, problem: str, expected: str, mark: Any) -> None:
        super().__init__(problem=problem, problem_mark=mark)
        self.expected = expected


def _resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """Which plain scalars are no text, by their first letter: null, numbers, true and false."""
    kept = {f"{_TAG}{name}" for name in ("null", "int", "float")}
    by_letter = {
        first: [(tag, regexp) for tag, regexp in resolvers if tag in kept]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    for first in "tTfF":
        words = re.compile("(?:true|True|TRUE|false|False|FALSE)$")
        by_letter[first] = [*by_letter.get(first, []), (f"{_TAG}bool", words)]
    return by_letter


class _StrictConstructor(yaml.constructor.SafeConstructor, yaml.resolver.Resolver):
    """Safe YAML that refuses a key given twice instead of keeping the last.

    Dates stay text: the plan checks them, and can then name the key.
    """

    yaml_implicit_resolvers = _resolvers()

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping as a dict; refused with a key twice, or one that is a list or a mapping."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, list | dict) or key in seen:
                quotes = "" if isinstance(key, str) else f" ({in_quotes(key)})"
                problem = f"the key {key!r} a second time{quotes}"
                raise _RefusedError(problem, "valid YAML", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_number(self, node: yaml.ScalarNode) -> int | float:
        """A number in plain decimals; any other is refused."""
        if not _PLAIN_NUMBER.fullmatch(node.value):
            expected = "a number in plain decimals, or text in quotes: YAML reads it otherwise than"
            raise _RefusedError(node.value, f"{expected} it looks", node.start_mark)
        if node.tag == f"{_TAG}int":
            return self.construct_yaml_int(node)
        return self.construct_yaml_float(node)

    yaml_constructors = yaml.constructor.SafeConstructor.yaml_constructors | dict.fromkeys(
        (f"{_TAG}int", f"{_TAG}float"), construct_number
    )


class StrictLoader(_StrictConstructor, yaml.SafeLoader):
    """The loader in pure Python, whose errors say what is wrong in words, and where."""


_Base: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class QuickLoader(_StrictConstructor, _Base):  # type: ignore[misc]  # one of two classes
    """Ten times as fast, where the library has libyaml; what a person writes it reads alike."""


def read_yaml(text: str, source: str) -> object:
    """Plain values of a YAML document: dict, list, str, int, float, bool or None.

    A date is text; a document without content is None.

    Parameters
    ----------
    text
        The document.
    source
        Where it is from, for the message of the error.

    Raises
    ------
    PlanError
        Where it is not valid YAML, or beyond the limits, with line and column.
    """
    if len(text) > MOST_CHARACTERS:
        found = f"{len(text)} characters"
        raise PlanError(source, [Finding("(file)", found, f"at most {MOST_CHARACTERS}")])
    unseen = _UNSEEN.search(text, len(_BYTE_ORDER_MARK) * text.startswith(_BYTE_ORDER_MARK))
    if unseen is not None:
        raise PlanError(source, [_bad_character(text, unseen.start())])
    # Tabs between values are refused by one of them and read by the other.
    if "\t" not in text:
        with suppress(yaml.YAMLError, ValueError, RecursionError):
            return load_with(QuickLoader, text)
    try:
        return load_with(StrictLoader, text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "(file)"
        expected = getattr(error, "expected", "valid YAML")
        # Some problems of the parser begin with the word before which they are put here.
        problem = str(error.problem).removeprefix("found ")
        raise PlanError(source, [Finding(where, problem, expected)]) from None
    except yaml.reader.ReaderError as error:
        raise PlanError(source, [_bad_character(text, error.position)]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        finding = Finding("(file)", str(error).splitlines()[0], "valid YAML")
        raise PlanError(source, [finding]) from None


def _bad_character(text: str, position: int) -> Finding:
    before = text[:position]
    where = f"line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}"
    return Finding(where, f"the character U+{ord(text[position]):04X}", "text")


def load_with(loader: Any, text: str) -> object:
    """Plain values of a document by one of the loaders, after a check of its shape.

    Raises
    ------
    yaml.YAMLError, ValueError, RecursionError
        Where it is not valid YAML, or refused.
    """
    _check_shape(yaml.parse(text, Loader=loader))
    return yaml.load(text, Loader=loader)  # noqa: S506  (a SafeLoader)


@dataclass
class _Open:
    """A list or a mapping that is being read."""

    anchor: str | None
    values: int = 1
    depth: int = 1


def _check_shape(events: Iterable[yaml.Event]) -> None:
    """Refuse what is no plain data, and aliases that make much out of little."""
    named: dict[str, _Open] = {}
    stack = [_Open(None)]
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            if any(outer.anchor == event.anchor for outer in stack):
                _refuse(event, f"*{event.anchor} within itself", "an alias of what is complete")
            _add(stack, named.get(str(event.anchor), _Open(None)), event)
        elif isinstance(event, yaml.ScalarEvent):
            _check_scalar(event)
            named[str(event.anchor)] = _Open(event.anchor)
            _add(stack, named[str(event.anchor)], event)
        elif isinstance(event, yaml.CollectionStartEvent):
            _check_tag(event)
            stack.append(_Open(event.anchor))
            if len(stack) > DEEPEST:
                _refuse(event, f"more than {DEEPEST} levels", f"at most {DEEPEST}")
        elif isinstance(event, yaml.CollectionEndEvent):
            node = stack.pop()
            named[str(node.anchor)] = node
            _add(stack, node, event)


def _add(stack: list[_Open], node: _Open, event: yaml.Event) -> None:
    """Count what a list or a mapping holds."""
    outer = stack[-1]
    outer.values += node.values
    outer.depth = max(outer.depth, node.depth + 1)
    if len(stack) + node.depth > DEEPEST:
        _refuse(event, f"more than {DEEPEST} levels", f"at most {DEEPEST}")
    if outer.values > MOST_VALUES:
        found = f"more than {MOST_VALUES} values, aliases followed"
        _refuse(event, found, f"at most {MOST_VALUES}")


def _check_scalar(event: yaml.ScalarEvent) -> None:
    _check_tag(event)
    unseen = _UNSEEN.search(event.value)
    wrong = no_character(event.value) if unseen is None else escape(unseen)
    if wrong:
        _refuse(event, f"the character {wrong}", "text")
    if event.value == "<<" and event.implicit[0]:
        _refuse(event, "the merge key <<", 'keys that are written out, or "<<" in quotes')


def _check_tag(event: Any) -> None:
    if event.tag is not None:
        tag = event.tag.replace(_TAG, "!!")
        _refuse(event, f"the tag {tag}", "values without tags, and text in quotes")


def _refuse(event: yaml.Event, problem: str, expected: str) -> NoReturn:
    raise _RefusedError(problem, expected, event.start_mark)
