"""Makes adam/: the ADaM datasets."""

VALIDATED = [
    f"{FOLDER}/validated/{table}.parquet"
    for table in ("subjects", "visits", "therapies")
    if table in INPUTS
]


rule derive:
    input:
        VALIDATED,
        # Without it a target below this rule would be called up to date over data with errors.
        rules.cut.output.passed,
        config=PLAN_FILE,
    output:
        adsl=f"{FOLDER}/adam/adsl.parquet",
        adrs=f"{FOLDER}/adam/adrs.parquet",
        adtte=f"{FOLDER}/adam/adtte.parquet",
    log:
        f"{FOLDER}/logs/derive.log",
    threads: CORES
    params:
        **dependencies(PLAN, "derive"),
    shell:
        "python -m durable derive --config {input.config:q}"
        " --plan {params.plan} --cores {threads} &> {log:q}"


if PLAN.sensitivity:

    rule derive_variants:
        input:
            VALIDATED,
            config=PLAN_FILE,
        output:
            adrs=f"{FOLDER}/adam/sensitivity/adrs.parquet",
            adtte=f"{FOLDER}/adam/sensitivity/adtte.parquet",
        log:
            f"{FOLDER}/logs/variants.log",
        # The longest way to the last file leads over this, sensitivity and figures.
        priority: 2
        params:
            **dependencies(PLAN, "variants"),
        shell:
            "python -m durable variants --config {input.config:q} --plan {params.plan} &> {log:q}"


if "adverse_events" in INPUTS:

    rule derive_events:
        input:
            rules.derive.output.adsl,
            f"{FOLDER}/validated/adverse_events.parquet",
            config=PLAN_FILE,
        output:
            f"{FOLDER}/adam/adae.parquet",
        log:
            f"{FOLDER}/logs/events.log",
        params:
            **dependencies(PLAN, "events"),
        shell:
            "python -m durable events --config {input.config:q} --plan {params.plan} &> {log:q}"


if "kinetics" in INPUTS:

    rule derive_kinetics:
        input:
            rules.derive.output.adsl,
            f"{FOLDER}/validated/kinetics.parquet",
            config=PLAN_FILE,
        output:
            adpc=f"{FOLDER}/adam/adpc.parquet",
            adpp=f"{FOLDER}/adam/adpp.parquet",
        log:
            f"{FOLDER}/logs/kinetics_datasets.log",
        # The figures wait for it.
        priority: 1
        params:
            **dependencies(PLAN, "kinetics_datasets"),
        shell:
            "python -m durable kinetics_datasets --config {input.config:q} --plan {params.plan} &> {log:q}"
