"""Makes queries.csv and checked/, whatever the data hold.

`snakemake check` makes the listing alone and fails where it holds errors. The rule that makes the
listing succeeds also then: Snakemake deletes what a failed one has made.
"""


rule queries:
    input:
        read(FILES["check"].inputs),
        config=PLAN_FILE,
    output:
        FILES["check"].outputs,
    log:
        f"{FOLDER}/logs/check.log",
    benchmark:
        f"{FOLDER}/logs/check.benchmark.tsv"
    params:
        options=job("check"),
    shell:
        "python -m durable stage check --config {input.config:q} {params.options} &> {log:q}"


# No outputs: that there are errors is told each time.
rule check:
    input:
        rules.queries.output,
    log:
        f"{FOLDER}/logs/findings.log",
    localrule: True
    params:
        config=str(CONFIG),
    shell:
        "python -m durable stage findings --config {params.config:q} &> {log:q}"
