"""Makes tables/, figures/, listings/ and report.html: views of the results for readers."""

TABLE_NAMES = ["disposition", "baseline", "improvement", "dor"]
# Made also where the study has no adverse events: the tables say so.
TABLE_NAMES += ["ae_overview", "ae_soc_pt", "ae_crs", "aesi", "deaths", "dlt"]
if "kinetics" in INPUTS:
    TABLE_NAMES.append("kinetics")
if PLAN.sensitivity:
    TABLE_NAMES.append("sensitivity")
LISTING_NAMES = [
    "subjects",
    "duration",
    "improvement",
    "assessments",
    "flares",
    "deaths",
    "queries",
]
if "adverse_events" in INPUTS:
    LISTING_NAMES.append("adverse_events")
if "kinetics" in INPUTS:
    LISTING_NAMES += ["kinetics", "kinetics_parameters"]
# Those of the rules so far: the sensitivity analyses have their own, which no listing reads.
DATASETS = [file for file in outputs() if Path(file).parent == Path(FOLDER, "adam")]


rule tables:
    input:
        rules.results.output,
        rules.cut.output.sources,
        config=PLAN_FILE,
    output:
        expand(
            f"{FOLDER}/tables/t_{{name}}.{{form}}",
            name=TABLE_NAMES,
            form=["csv", "rtf"],
        ),
        html=[
            report(
                f"{FOLDER}/tables/t_{name}.html",
                caption=f"../report/t_{name}.rst",
                category="Tables",
                labels={"table": f"t_{name}"},
            )
            for name in TABLE_NAMES
        ],
    log:
        f"{FOLDER}/logs/tables.log",
    params:
        **dependencies(PLAN, "tables"),
    shell:
        "python -m durable tables --config {input.config:q} --plan {params.plan} &> {log:q}"


rule figures:
    input:
        [f"{FOLDER}/figures/f_{name}.csv" for name in FIGURE_NAMES],
        config=PLAN_FILE,
    output:
        [f"{FOLDER}/figures/f_{name}.png" for name in FIGURE_NAMES],
        svg=[
            report(
                f"{FOLDER}/figures/f_{name}.svg",
                caption=f"../report/f_{name}.rst",
                category="Figures",
                labels={"figure": f"f_{name}"},
            )
            for name in FIGURE_NAMES
        ],
    log:
        f"{FOLDER}/logs/figures.log",
    priority: 2
    threads: 4
    params:
        **dependencies(PLAN, "figures"),
    shell:
        "python -m durable figures --config {input.config:q} --plan {params.plan}"
        " --cores {threads} &> {log:q}"


rule listings:
    input:
        DATASETS,
        rules.queries.output.queries,
        config=PLAN_FILE,
    output:
        [
            report(
                f"{FOLDER}/listings/l_{name}.csv",
                caption="../report/listing.rst",
                category="Listings",
                labels={"listing": f"l_{name}"},
            )
            for name in LISTING_NAMES
        ],
    log:
        f"{FOLDER}/logs/listings.log",
    params:
        **dependencies(PLAN, "listings"),
    shell:
        "python -m durable listings --config {input.config:q} --plan {params.plan} &> {log:q}"


rule report:
    input:
        rules.results.output,
        rules.queries.output.queries,
        rules.cut.output.sources,
        rules.cut.output.cut,
        rules.figures.output.svg,
        rules.listings.output,
        config=PLAN_FILE,
    output:
        report(
            f"{FOLDER}/report.html",
            caption="../report/report.rst",
            category="Report",
            labels={"report": "report.html"},
        ),
    log:
        f"{FOLDER}/logs/report.log",
    params:
        **dependencies(PLAN, "report"),
    shell:
        "python -m durable report --config {input.config:q} --plan {params.plan} &> {log:q}"
