"""Reads YAML safely and strictly: no tags, no key twice, dates as text."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import yaml

from durable.plan.findings import Finding, PlanError, in_quotes


class _StrictConstructor(yaml.constructor.SafeConstructor, yaml.resolver.Resolver):
    """Safe YAML that refuses a key given twice instead of keeping the last.

    Dates stay text: the plan checks them, and can then name the key.
    """

    yaml_implicit_resolvers = {
        first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, list | dict) or key in seen:
                quotes = "" if isinstance(key, str) else f" ({in_quotes(key)})"
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} a second time{quotes}", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


class StrictLoader(_StrictConstructor, yaml.SafeLoader):
    """Says what is wrong in words, and where."""


_Base: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class QuickLoader(_StrictConstructor, _Base):  # type: ignore[misc]  # one of two classes
    """Ten times as fast, where the library has libyaml; what a person writes it reads alike."""


def read_yaml(text: str, source: str) -> object:
    """Plain values of a YAML document.

    Raises
    ------
    PlanError
        Where it is not valid YAML, with line and column.
    """
    # Tabs between values are refused by one of them and read by the other.
    if "\t" not in text:
        with suppress(yaml.YAMLError, ValueError, RecursionError):
            return yaml.load(text, Loader=QuickLoader)  # noqa: S506  (a SafeLoader)
    try:
        return yaml.load(text, Loader=StrictLoader)  # noqa: S506  (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "(file)"
        raise PlanError(source, [Finding(where, str(error.problem), "valid YAML")]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        finding = Finding("(file)", str(error).splitlines()[0], "valid YAML")
        raise PlanError(source, [finding]) from None
