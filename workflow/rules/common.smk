"""The plan of the run, and what every rule takes from it."""

import os
import sys
from pathlib import Path

from durable.errors import UserError
from durable.workflow import (
    configuration,
    dependencies,
    hold,
    input_files,
    plan_of,
    record_results,
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


def literal(path):
    """A path whose braces are no wildcards."""
    return str(path).replace("{", "{{").replace("}", "}}")


# An input of every rule for its place only: what a rule reads of it is among its parameters.
PLAN_FILE = ancient(literal(CONFIG))
INPUTS = {table: literal(file) for table, file in input_files(PLAN).items()}


onstart:
    try:
        LOCK = hold(Path(FOLDER))
    except UserError as error:
        raise WorkflowError(str(error)) from None


def record():
    outputs = (str(file) for rule in workflow.rules for file in rule.output)
    record_results(Path(FOLDER), outputs)


onsuccess:
    record()


onerror:
    record()
