"""Makes ard.csv: every number of the outputs, and the points of the figures."""


rule improvement:
    input:
        rules.derive.output.adsl,
        rules.derive.output.adrs,
        config=PLAN_FILE,
    output:
        ard=f"{FOLDER}/ard/improvement.csv",
    log:
        f"{FOLDER}/logs/improvement.log",
    params:
        **dependencies(PLAN, "improvement"),
    shell:
        "python -m durable improvement --config {input.config:q} --plan {params.plan} &> {log:q}"


rule durability:
    input:
        rules.derive.output.adsl,
        rules.derive.output.adtte,
        config=PLAN_FILE,
    output:
        ard=f"{FOLDER}/ard/durability.csv",
        curves=[f"{FOLDER}/figures/f_km_{name}.csv" for name in ("dor", "efs")],
    log:
        f"{FOLDER}/logs/durability.log",
    params:
        **dependencies(PLAN, "durability"),
    shell:
        "python -m durable durability --config {input.config:q} --plan {params.plan} &> {log:q}"


rule results:
    input:
        rules.improvement.output.ard,
        rules.durability.output.ard,
        config=PLAN_FILE,
    output:
        f"{FOLDER}/ard.csv",
    log:
        f"{FOLDER}/logs/results.log",
    params:
        **dependencies(PLAN, "results"),
    shell:
        "python -m durable results --config {input.config:q} --plan {params.plan} &> {log:q}"
