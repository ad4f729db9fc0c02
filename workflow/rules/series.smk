"""Makes series/: the plan at further data cut-offs, beside its own. No part of `rule all`.

Each further analysis is whole, with its own folder of results; they scatter over cores, or over the
jobs of a cluster. The stage `series` shows them side by side.
"""

if PLAN.series:

    CUTOFFS = [str(cutoff) for cutoff in sorted(PLAN.series.cutoffs)]
    # The same files as the analysis of the plan, in a folder of the cut-off.
    AT_CUTOFF = [
        file.replace(FOLDER, f"{FOLDER}-{{cutoff}}", 1)
        for stage in FILES
        for file in FILES[stage].outputs
    ]

    rule further:
        input:
            # Errors in the data are told once.
            read([rules.derive.output.passed]),
            read(FILES["check"].inputs),
            config=PLAN_FILE,
        output:
            AT_CUTOFF,
        log:
            f"{FOLDER}/series/logs/further_{{cutoff}}.log",
        benchmark:
            f"{FOLDER}/series/logs/further_{{cutoff}}.benchmark.tsv"
        wildcard_constraints:
            cutoff=r"\d{4}-\d\d-\d\d",
        # They take longest, and beside the last of them the small jobs of this analysis have room.
        priority: 1
        resources:
            mem_mb=2000,
            runtime=60,
        params:
            at_cutoff=lambda wildcards: str(plan_file(RUN.folder, wildcards.cutoff)),
            workflow=str(WORKFLOW),
            series_of=PLAN.analysis.id,
            reason=REASON,
        message:
            "further: the same plan at the data cut-off {wildcards.cutoff}"
        shell:
            "python -m durable stage analysis --config {params.at_cutoff:q} --reason={params.reason:q}"
            " --workflow {params.workflow:q} --series-of {params.series_of} &> {log:q}"

    SHOWN = RUN.series_files()

    rule series_page:
        input:
            read(SHOWN.inputs),
            config=PLAN_FILE,
        output:
            SHOWN.outputs,
        log:
            f"{FOLDER}/series/logs/series.log",
        benchmark:
            f"{FOLDER}/series/logs/series.benchmark.tsv"
        params:
            options=job("series"),
            reason=REASON,
        shell:
            "python -m durable stage series --config {input.config:q} {params.options}"
            " --reason={params.reason:q} &> {log:q}"

    rule series:
        input:
            RUN.outputs(),
            rules.series_page.output,
