"""What the layout of the package promises."""

from __future__ import annotations

import re
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "durable"

#: Measures, rules and scores of one disease.
DISEASE = re.compile(
    r"cmas|chaq|mmt-?8|\bchq|chq_?phs|\bdas\b|physician.?global|parent.?global|extramuscular"
    r"|aldolase|\bck\b|\bldh\b|[\"'](?:alt|ast)[\"']|creatine|muscle|myositis|juvenile|\bjdm|printo"
    r"|imacs|proderm|lazarevic|almeida|\brider\b|\btis\b|improvement.score",
    re.IGNORECASE,
)
#: Who may speak of it: jdm itself and who imports from it by that name; the fixed name
#: under which other programs import the score.
_IMPORT = re.compile(r"\bdurable\.jdm\b|\bdurable/jdm\b")
_APART = ("jdm/", "derive/tis.py")


def offenders() -> dict[str, list[str]]:
    """Lines with words of the disease, by file outside jdm/."""
    found: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*")):
        name = path.relative_to(PACKAGE).as_posix()
        if path.suffix not in (".py", ".jinja", ".js", ".css") or name.startswith(_APART):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if DISEASE.search(_IMPORT.sub("", line)):
                found.setdefault(name, []).append(f"{name}:{number}: {line.strip()}")
    return found


def test_no_word_of_the_disease_stands_outside_its_package():
    lines = [line for found in offenders().values() for line in found]
    assert not lines, "\n".join(lines)
