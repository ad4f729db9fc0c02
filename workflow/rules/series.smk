"""Makes series/: the plan at further data cut-offs, beside its own. No part of `rule all`.

Each further analysis is a run of its own (`further`), with its own folder of results; they scatter
over cores, or over the jobs of a cluster. `series_results` gathers them, `series_report` shows
them.
"""

import time

from durable.plan.cutoffs import further_cutoffs
from durable.contracts.results import SERIES as SERIES_TABLES

if PLAN.series:

    rule further:
        input:
            # Errors in the data are told once.
            rules.cut.output.passed,
            config=PLAN_FILE,
        output:
            ard=f"{FOLDER}/series/ard/{{cutoff}}.csv",
            sources=f"{FOLDER}/series/sources/{{cutoff}}.json",
        log:
            f"{FOLDER}/series/logs/further_{{cutoff}}.log",
        wildcard_constraints:
            cutoff=r"\d{4}-\d\d-\d\d",
        # They take longest, and beside the last of them the small jobs of this analysis have room.
        priority: 3
        # More than four an analysis has no use for.
        threads: min(4, max(1, workflow.cores // len(PLAN.series.cutoffs)))
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            snakefile=str(WORKFLOW / "Snakefile"),
            plan=lambda wildcards: str(plan_file(Path(FOLDER), wildcards.cutoff)),
            results=f"{FOLDER}-{{cutoff}}",
            # Asked each time: the run itself knows what of it is up to date.
            asked=time.time_ns(),
        message:
            "further: the same plan at the data cut-off {wildcards.cutoff}"
        shell:
            "python -m durable further --config {params.plan:q}"
            " --snakefile {params.snakefile:q} --cores {threads} &> {log:q}"
            " && cp {params.results:q}/ard.csv {output.ard:q}"
            " && cp {params.results:q}/validated/sources.json {output.sources:q}"

    rule series_results:
        input:
            f"{FOLDER}/ard.csv",
            f"{FOLDER}/validated/sources.json",
            expand(rules.further.output, cutoff=further_cutoffs(PLAN)),
            config=PLAN_FILE,
        output:
            f"{FOLDER}/series/ard.csv",
            f"{FOLDER}/series/analyses.csv",
            points=f"{FOLDER}/series/figures/f_series.csv",
        log:
            f"{FOLDER}/series/logs/results.log",
        priority: 3
        params:
            **dependencies(PLAN, "series_results"),
        shell:
            "python -m durable series_results --config {input.config:q} --plan {params.plan}"
            " &> {log:q}"

    rule series_report:
        input:
            f"{FOLDER}/validated/sources.json",
            rules.series_results.output,
            config=PLAN_FILE,
        output:
            expand(
                f"{FOLDER}/series/tables/{{name}}.{{form}}",
                name=SERIES_TABLES,
                form=["csv", "html", "rtf"],
            ),
            multiext(f"{FOLDER}/series/figures/f_series", ".svg", ".png"),
            f"{FOLDER}/series/series.html",
        log:
            f"{FOLDER}/series/logs/report.log",
        priority: 3
        params:
            **dependencies(PLAN, "series_report"),
        shell:
            "python -m durable series_report --config {input.config:q} --plan {params.plan}"
            " &> {log:q}"

    rule series:
        input:
            RESULTS,
            rules.record.output,
            rules.series_report.output,
