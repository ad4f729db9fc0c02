"""Makes tables/ and figures/: views of ard.csv for readers."""

TABLE_NAMES = ["disposition", "baseline", "improvement", "dor"]
# Made also where the study has no adverse events: the tables say so.
TABLE_NAMES += ["ae_overview", "ae_soc_pt", "ae_crs", "aesi", "deaths", "dlt"]
FIGURE_NAMES = ["km_dor", "km_efs", *COURSES]
if "kinetics" in INPUTS:
    TABLE_NAMES.append("kinetics")
    FIGURE_NAMES.append("kinetics")
if PLAN.sensitivity:
    TABLE_NAMES.append("sensitivity")
    FIGURE_NAMES.append("sensitivity")


rule tables:
    input:
        rules.results.output,
        rules.cut.output.sources,
        config=PLAN_FILE,
    output:
        [f"{FOLDER}/tables/t_{name}.csv" for name in TABLE_NAMES],
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
    params:
        **dependencies(PLAN, "figures"),
    shell:
        "python -m durable figures --config {input.config:q} --plan {params.plan} &> {log:q}"
