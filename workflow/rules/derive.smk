"""Makes adam/: the ADaM datasets."""


rule derive:
    input:
        [
            f"{FOLDER}/validated/{table}.parquet"
            for table in ("subjects", "visits", "therapies")
            if table in INPUTS
        ],
        config=PLAN_FILE,
    output:
        adsl=f"{FOLDER}/adam/adsl.parquet",
        adrs=f"{FOLDER}/adam/adrs.parquet",
        adtte=f"{FOLDER}/adam/adtte.parquet",
    log:
        f"{FOLDER}/logs/derive.log",
    params:
        **dependencies(PLAN, "derive"),
    shell:
        "python -m durable derive --config {input.config:q} --plan {params.plan} &> {log:q}"
