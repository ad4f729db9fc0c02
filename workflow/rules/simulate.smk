"""Makes simulation/: virtual trials by the definitions of the plan. No part of `rule all`.

Trials scatter over chunks; the stage `gather` puts them together and shows them.
"""

if PLAN.simulation:

    GATHERED = RUN.simulation_files()

    rule simulate_chunk:
        input:
            config=PLAN_FILE,
        output:
            f"{FOLDER}/simulation/chunks/{{chunk}}.parquet",
        log:
            f"{FOLDER}/simulation/logs/chunk_{{chunk}}.log",
        benchmark:
            f"{FOLDER}/simulation/logs/chunk_{{chunk}}.benchmark.tsv"
        wildcard_constraints:
            chunk=r"\d+",
        # A node that dies takes one chunk with it, which is simulated again: the same trials.
        retries: 2
        resources:
            mem_mb=1500,
            runtime=120,
        params:
            options=job("simulate"),
        shell:
            "python -m durable stage simulate --config {input.config:q} {params.options}"
            " --chunk {wildcards.chunk} &> {log:q}"

    rule gather:
        input:
            read(GATHERED.inputs),
            config=PLAN_FILE,
        output:
            GATHERED.outputs,
        log:
            f"{FOLDER}/simulation/logs/gather.log",
        benchmark:
            f"{FOLDER}/simulation/logs/gather.benchmark.tsv"
        params:
            options=job("gather"),
            reason=REASON,
        shell:
            "python -m durable stage gather --config {input.config:q} {params.options}"
            " --reason={params.reason:q} &> {log:q}"

    rule simulate:
        input:
            GATHERED.outputs,
