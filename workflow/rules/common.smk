"""The plan of the run, and what every rule takes from it."""

import os
import sys
from pathlib import Path

from durable.audit.pins import code_files, digest, lock_digest
from durable.audit.study import inputs_notice, refuse_other_study
from durable.by_hand import made_by_hand, notice
from durable.errors import UserError
from durable.figures import figures_of
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
    findings_notice,
    folders,
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
    CONTENTS = input_digests(PLAN)
    keep_to_run(os.environ, PLAN, PROGRAM, SENT)
    if not SENT:
        for folder in folders(PLAN, asks(TARGETS, "series", SERIES)):
            refuse_other_study(PLAN, CONFIG, folder)
        # An audit says more about edited results than that they are refused.
        if PLAN.pins is None:
            refuse_edited(Path(FOLDER))
        BY_HAND = made_by_hand(Path(FOLDER))
        told = [final_notice(PLAN, Path(FOLDER)), notice(BY_HAND, Path(FOLDER))]
        # An audit names the inputs one by one.
        if not ASKED and "audit" not in TARGETS:
            told.append(inputs_notice(PLAN, CONTENTS, Path(FOLDER)))
        print(
            *filter(None, told),
            sep="\n",
            end="\n" if any(told) else "",
            file=sys.stderr,
        )
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


def made_again(wildcards):
    """No input: has Snakemake make again what a stage run by hand left, where the run needs it.

    Asked while it looks what is to be made, as it then does itself for what a killed run left.
    """
    if not SENT:
        workflow.dag.forcefiles.update(str(Path(FOLDER, name)) for name in BY_HAND)
    return []


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
        begin(
            PLAN,
            Path(FOLDER),
            graph(workflow.rules),
            jobs(),
            WORKFLOW,
            ALLOW,
            CONTENTS,
        )
    except (UserError, OSError) as error:
        raise WorkflowError(str(error)) from None
    if workflow.local_exec:
        start_server(os.environ, Path(FOLDER), commands())


onsuccess:
    stop_server()
    end(PLAN, Path(FOLDER), graph(workflow.rules), jobs())
    if told := results_notice(Path(FOLDER), jobs()):
        print(told, file=sys.stderr)


onerror:
    stop_server()
    end(PLAN, Path(FOLDER), graph(workflow.rules), jobs())
    if told := disk_notice(Path(FOLDER)) or (
        "check" in jobs() and findings_notice(Path(FOLDER))
    ):
        print(told, file=sys.stderr)
