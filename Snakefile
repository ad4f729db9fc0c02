"""The analysis named by the configuration, from the study's tables to tables and figures.

`snakemake` runs config/config.yaml, `snakemake --configfile FILE` another one.
"""


report: "workflow/report/analysis.rst"


# The Python that the lock file serves. Jobs run in the environment of snakemake itself.
container: "docker://python:3.12-slim"


include: "workflow/rules/common.smk"
include: "workflow/rules/check.smk"
include: "workflow/rules/analysis.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/simulate.smk"
include: "workflow/rules/series.smk"


rule all:
    default_target: True
    input:
        # Every file: what a run that was stopped took away is made again, also where all that was
        # made from it is still there.
        RUN.outputs(),
