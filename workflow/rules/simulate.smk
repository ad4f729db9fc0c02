"""Makes simulation/: virtual trials by the definitions of the plan. No part of `rule all`.

Trials scatter over chunks; `operating` gathers them, `simulation_report` shows them.
"""

SIMULATION_TABLES = ["operating", "decisions", "spacing", "definitions", "theory"]
SIMULATION_FIGURES = ["coverage", "spacing", "definitions"]

if PLAN.simulation:

    rule simulate_chunk:
        input:
            config=PLAN_FILE,
        output:
            f"{FOLDER}/simulation/chunks/{{chunk}}.parquet",
        log:
            f"{FOLDER}/simulation/logs/chunk_{{chunk}}.log",
        wildcard_constraints:
            chunk=r"\d+",
        # A node that dies takes one chunk with it, which is simulated again: the same trials.
        retries: 2
        resources:
            mem_mb=1500,
            runtime=120,
        params:
            **dependencies(PLAN, "simulate"),
        shell:
            "python -m durable simulate --config {input.config:q} --plan {params.plan}"
            " --chunk {wildcards.chunk} &> {log:q}"

    rule simulation_truth:
        input:
            config=PLAN_FILE,
        output:
            f"{FOLDER}/simulation/truth.csv",
        log:
            f"{FOLDER}/simulation/logs/truth.log",
        params:
            **dependencies(PLAN, "simulation_truth"),
        shell:
            "python -m durable simulation_truth --config {input.config:q} --plan {params.plan}"
            " &> {log:q}"

    CHUNKS = expand(rules.simulate_chunk.output, chunk=range(PLAN.simulation.chunks))

    rule operating:
        input:
            CHUNKS,
            rules.simulation_truth.output,
            config=PLAN_FILE,
        output:
            expand(
                f"{FOLDER}/simulation/{{name}}.csv",
                name=["operating", "decisions", "theory", "spacing"],
            ),
            points=[
                f"{FOLDER}/simulation/figures/f_{name}.csv"
                for name in SIMULATION_FIGURES
            ],
        log:
            f"{FOLDER}/simulation/logs/operating.log",
        params:
            **dependencies(PLAN, "operating"),
        shell:
            "python -m durable operating --config {input.config:q} --plan {params.plan} &> {log:q}"

    rule simulation_report:
        input:
            rules.operating.output,
            config=PLAN_FILE,
        output:
            expand(
                f"{FOLDER}/simulation/tables/t_{{name}}.{{form}}",
                name=SIMULATION_TABLES,
                form=["csv", "html", "rtf"],
            ),
            expand(
                f"{FOLDER}/simulation/figures/f_{{name}}.{{form}}",
                name=SIMULATION_FIGURES,
                form=["png", "svg"],
            ),
            f"{FOLDER}/simulation/simulation.html",
        log:
            f"{FOLDER}/simulation/logs/report.log",
        params:
            **dependencies(PLAN, "simulation_report"),
        shell:
            "python -m durable simulation_report --config {input.config:q} --plan {params.plan}"
            " &> {log:q}"

    rule simulate:
        input:
            rules.operating.output,
            rules.simulation_report.output,
