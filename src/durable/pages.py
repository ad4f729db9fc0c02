"""The pages of a run as HTML: one environment of templates, which escapes whatever it is given."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable.language import _, current_language, ngettext, translate_marked
from durable.wording import capitalise

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_TEMPLATES = Path(__file__).parent / "templates"
#: Where a cell of a table may break: the space before a bracket.
_BRACKETS = re.compile(r" (?=[(\[])")
#: Signs of the longest part of a cell that stays on one line.
_LONGEST_UNBROKEN = 24
#: What a narrow column does not break: dates, durations, arrows, and a table with its column.
_TOGETHER = re.compile(
    r"(\b\d{4}-\d\d-\d\d\b|\b\d+ days\b|\d+天|->|\b[a-z_]{1,30}\.[a-z_]{1,30}\b)"
)


def render_page(template: str, **values: Any) -> str:
    """The text of a page, in the language in force.

    Parameters
    ----------
    template
        Name of a file in the folder ``templates``.
    values
        What the template shows, by the names that it uses: one that is missing is an error. It is
        escaped, unless it is `Markup`.
    """
    return _environment().get_template(template).render(values)


def template_text(name: str) -> str:
    """The text of a file in the folder ``templates``, as it is."""
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.i18n"],
    )
    # By name: a text is looked up when a page is rendered, in the language then in force.
    environment.install_gettext_callables(_, ngettext, newstyle=False)  # type: ignore[attr-defined]
    environment.globals["current_language"] = current_language
    environment.filters["filled"] = _fill_text
    environment.filters["shown"] = translate_marked
    environment.filters["unbroken"] = _unbroken
    environment.filters["together"] = _keep_together
    environment.filters["capitalise"] = capitalise
    return environment


def _fill_text(text: str, **places: object) -> Markup:
    """A text whose places are filled with elements of the page; all else is escaped."""
    from markupsafe import escape

    return escape(text).format(**places)


def _unbroken(cell: str) -> Markup:
    """Text that is broken before a bracket, not between two limits; a sentence anywhere."""
    from markupsafe import Markup

    short, long = Markup("<span>{}</span>"), Markup('<span class="long">{}</span>')
    parts = _BRACKETS.split(cell)
    return Markup(" ").join(
        (long if len(part) > _LONGEST_UNBROKEN else short).format(part) for part in parts
    )


def _keep_together(cell: str) -> Markup:
    """Text that is not broken within what belongs together."""
    from markupsafe import Markup, escape

    span = Markup("<span>{}</span>")
    parts = _TOGETHER.split(cell)
    return Markup("").join(
        span.format(part) if i % 2 else escape(part) for i, part in enumerate(parts)
    )
