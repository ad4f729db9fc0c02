"""Makes validated/, adam/, ard.csv, and what is shown and handed over of them."""


rule derive:
    input:
        FILES["derive"].inputs,
        config=PLAN_FILE,
    output:
        # Not removed when the job starts, and put back when it fails: data with errors leave the
        # results of good data as they were. What says that the data passed is not put back: what
        # was is newer than the data with errors, and Snakemake would take it for theirs.
        update(FILES["derive"].outputs[:-1]),
        passed=FILES["derive"].outputs[-1],
    log:
        f"{FOLDER}/logs/derive.log",
    threads: 2
    params:
        **RUN.digests("derive"),
    shell:
        "python -m durable stage derive --config {input.config:q} --plan {params.plan}"
        " --cores {threads} &> {log:q}"


rule analyse:
    input:
        FILES["analyse"].inputs,
        config=PLAN_FILE,
    output:
        FILES["analyse"].outputs,
    log:
        f"{FOLDER}/logs/analyse.log",
    threads: 2
    params:
        **RUN.digests("analyse"),
    shell:
        "python -m durable stage analyse --config {input.config:q} --plan {params.plan}"
        " --cores {threads} &> {log:q}"


rule figures:
    input:
        FILES["figures"].inputs,
        config=PLAN_FILE,
    output:
        in_report(FILES["figures"].outputs),
    log:
        f"{FOLDER}/logs/figures.log",
    threads: 4
    params:
        **RUN.digests("figures"),
    shell:
        "python -m durable stage figures --config {input.config:q} --plan {params.plan}"
        " --cores {threads} &> {log:q}"


rule display:
    input:
        FILES["display"].inputs,
        config=PLAN_FILE,
    output:
        in_report(FILES["display"].outputs),
    log:
        f"{FOLDER}/logs/display.log",
    params:
        **RUN.digests("display"),
    shell:
        "python -m durable stage display --config {input.config:q} --plan {params.plan} &> {log:q}"


if "export" in FILES:

    rule export:
        input:
            FILES["export"].inputs,
            config=PLAN_FILE,
        output:
            FILES["export"].outputs,
        log:
            f"{FOLDER}/logs/export.log",
        params:
            **RUN.digests("export"),
        shell:
            "python -m durable stage export --config {input.config:q}"
            " --plan {params.plan} &> {log:q}"


rule record:
    input:
        FILES["record"].inputs,
        config=PLAN_FILE,
    output:
        FILES["record"].outputs,
    log:
        f"{FOLDER}/logs/record.log",
    params:
        **RUN.digests("record"),
        lock=lock_digest(WORKFLOW),
    shell:
        "python -m durable stage record --config {input.config:q} --plan {params.plan} &> {log:q}"
