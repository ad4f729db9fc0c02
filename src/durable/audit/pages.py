"""Pages of the audit and of the comparison; whatever comes from data is escaped."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

    from durable.audit.rerun import Status

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; color: #1a1a1a;
  background: #fff; margin: 0 auto; max-width: 80rem; padding: 1.5rem 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.verdict { font-weight: 600; padding: .6rem .8rem; border-left: 6px solid; }
.good { border-color: #1b7837; background: #eef7f0; }
.bad { border-color: #b2182b; background: #fbeeee; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92em; }
th, td { text-align: left; vertical-align: top; padding: .2rem .7rem .2rem .2rem; }
thead th { border-bottom: 1px solid #1a1a1a; }
td { overflow-wrap: anywhere; } td span { white-space: nowrap; }
tr.bad td { border: 0; background: #fbeeee; }
code { font-size: .85em; } p.note { color: #444; font-size: .9em; }
@media print { body { font-size: 9.5pt; max-width: none; } }
"""
#: What a narrow column does not break: dates, durations, arrows, and a table with its column.
_WHOLE = re.compile(r"(\b\d{4}-\d\d-\d\d\b|\b\d+ days\b|->|\b[a-z_]{1,30}\.[a-z_]{1,30}\b)")
_TABLE = """{% macro table(columns, rows, bad) %}<div class="scroll" tabindex="0"><table>
<thead><tr>{% for c in columns %}<th scope="col">{{ c }}</th>{% endfor %}</tr></thead>
<tbody>
{%- for row in rows %}
<tr{% if loop.index0 in bad %} class="bad"{% endif %}>
{%- for cell in row %}<td>{{ cell | together }}</td>{% endfor %}</tr>
{%- endfor %}
</tbody></table></div>{% endmacro %}"""
_PAGE = (
    _TABLE
    + """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>{{ style }}</style>
</head>
<body>
<h1>{{ title }}</h1>
<p class="verdict {{ 'good' if good else 'bad' }}">{{ verdict }}</p>
{{ table(["", ""], facts.items(), []) }}
{%- for section in sections %}
<h2>{{ section.title }}</h2>
{%- if section.note %}
<p class="note">{{ section.note }}</p>
{%- endif %}
{%- if section.figure %}
{{ section.figure }}
{%- endif %}
{%- if section.rows %}
{{ table(section.columns, section.rows, section.bad) }}
{%- elif section.columns %}
<p>None.</p>
{%- endif %}
{%- endfor %}
</body>
</html>
"""
)


@dataclass(frozen=True)
class Section:
    """A heading with a table or a figure under it."""

    title: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    note: str = ""
    bad: Collection[int] = ()
    """Rows to mark."""
    figure: Markup | None = None
    """Markup made here."""


def page(
    title: str,
    verdict: str,
    facts: Mapping[str, str],
    sections: Sequence[Section],
    *,
    good: bool,
) -> str:
    """A page that stands alone: a sentence, facts, and sections."""
    from jinja2 import Environment
    from markupsafe import Markup

    environment = Environment(autoescape=True, keep_trailing_newline=True)
    environment.filters["together"] = _together
    template = environment.from_string(_PAGE)
    style = Markup(_STYLE)  # noqa: S704  (a constant)
    return template.render(
        title=title, verdict=verdict, facts=facts, sections=sections, good=good, style=style
    )


def _together(cell: str) -> Markup:
    """Text that is not broken within what belongs together."""
    from markupsafe import Markup, escape

    span = Markup("<span>{}</span>")
    parts = _WHOLE.split(cell)
    return Markup("").join(
        span.format(part) if i % 2 else escape(part) for i, part in enumerate(parts)
    )


def verdict_page(
    verdict: str, facts: Mapping[str, str], statuses: Sequence[Status], good: Collection[str]
) -> str:
    """The verdict of an audit: what differs first, then every file."""
    columns = ["kind", "name", "status", "expected", "found", "cells"]
    rows = [[s.kind, s.name, s.status, s.expected, s.found, s.detail] for s in statuses]
    notable = [row for row in rows if row[2] not in good]
    sections = [
        Section("What differs", columns, notable),
        Section("Everything that was checked", columns, rows),
    ]
    held = all(status.good for status in statuses)
    return page("Audit", verdict, facts, sections, good=held)
