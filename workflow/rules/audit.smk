"""Records a finished analysis in audit/; repeats it; compares it with another one."""

RESULTS = outputs()
PINNED = f"{FOLDER}/audit/pinned.yaml"


rule record:
    input:
        RESULTS,
        list(INPUTS.values()),
        config=PLAN_FILE,
    output:
        manifest=f"{FOLDER}/audit/manifest.json",
        run=f"{FOLDER}/audit/run.json",
        # A pinned configuration in force is not made again.
        pinned=[PINNED] if str(CONFIG) != PINNED else [],
    log:
        f"{FOLDER}/logs/record.log",
    params:
        **dependencies(PLAN, "record"),
        program=PROGRAM,
        lock=lock_digest(WORKFLOW),
    shell:
        "python -m durable record --config {input.config:q} --plan {params.plan} &> {log:q}"


# No outputs: what an audit finds is kept also when it fails, and it never counts as up to date.
rule audit:
    log:
        f"{FOLDER}/logs/audit.log",
    localrule: True
    threads: workflow.cores
    params:
        config=str(CONFIG),
        workflow=str(WORKFLOW),
        allow=",".join(ALLOW),
    shell:
        "python -m durable audit --config {params.config:q} --workflow {params.workflow:q}"
        " --allow={params.allow:q} --cores {threads} 2>&1 | tee {log:q}"


rule compare:
    log:
        f"{FOLDER}/logs/compare.log",
    localrule: True
    threads: workflow.cores
    params:
        config=str(CONFIG),
        workflow=str(WORKFLOW),
        against=OPTIONS.get("against") or "",
    shell:
        "python -m durable compare --config {params.config:q} --against={params.against:q}"
        " --workflow {params.workflow:q} --cores {threads}"
        " 2>&1 | tee {log:q}"
