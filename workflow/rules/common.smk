"""The plan of the run, and what every rule takes from it."""

import os
import sys
from pathlib import Path

from durable.errors import UserError
from durable.workflow import (
    begin_run,
    configuration,
    dependencies,
    end_run,
    input_files,
    plan_of,
    refuse_edited,
    set_environment,
)

try:
    CONFIG = configuration(
        workflow.overwrite_configfiles, workflow.config_settings.config
    )
    PLAN = plan_of(CONFIG)
    FOLDER = f"results/{PLAN.analysis.id}"
    refuse_edited(Path(FOLDER))
except UserError as error:
    raise WorkflowError(str(error)) from None

# For the captions of the report; rules take what they use from the plan.
config.clear()
config.update(PLAN.model_dump(mode="json"))

set_environment(os.environ, Path(sys.executable))


# An input of each stage for its place: what the stage reads of it is among its parameters.
PLAN_FILE = ancient(str(CONFIG))
INPUTS = input_files(PLAN)


def outputs():
    return [str(file) for rule in workflow.rules for file in rule.output]


onstart:
    try:
        LOCK = begin_run(Path(FOLDER), outputs())
    except UserError as error:
        raise WorkflowError(str(error)) from None


onsuccess:
    end_run(Path(FOLDER), outputs())


onerror:
    end_run(Path(FOLDER), outputs())
