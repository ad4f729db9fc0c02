"""The plan of the run, and what every rule takes from it."""

import os
import sys
from pathlib import Path

from durable.audit.pins import code_files, digest, lock_digest
from durable.errors import UserError
from durable.workflow import (
    SERIES,
    SIMULATION,
    about,
    allowed,
    asks,
    begin,
    configuration,
    dependencies,
    disk_notice,
    end,
    final_notice,
    graph,
    input_digests,
    input_files,
    keep_to_run,
    plan_file,
    plan_of,
    refuse_edited,
    results_notice,
    set_environment,
    start_server,
    stop_server,
)

OPTIONS = workflow.config_settings.config
# A job on another machine runs what the process that sent it has checked.
SENT = not workflow.is_main_process
WORKFLOW = Path(workflow.basedir)
PROGRAM = digest(code_files(WORKFLOW))
try:
    CONFIG = configuration(workflow.overwrite_configfiles, OPTIONS)
    TARGETS = [argument for argument in sys.argv[1:] if Path(argument) != CONFIG]
    ASKED = asks(TARGETS, "simulate", SIMULATION)
    ALLOW = allowed(OPTIONS.get("allow"))
    PLAN = plan_of(
        CONFIG,
        inputs=not SENT and not ASKED,
        simulation=ASKED,
        cutoffs=asks(TARGETS, "series", SERIES),
    )
    FOLDER = f"results/{PLAN.analysis.id}"
    keep_to_run(os.environ, PLAN, PROGRAM, SENT)
    # An audit says more about edited results than that they are refused.
    if not SENT and PLAN.pins is None:
        refuse_edited(Path(FOLDER))
    if not SENT and (notice := final_notice(PLAN, Path(FOLDER))):
        print(notice, file=sys.stderr)
except UserError as error:
    raise WorkflowError(str(error)) from None

# For the captions of the report; rules take what they use from the plan.
config.clear()
config.update(PLAN.model_dump(mode="json"))

set_environment(os.environ, Path(sys.executable), PROGRAM)

# Snakemake would import pandas to see whether a parameter is a frame. None is; it looks first
# whether pandas can be imported.
sys.modules.setdefault("pandas", None)


# An input of each stage for its place: what the stage reads of it is among its parameters.
PLAN_FILE = ancient(str(CONFIG))
INPUTS = input_files(PLAN)


def outputs():
    return [str(file) for rule in workflow.rules for file in rule.output]


def jobs():
    return {job.rule.name for job in workflow.dag.needrun_jobs(exclude_finished=False)}


def commands():
    needed = [job.rule for job in workflow.dag.needrun_jobs()]
    if "further" in {each.name for each in needed}:
        # An analysis at another cut-off takes the stages of this one.
        of_analysis = graph(workflow.rules)
        needed += [each for each in workflow.rules if each.name in of_analysis]
    return [each.shellcmd for each in needed]


onstart:
    if workflow.local_exec:
        # The limit of jobs per second is for clusters: it waits at the end of every run, or keeps
        # a core busy with counting when it is set to none.
        workflow.scheduler.job_rate_limiter = None
    try:
        begin(PLAN, Path(FOLDER), graph(workflow.rules), jobs(), WORKFLOW, ALLOW)
    except (UserError, OSError) as error:
        raise WorkflowError(str(error)) from None
    if workflow.local_exec:
        start_server(os.environ, Path(FOLDER), commands())


onsuccess:
    stop_server()
    end(PLAN, Path(FOLDER), graph(workflow.rules), jobs())
    if notice := results_notice(Path(FOLDER), jobs()):
        print(notice, file=sys.stderr)


onerror:
    stop_server()
    end(PLAN, Path(FOLDER), graph(workflow.rules), jobs())
    if notice := disk_notice(Path(FOLDER)):
        print(notice, file=sys.stderr)
