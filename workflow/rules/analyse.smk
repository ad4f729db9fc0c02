"""Makes ard.csv: every number of the outputs, and the points of the figures."""

ANALYSES = ["improvement", "durability", "subjects", "safety"]
if PLAN.sensitivity:
    ANALYSES.append("sensitivity")
if "kinetics" in INPUTS:
    ANALYSES.append("kinetics")
DERIVED = [
    Path(file).stem for file in outputs() if Path(file).parent == Path(FOLDER, "adam")
]
FIGURE_NAMES = [entry.name for entry in figures_of(PLAN, DERIVED)]


rule improvement:
    input:
        rules.derive.output.adsl,
        rules.derive.output.adrs,
        config=PLAN_FILE,
    output:
        ard=f"{FOLDER}/ard/improvement.csv",
    log:
        f"{FOLDER}/logs/improvement.log",
    threads: CORES
    params:
        **dependencies(PLAN, "improvement"),
    shell:
        "python -m durable improvement --config {input.config:q}"
        " --plan {params.plan} --cores {threads} &> {log:q}"


rule durability:
    input:
        rules.derive.output.adsl,
        rules.derive.output.adtte,
        config=PLAN_FILE,
    output:
        ard=f"{FOLDER}/ard/durability.csv",
    log:
        f"{FOLDER}/logs/durability.log",
    threads: CORES
    params:
        **dependencies(PLAN, "durability"),
    shell:
        "python -m durable durability --config {input.config:q}"
        " --plan {params.plan} --cores {threads} &> {log:q}"


if PLAN.sensitivity:

    rule sensitivity:
        input:
            rules.derive.output.adrs,
            rules.derive.output.adtte,
            rules.derive_variants.output,
            config=PLAN_FILE,
        output:
            f"{FOLDER}/ard/sensitivity.csv",
        log:
            f"{FOLDER}/logs/sensitivity.log",
        priority: 2
        params:
            **dependencies(PLAN, "sensitivity"),
        shell:
            "python -m durable sensitivity --config {input.config:q} --plan {params.plan} &> {log:q}"


rule subjects:
    input:
        rules.derive.output.adsl,
        rules.derive.output.adrs,
        config=PLAN_FILE,
    output:
        f"{FOLDER}/ard/subjects.csv",
    log:
        f"{FOLDER}/logs/subjects.log",
    threads: CORES
    params:
        **dependencies(PLAN, "subjects"),
    shell:
        "python -m durable subjects --config {input.config:q}"
        " --plan {params.plan} --cores {threads} &> {log:q}"


rule safety:
    input:
        rules.derive.output.adsl,
        # Deaths are reported without adverse events too.
        rules.derive_events.output if "adverse_events" in INPUTS else [],
        config=PLAN_FILE,
    output:
        f"{FOLDER}/ard/safety.csv",
    log:
        f"{FOLDER}/logs/safety.log",
    params:
        **dependencies(PLAN, "safety"),
    shell:
        "python -m durable safety --config {input.config:q} --plan {params.plan} &> {log:q}"


if "kinetics" in INPUTS:

    rule kinetics:
        input:
            rules.derive.output.adsl,
            rules.derive_kinetics.output,
            config=PLAN_FILE,
        output:
            f"{FOLDER}/ard/kinetics.csv",
        log:
            f"{FOLDER}/logs/kinetics.log",
        # The figures wait for it.
        priority: 1
        params:
            **dependencies(PLAN, "kinetics"),
        shell:
            "python -m durable kinetics --config {input.config:q} --plan {params.plan} &> {log:q}"


rule results:
    input:
        [f"{FOLDER}/ard/{name}.csv" for name in ANALYSES],
        config=PLAN_FILE,
    output:
        f"{FOLDER}/ard.csv",
    log:
        f"{FOLDER}/logs/results.log",
    params:
        **dependencies(PLAN, "results"),
    shell:
        "python -m durable results --config {input.config:q} --plan {params.plan} &> {log:q}"


rule points:
    input:
        [file for file in outputs() if Path(file).parent == Path(FOLDER, "adam")],
        rules.results.output,
        config=PLAN_FILE,
    output:
        [f"{FOLDER}/figures/f_{name}.csv" for name in FIGURE_NAMES],
    log:
        f"{FOLDER}/logs/points.log",
    # The figures wait for it.
    priority: 1
    params:
        **dependencies(PLAN, "points"),
    shell:
        "python -m durable points --config {input.config:q} --plan {params.plan} &> {log:q}"
