"""The plan of the run, and what every rule takes from it."""

import os
import shlex
import sys
from functools import cache
from pathlib import Path

# Before all else of the package is imported.
from durable.runs.compiled import keep_compiled_to_source

keep_compiled_to_source()

from durable.errors import UserError
from durable.history.chain import refuse_other_history
from durable.runs.configuration import (
    allowed_differences,
    configuration_file,
    input_digests,
    plan_of_run,
    refuse_options,
    targets_include,
)
from durable.runs.declaration import declared_reason
from durable.runs.environment import (
    begin_jobs,
    is_within_run,
    leave_foreign_folders,
    refuse_changed_plan,
    restrict_mode,
    set_job_environment,
)
from durable.runs.files import SERIES, SIMULATION, input_files
from durable.runs.final import final_notice
from durable.runs.freshness import stale_at_cutoffs, stale_files, stale_simulation
from durable.runs.guard import (
    Run,
    begin,
    end,
    plan_file,
    refuse_links,
    results_folders,
    written_folders,
)
from durable.runs.notices import (
    RULES,
    caption_values,
    disk_notice,
    findings_notice,
    results_notice,
    rule_lines,
    up_to_date_notice,
)
from durable.runs.ownership import inputs_notice, refuse_other_study
from durable.runs.pins import code_files
from durable.runs.state import refuse_edited
from durable.runs.terminal import show_stage_lines
from durable.stage import STAGES

leave_foreign_folders(sys.path, os.environ)
if not workflow.modifier.is_main_snakefile():
    raise WorkflowError(
        "durable is no module: Snakemake does not run the handlers of a module (onstart, onsuccess,"
        " onerror), by which results are locked, recorded and protected, and rules or paths of"
        " another name would not be those that are recorded. Include it in a Snakefile of its own"
        " (durable new FOLDER makes one), or start it from a rule: shell: 'durable run --configfile"
        " FILE'. docs/workflow.md has an example."
    )
OPTIONS = workflow.config_settings.config
# A job on another machine runs what the process that sent it has checked.
SENT = not workflow.is_main_process
# Of workflow/Snakefile, also where the Snakefile of a study includes it.
WORKFLOW = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
try:
    CONFIG = configuration_file(workflow.overwrite_configfiles, OPTIONS)
    TARGETS = [argument for argument in sys.argv[1:] if Path(argument) != CONFIG]
    SIMULATED = targets_include(TARGETS, "simulate", SIMULATION)
    IN_SERIES = targets_include(TARGETS, "series", SERIES)
    ALLOW = allowed_differences(OPTIONS.get("allow"))
    PLAN = plan_of_run(
        CONFIG,
        inputs=not SENT and not SIMULATED,
        simulation=SIMULATED,
        cutoffs=IN_SERIES,
    )
    REASON = declared_reason(workflow.config_settings.config_args)
    RUN = Run(
        PLAN,
        CONFIG,
        WORKFLOW,
        code_files(WORKFLOW),
        input_digests(PLAN),
        reason=REASON,
    )
    FOLDER = str(RUN.folder)
    AUDITED = "audit" in TARGETS
    if SENT:
        refuse_changed_plan(os.environ, PLAN)
    else:
        for folder in results_folders(PLAN, cutoffs=IN_SERIES):
            refuse_other_study(PLAN, CONFIG, folder)
        # An audit says more about edited results, and of their history, than that they are refused.
        if not AUDITED:
            for folder in written_folders(
                PLAN, simulation=SIMULATED, cutoffs=IN_SERIES
            ):
                refuse_links(folder)
                refuse_edited(folder)
            refuse_other_history(RUN.results, PLAN.analysis.id)
        notices = [final_notice(PLAN, RUN.folder)]
        # An audit names the inputs one by one.
        if not SIMULATED and not AUDITED:
            notices.append(inputs_notice(PLAN, RUN.contents, RUN.folder))
        for text in filter(None, notices):
            print(text, file=sys.stderr)
except UserError as error:
    raise WorkflowError(str(error)) from None

# For the captions of the report; rules take what they use from the plan.
config.clear()
config.update(caption_values(PLAN))

restrict_mode(PLAN.outputs.file_mode)
set_job_environment(os.environ, Path(sys.executable))
# Another machine may not have been told by the process that sent the job.
if not SENT or not is_within_run():
    begin_jobs(os.environ, PLAN, RUN.program)

settings = workflow.output_settings
if not (SENT or settings.dryrun or settings.verbose):
    show_stage_lines(logger, rule_lines(), up_to_date_notice(RUN.folder, SIMULATED))

# Snakemake would import pandas to see whether a parameter is a frame. None is; it looks first
# whether pandas can be imported.
sys.modules.setdefault("pandas", None)


# An input of each stage for its place: what the stage reads of it is among its parameters.
PLAN_FILE = ancient(str(CONFIG))
FILES = RUN.files
# The locks of the results, held for as long as this process lives.
LOCKS = []


def job(stage):
    """Options of the job of a stage: the plan that it expects, and where the code lies."""
    plan = PLAN.digest(STAGES[stage].sections)
    return f"--plan {plan} --workflow {shlex.quote(str(WORKFLOW))}"


def asked_again():
    """Stages that the command line asks for again (--force, --forcerun)."""
    files = workflow.dag.forcefiles
    rules = {asked.name for asked in workflow.dag.forcerules}
    return [
        name
        for name, stage in FILES.items()
        if RULES.get(name, name) in rules or files.intersection(stage.outputs)
    ]


@cache
def stale():
    """Results that are not what today's plan, data, code and libraries make.

    The records beside the results decide. Neither times of change do, nor Snakemake's own notes.
    """
    # The options of a run are not known when the Snakefile is read.
    try:
        refuse_options(
            touch=workflow.touch,
            # What only looks (--report, --summary) has no settings of an execution.
            no_hooks=getattr(workflow.execution_settings, "no_hooks", False),
            allowed_rules=bool(getattr(workflow.dag_settings, "allowed_rules", ())),
        )
    except UserError as error:
        # An exception would be told as one of the rule, with a traceback.
        sys.exit(str(error))
    found = set() if SIMULATED else set(stale_files(RUN, asked_again()))
    found.update(stale_at_cutoffs(RUN) if IN_SERIES else ())
    found.update(stale_simulation(RUN) if SIMULATED else ())
    workflow.dag.forcefiles.update(found)
    # Nor do its marks of jobs that were killed. A job that it forces for such a mark hides the
    # jobs behind it: they would not be done, and the run would end as if all were.
    workflow.dag.ignore_incomplete = True
    return found


def read(files):
    """Input function of a rule; what is not made again has no say in whether the rule is run.

    Asked while Snakemake looks what is to be made. A job on another machine looks at nothing.
    """
    return lambda wildcards: [
        file if SENT or file in stale() else ancient(file) for file in files
    ]


def in_report(files):
    """Files of a stage, those that readers open in the report of Snakemake, with captions."""
    return [flagged(Path(file)) for file in files]


def flagged(file):
    shown = {
        ("tables", ".html"): "Tables",
        ("figures", ".svg"): "Figures",
        ("listings", ".csv"): "Listings",
        (RUN.folder.name, ".html"): "Report",
    }
    category = shown.get((file.parent.name, file.suffix))
    if category is None:
        return str(file)
    captions = WORKFLOW / "report"
    # That of the output itself, of its kind (f_km), or of all.
    general = "listing" if category == "Listings" else "output"
    names = (file.stem, file.stem.rsplit("_", 1)[0], general)
    found = [
        path for path in (captions / f"{name}.rst" for name in names) if path.is_file()
    ]
    return report(
        str(file),
        caption=str(found[0]),
        category=category,
        labels={"output": file.stem},
    )


def jobs():
    return {job.rule.name for job in workflow.dag.needrun_jobs(exclude_finished=False)}


onstart:
    if workflow.local_exec:
        # The limit of jobs per second is for clusters: it waits at the end of every run, or keeps
        # a core busy with counting when it is set to none.
        workflow.scheduler.job_rate_limiter = None
    try:
        LOCKS.extend(begin(RUN, jobs(), ALLOW))
    except (UserError, OSError) as error:
        raise WorkflowError(str(error)) from None


onsuccess:
    end(RUN, jobs())
    if text := results_notice(RUN.folder, jobs()):
        print(text, file=sys.stderr)


onerror:
    end(RUN, jobs())
    if text := disk_notice(RUN.folder):
        print(text, file=sys.stderr)
