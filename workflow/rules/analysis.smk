"""Makes validated/, adam/, ard.csv, and what is shown and handed over of them."""


rule derive:
    input:
        read(FILES["derive"].inputs),
        config=PLAN_FILE,
    output:
        # Not removed when the job starts, and put back when it fails: data with errors leave the
        # results of good data as they were. What says that the data passed is not put back: what
        # was is newer than the data with errors, and Snakemake would take it for theirs.
        update(FILES["derive"].outputs[:-1]),
        passed=FILES["derive"].outputs[-1],
    log:
        f"{FOLDER}/logs/derive.log",
    benchmark:
        f"{FOLDER}/logs/derive.benchmark.tsv"
    threads: 2
    params:
        options=job("derive"),
    shell:
        "python -m durable stage derive --config {input.config:q} {params.options}"
        " --cores {threads} &> {log:q}"


rule analyse:
    input:
        read(FILES["analyse"].inputs),
        config=PLAN_FILE,
    output:
        FILES["analyse"].outputs,
    log:
        f"{FOLDER}/logs/analyse.log",
    benchmark:
        f"{FOLDER}/logs/analyse.benchmark.tsv"
    threads: 2
    params:
        options=job("analyse"),
    shell:
        "python -m durable stage analyse --config {input.config:q} {params.options}"
        " --cores {threads} &> {log:q}"


# An analysis without assessments and kinetics has none.
if "figures" in FILES:

    rule figures:
        input:
            read(FILES["figures"].inputs),
            config=PLAN_FILE,
        output:
            in_report(FILES["figures"].outputs),
        log:
            f"{FOLDER}/logs/figures.log",
        benchmark:
            f"{FOLDER}/logs/figures.benchmark.tsv"
        threads: 4
        params:
            options=job("figures"),
        shell:
            "python -m durable stage figures --config {input.config:q} {params.options}"
            " --cores {threads} &> {log:q}"


rule display:
    input:
        read(FILES["display"].inputs),
        config=PLAN_FILE,
    output:
        in_report(FILES["display"].outputs),
    log:
        f"{FOLDER}/logs/display.log",
    benchmark:
        f"{FOLDER}/logs/display.benchmark.tsv"
    threads: 2
    params:
        options=job("display"),
    shell:
        "python -m durable stage display --config {input.config:q} {params.options}"
        " --cores {threads} &> {log:q}"


if "export" in FILES:

    rule export:
        input:
            read(FILES["export"].inputs),
            config=PLAN_FILE,
        output:
            FILES["export"].outputs,
        log:
            f"{FOLDER}/logs/export.log",
        benchmark:
            f"{FOLDER}/logs/export.benchmark.tsv"
        params:
            options=job("export"),
        shell:
            "python -m durable stage export --config {input.config:q} {params.options} &> {log:q}"


rule record:
    input:
        read(FILES["record"].inputs),
        config=PLAN_FILE,
    output:
        FILES["record"].outputs,
    log:
        f"{FOLDER}/logs/record.log",
    benchmark:
        f"{FOLDER}/logs/record.benchmark.tsv"
    threads: 2
    params:
        options=job("record"),
    shell:
        "python -m durable stage record --config {input.config:q} {params.options}"
        " --cores {threads} &> {log:q}"
