"""Repeats a finished analysis; compares it with another one.

No outputs: what is found is kept also when the rule fails, and it never counts as up to date.
"""


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
        "python -m durable stage audit --config {params.config:q} --workflow {params.workflow:q}"
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
        reason=REASON,
    shell:
        "python -m durable stage compare --config {params.config:q} --against={params.against:q}"
        " --workflow {params.workflow:q} --cores {threads} --reason={params.reason:q} 2>&1 | tee {log:q}"
