"""Rules of the package that a reader of one file cannot see: imports, sizes, layers."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
PACKAGE = SOURCE / "durable"
LONGEST_MODULE, LONGEST_FUNCTION = 500, 60
#: Prepositions, pronouns and adverbs, which do not say what a thing is; a variable may have one
#: that is used within three lines. Before and after name the two sides of a comparison.
NO_NAMES = {
    *("about", "again", "along", "alone", "among", "another", "apart", "around", "at", "behind"),
    *(
        "beside",
        "between",
        "beyond",
        "both",
        "by",
        "each",
        "either",
        "else",
        "ever",
        "for",
        "found",
    ),
    *(
        "from",
        "given",
        "here",
        "into",
        "made",
        "never",
        "neither",
        "none",
        "now",
        "of",
        "off",
        "on",
    ),
    *("once", "one", "only", "other", "others", "outside", "over", "own", "past", "per", "place"),
    *("rest", "said", "same", "since", "some", "such", "taken", "than", "then", "there", "these"),
    *(
        "this",
        "those",
        "through",
        "told",
        "towards",
        "twice",
        "under",
        "upon",
        "via",
        "way",
        "what",
    ),
    *("which", "who", "whole", "with", "within", "without"),
}
#: What a function is not called either: the other prepositions, and participles, which say neither
#: what it returns nor what it does. Those that end in "ed" are not listed.
NO_FUNCTIONS = NO_NAMES | {
    *("above", "after", "against", "before", "below", "earlier", "first", "last", "late", "later"),
    *("next", "until", "begun", "bound", "built", "chosen", "drawn", "gone", "held", "hidden"),
    *("kept", "known", "left", "lost", "met", "seen", "sent", "shown", "sold", "spent", "written"),
}
#: What reading the Snakefile and a plan imports must do without: a second or more each.
HEAVY = ("lifelines", "matplotlib", "numpy", "pandas", "pandera", "pyarrow", "scipy")
#: Packages that import nothing of this package but what is named here.
LEAVES: dict[str, set[str]] = {
    **{name: set() for name in ("errors", "language", "sections", "stats")},
    **{name: {"durable.language"} for name in ("stage", "vocabulary", "wording")},
}

#: Names that a library calls, not the package.
CALLED_FROM_OUTSIDE = {
    *("pytest_addoption", "pytest_configure", "pytest_collection_modifyitems", "read_strings"),
    *("pytest_runtest_setup", "pytest_runtest_logreport"),
}

Module = tuple[Path, ast.Module]


@cache
def modules() -> dict[str, Module]:
    """Every module by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        names = path.relative_to(SOURCE).with_suffix("").parts
        dotted = ".".join(names[:-1] if names[-1] == "__init__" else names)
        found[dotted] = (path, ast.parse(path.read_text(encoding="utf-8")))
    return found


def imported(tree: ast.Module) -> set[tuple[str, str]]:
    """Module of this package and name, of each import; not those for type checking alone."""
    typing = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and getattr(block.test, "id", "") == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    return {
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and id(node) not in typing
        if node.module is not None and node.module.split(".")[0] == "durable"
        for alias in node.names
    }


def edges(depth: int | None = None) -> dict[str, set[str]]:
    """What each module, or each package (`depth` 2), imports of the others."""
    found: dict[str, set[str]] = {}
    for name, (_, tree) in modules().items():
        for module, what in imported(tree):
            target = f"{module}.{what}" if f"{module}.{what}" in modules() else module
            ends = [".".join(dotted.split(".")[:depth]) for dotted in (name, target)]
            if ends[0] != ends[1]:
                found.setdefault(ends[0], set()).add(ends[1])
    return found


@pytest.mark.parametrize("depth", [None, 2], ids=["modules", "packages"])
def test_there_are_no_circles_of_imports(depth: int | None) -> None:
    graph = edges(depth)
    # The package itself offers names that it imports when they are used.
    graph.pop("durable", None)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_no_module_imports_a_private_name_of_another() -> None:
    private = [
        f"{name}: {module}.{what}"
        for name, (_, tree) in modules().items()
        for module, what in imported(tree)
        if what.startswith("_") and what != "_"  # gettext's own name
    ]
    assert private == []


def test_the_leaves_import_nothing_of_the_package() -> None:
    graph = edges(2)
    found = {leaf: graph.get(f"durable.{leaf}", set()) for leaf in LEAVES}
    assert found == LEAVES


def test_modules_and_functions_are_short() -> None:
    long = []
    for name, (path, tree) in modules().items():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_MODULE:
            long.append(f"{name}: {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
                lines = node.end_lineno - node.lineno + 1
                if lines >= LONGEST_FUNCTION:
                    long.append(f"{name}.{node.name}: {lines} lines")
    assert long == []


def long_lived(function: ast.FunctionDef) -> Iterator[str]:
    """Names of the parameters of a function, and of variables used over more than three lines."""
    parameters = function.args
    yield from (
        one.arg for one in [*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs]
    )
    lines: dict[str, list[int]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            lines.setdefault(node.id, []).append(node.lineno)
    yield from (name for name, uses in lines.items() if max(uses) - min(uses) > 3)


def test_names_say_what_a_thing_is() -> None:
    functions = [
        (module, node)
        for module, (_, tree) in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    ]
    wrong = [
        f"{module}.{node.name}: {name}"
        for module, node in functions
        for name in long_lived(node)
        if name.strip("_") in NO_NAMES
    ]
    # One word alone: a longer name says the rest.
    wrong += [
        f"{module}.{node.name}"
        for module, node in functions
        if re.fullmatch("[a-z]+ed", word := node.name.strip("_")) or word in NO_FUNCTIONS
    ]
    assert not wrong


def defined(tree: ast.Module) -> Iterator[str]:
    """Names that a module defines and that only a mention can use.

    What a decorator takes up (validators, hooks of pytest) and what Python itself calls is used.
    """
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.decorator_list:
            yield node.name
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def test_nothing_is_defined_that_the_product_does_not_use() -> None:
    root = SOURCE.parent
    used = [*PACKAGE.rglob("*.jinja"), *(root / "workflow").rglob("*"), *root.glob("tools/*.py")]
    texts = [path.read_text(encoding="utf-8") for path in used if path.is_file()]
    texts += [path.read_text(encoding="utf-8") for path, _ in modules().values()]
    mentions = Counter(word for text in texts for word in re.findall(r"\w+", text))
    unused = [
        f"{module}.{name}"
        for module, (_, tree) in modules().items()
        for name in defined(tree)
        if mentions[name] == 1 and name not in CALLED_FROM_OUTSIDE and not name.startswith("__")
    ]
    assert not unused


def test_environment_variables_are_read_and_set_in_one_module() -> None:
    users = {
        name
        for name, (_, tree) in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "environ"
    }
    assert users <= {"durable.runs.environment"}


def test_the_snakefile_and_a_plan_are_read_without_heavy_libraries() -> None:
    """By what workflow/rules/common.smk imports."""
    rules = (SOURCE.parent / "workflow/rules/common.smk").read_text(encoding="utf-8")
    lines = [line for line in rules.split("leave_foreign_folders(sys")[0].splitlines() if line]
    start = next(i for i, line in enumerate(lines) if line.startswith("from durable"))
    code = "\n".join(
        [
            *("import sys", *lines[start:]),
            "plan_of_run(configuration_file(['config/config.yaml'], ()), inputs=False)",
            f"print([name for name in {HEAVY} if name in sys.modules])",
        ]
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SOURCE.parent, text=True, capture_output=True, check=True
    )
    assert done.stdout == "[]\n"


def test_documentation_wraps_at_100_columns() -> None:
    """Prose: tables and code have the width that they need."""
    root = SOURCE.parent
    wide = []
    for path in (*root.glob("docs/*.md"), *root.glob("*/README.md"), root / "README.md"):
        code = False
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            code ^= line.strip().startswith("```")
            if len(line) > 100 and not code and not line.strip().startswith("|"):
                wide.append(f"{path.relative_to(root)}:{number}")
    assert wide == []
