"""Makes simulation/: virtual trials by the definitions of the plan. No part of `rule all`."""

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

    rule simulate:
        input:
            CHUNKS,
            rules.simulation_truth.output,
