"""Tables as HTML: a page of their own, or a fragment for the report. Data is always escaped."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

    from durable.outputs.table import Table

#: Where a cell may break: the space before a bracket.
_BRACKETS = re.compile(r" (?=[(\[])")

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; color: #1a1a1a;
  background: #fff; margin: 0 auto; max-width: 74rem; padding: 1.5rem 1rem; }
.output { margin: 0 0 2.5rem; }
.output .scroll { overflow-x: auto; }
.output table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.output caption { text-align: left; padding: 0 0 .6rem; }
.output caption strong { display: block; font-size: 1.15em; }
.output caption span { display: block; color: #444; }
.output th, .output td { padding: .22rem .6rem; text-align: center; vertical-align: top; }
.output td span, .output thead span:not(:first-child) { white-space: nowrap; }
.output thead tr > * { border-top: 2px solid #1a1a1a; border-bottom: 1px solid #1a1a1a;
  vertical-align: bottom; }
.output tbody tr:last-child > * { border-bottom: 2px solid #1a1a1a; }
.output tbody th, .output thead th:first-child { text-align: left; font-weight: normal;
  min-width: 14rem; padding-left: .2rem; }
.output tr.heading th { font-weight: 600; padding-top: .7rem; }
.output tr.strong th { font-weight: 600; }
.output tbody .i1 { padding-left: 1.2rem; } .output tbody .i2 { padding-left: 2.4rem; }
.output tbody .i3 { padding-left: 3.6rem; }
.output .notes { font-size: .87em; color: #333; margin: .6rem 0 0; padding: 0; list-style: none; }
.output .notes li { margin: .15rem 0; }
@media print { body { font-size: 9.5pt; max-width: none; padding: 0; }
  .output { break-inside: avoid-page; } .output .scroll { overflow: visible; }
  .output thead { display: table-header-group; } .output tr { break-inside: avoid; }
  .output tr.heading { break-after: avoid; } .output th, .output td { padding: .12rem .4rem; } }
"""

_FRAGMENT = """<section class="output" id="{{ table.name }}">
<div class="scroll" tabindex="0" role="region" aria-labelledby="{{ table.name }}-title">
<table>
<caption id="{{ table.name }}-title"><strong>Table {{ table.number }}. {{ table.title }}</strong>
{%- for line in table.subtitles %}<span>{{ line }}</span>{% endfor %}</caption>
<thead><tr>{% if table.stub %}<th scope="col">{{ table.stub }}</th>{% else %}<td></td>{% endif %}
{%- for column in table.columns %}<th scope="col">{{ column | unbroken }}</th>{% endfor -%}
</tr></thead>
<tbody>
{%- for row in table.rows %}
{%- if row.cells %}
<tr{% if row.strong %} class="strong"{% endif %}><th scope="row" class="i{{ row.indent }}">
{{- row.label }}</th>
{%- for cell in row.cells %}<td>{{ cell | unbroken }}</td>{% endfor %}</tr>
{%- else %}
<tr class="heading"><th scope="rowgroup" class="i{{ row.indent }}" colspan="{{ width }}">
{{- row.label }}</th></tr>
{%- endif %}
{%- endfor %}
</tbody>
</table>
</div>
<ul class="notes">
{%- for note in table.footnotes %}
<li>{{ note }}</li>
{%- endfor %}
</ul>
</section>
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>{{ style }}@page { size: A4 landscape; margin: 12mm; }
</style>
</head>
<body>
{{ body }}</body>
</html>
"""


def page_template(name: str) -> Template:
    """A template of the folder ``templates``. What it is given is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


def render_fragment(table: Table) -> str:
    """A table as a section to put into a page that has `STYLE`."""
    return _template(_FRAGMENT).render(table=table, width=len(table.columns) + 1)


def render_page(table: Table) -> str:
    """A table as a page of its own."""
    from markupsafe import Markup

    # Both are made here: the style is a constant and the fragment has its data escaped.
    style, body = Markup(STYLE), Markup(render_fragment(table))  # noqa: S704
    title = f"Table {table.number}. {table.title}"
    return _template(_PAGE).render(title=title, style=style, body=body)


@cache
def _template(text: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.filters["unbroken"] = _unbroken
    return environment.from_string(text)


def _unbroken(cell: str) -> Markup:
    """Text that a narrow page breaks before a bracket, not between two limits."""
    from markupsafe import Markup

    parts = _BRACKETS.split(cell)
    return Markup(" ").join(Markup("<span>{}</span>").format(part) for part in parts)
