"""Makes queries.csv, checked/ and, where there are no errors, validated/.

`snakemake check` makes the listing alone and fails where it holds errors. The rule that makes the
listing succeeds also then: Snakemake deletes what a failed one has made.
"""

#: Cores of a stage that can use several. A study of fewer bytes would not gain by them.
LARGE = 2_000_000
FILES = [Path(file) for files in INPUTS.values() for file in files]
CORES = (
    4 if sum(file.stat().st_size for file in FILES if file.is_file()) >= LARGE else 1
)


rule queries:
    input:
        made_again,
        **INPUTS,
        since=PLAN.outputs.queries_since or [],
        config=PLAN_FILE,
    output:
        queries=f"{FOLDER}/queries.csv",
        listings=expand(f"{FOLDER}/queries.{{form}}", form=["html", "xlsx"]),
        sources=f"{FOLDER}/checked/sources.json",
        conversions=f"{FOLDER}/checked/conversions.csv",
        origins=f"{FOLDER}/checked/origins.csv" if PLAN.inputs.sdtm else [],
        tables=expand(f"{FOLDER}/checked/{{table}}.parquet", table=INPUTS),
    log:
        f"{FOLDER}/logs/check.log",
    threads: CORES
    params:
        **dependencies(PLAN, "check"),
        contents=CONTENTS,
    shell:
        # A terminal is let through for the progress of large files, and for nothing else.
        "DURABLE_TERMINAL=3 python -m durable check --config {input.config:q}"
        " --plan {params.plan} --cores {threads} 3>&2 &> {log:q}"


# No outputs: that there are errors is told each time.
rule check:
    input:
        rules.queries.output,
    log:
        f"{FOLDER}/logs/findings.log",
    localrule: True
    params:
        config=str(CONFIG),
    message:
        "check: say whether the data have errors"
    shell:
        "python -m durable findings --config {params.config:q} &> {log:q}"


rule cut:
    input:
        rules.queries.output,
        config=PLAN_FILE,
    output:
        # Not removed when the job starts, and put back when it fails: data with errors leave the
        # results of good data as they were.
        update(expand(f"{FOLDER}/validated/{{table}}.parquet", table=INPUTS)),
        cut=update(f"{FOLDER}/validated/data_cut.csv"),
        sources=update(f"{FOLDER}/validated/sources.json"),
        # Not put back: what was is newer than the data with errors, and Snakemake would take it
        # for theirs.
        passed=f"{FOLDER}/checked/passed",
    log:
        f"{FOLDER}/logs/cut.log",
    params:
        **dependencies(PLAN, "cut"),
    shell:
        # A terminal is let through for the progress of large files, and for nothing else.
        "DURABLE_TERMINAL=3 python -m durable cut --config {input.config:q}"
        " --plan {params.plan} 3>&2 &> {log:q}"
