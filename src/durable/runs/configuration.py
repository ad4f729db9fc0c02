"""Which plan a run is of: its configuration file, its options and its input files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from durable.errors import UserError
from durable.files import sha256
from durable.fonts import EXPECTED, NoFontError, font_of
from durable.plan import Finding, Plan, PlanError, load
from durable.plan.input_files import study_files
from durable.plan.sdtm import possible_parts
from durable.runs.files import input_files, other_inputs, results_folder
from durable.runs.pins import ALLOWABLE

DEFAULT_CONFIGURATION = Path("config/config.yaml")
#: Keys of ``--config`` that are no part of the plan.
OPTIONS = ("against", "allow", "reason")
_BRACES = frozenset("{}")


def configuration_file(config_files: Iterable[str], options: Iterable[str]) -> Path:
    """The one configuration of a run, relative to the folder of the run where it lies below it.

    Snakemake's own reading is not used: it lays one file over another, so that a number could come
    from a file that the user did not mean.

    Parameters
    ----------
    config_files
        Files given by ``--configfile``; config/config.yaml where there is none.
    options
        Keys given by ``--config``.

    Raises
    ------
    UserError
        For more than one file, for a key of the plan given by ``--config``, and for braces in the
        name of the file, which Snakemake takes for wildcards.
    """
    files = [Path(path) for path in config_files]
    if len(files) > 1:
        raise UserError("one --configfile at a time: configurations are not merged")
    for key in options:
        if key not in OPTIONS:
            raise UserError(f"--config {key}: the plan is changed in its file, not by --config")
    path = files[0] if files else DEFAULT_CONFIGURATION
    path = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    if _BRACES & set(str(path)):
        raise UserError(f"{path}: a configuration file without {{ and }} in its name is expected")
    return path


def refuse_options(*, touch: bool, no_hooks: bool, allowed_rules: bool) -> None:
    """Refuse options of Snakemake by which stale results would pass for today's.

    Raises
    ------
    UserError
        With the first such option.
    """
    refused = {
        "--touch": (touch, "results are what their records say, whatever their times"),
        "--no-hooks": (no_hooks, "what protects the results would not be done"),
        "--allowed-rules": (allowed_rules, "results would be made from stale ones; see --until"),
    }
    for option, (is_set, reason) in refused.items():
        if is_set:
            raise UserError(f"{option} is refused: {reason}")


def targets_include(targets: Iterable[str], rule: str, folder: str) -> bool:
    """Whether a run is asked for a rule, or for a file in a folder of results/ID.

    Parameters
    ----------
    targets
        Arguments of the command line but the configuration, which may lie in such a folder:
        Snakemake tells its targets after the Snakefile is read.
    rule
        Name of the rule: ``simulate``.
    folder
        Name of the folder in results/ID: ``simulation``.
    """
    return any(target == rule or _folder_in_results(target) == folder for target in targets)


def _folder_in_results(file: str) -> str:
    """The folder of results/ID that a file lies in; empty for another file."""
    return "".join(Path(file).parts[2:3])


def plan_of_run(
    path: Path, *, inputs: bool = True, simulation: bool = False, cutoffs: bool = False
) -> Plan:
    """The plan of a configuration, once everything that it has to name is there.

    Parameters
    ----------
    path
        Configuration file.
    inputs
        Whether every input file that it names has to be there, and the font of its language.
    simulation
        Whether it has to have scenarios to simulate.
    cutoffs
        Whether it has to have further data cut-offs.

    Raises
    ------
    PlanError
        With every finding at once.
    """
    plan = load(path)
    findings = [*_missing_inputs(plan), *_missing_font(plan)] if inputs else []
    if simulation and plan.simulation is None:
        expected = "a section with scenarios: what is to be simulated"
        findings.append(Finding("simulation", "nothing", expected))
    if cutoffs and plan.series is None:
        expected = "a section with cutoffs: the further data cut-offs"
        findings.append(Finding("series", "nothing", expected))
    if findings:
        raise PlanError(str(path), findings)
    return plan


def _missing_font(plan: Plan) -> list[Finding]:
    """A finding where no installed font has the signs of the outputs, which would be boxes."""
    try:
        font_of(plan)
    except NoFontError as error:
        return [Finding("outputs.font", error.available, EXPECTED)]
    return []


def _missing_inputs(plan: Plan) -> list[Finding]:
    expected = f"a file, absolute or relative to {Path.cwd()}, without {{ and }} in its name"
    earlier_listing = plan.outputs.queries_since
    paths_by_key = [
        *((file.path_key, file.path) for file in study_files(plan.inputs)),
        *(("outputs.queries_since", earlier_listing), ("inputs.checksums", plan.inputs.checksums)),
    ]
    findings = [
        Finding(key, f"{file!r}, which is no such file", f"{expected}{_parts(key, file)}")
        for key, file in paths_by_key
        if file is not None and (_BRACES & set(file) or not Path(file).is_file())
    ]
    listings = [results_folder(plan) / f"queries.{form}" for form in ("csv", "xlsx")]
    if not findings and earlier_listing is not None and Path(earlier_listing) in listings:
        listing = "the listing that this analysis writes"
        findings.append(Finding("outputs.queries_since", listing, "that of an earlier analysis"))
    return findings


def _parts(key: str, file: str) -> str:
    """Words that name the files that may be the parts of a domain of a package; '' without any."""
    parts = possible_parts(file) if key == "inputs.sdtm.folder" else []
    if not parts:
        return ""
    return f", or its parts by inputs.sdtm.files.{Path(file).stem.upper()}: [{', '.join(parts)}]"


def input_digests(plan: Plan) -> dict[str, str]:
    """SHA-256 of each input file by its path, those that are not there left out.

    Times are not asked: a file put in the place of an older one may bear an older time.
    """
    files = {file for files in input_files(plan).values() for file in files}
    files |= set(other_inputs(plan).values())
    return {file: sha256(Path(file)) for file in sorted(files) if Path(file).is_file()}


def allowed_differences(value: object) -> tuple[str, ...]:
    """What ``--config allow=`` lets differ from a pinned configuration: "code,environment".

    Empty where nothing is allowed, as without the option (None).

    Raises
    ------
    UserError
        For anything but ``code`` and ``environment``, separated by commas.
    """
    names = tuple(name.strip() for name in str(value or "").split(",") if name.strip())
    for name in names:
        if name not in ALLOWABLE:
            raise UserError(f"--config allow={value}: expected {' or '.join(ALLOWABLE)}, or both")
    return names
