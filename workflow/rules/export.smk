"""Makes documents/ and export/: what is handed over, in the forms that the plan names."""

if "pdf" in PLAN.outputs.documents:

    rule figure_pages:
        input:
            [f"{FOLDER}/figures/f_{name}.csv" for name in FIGURE_NAMES],
            config=PLAN_FILE,
        output:
            [f"{FOLDER}/figures/f_{name}.pdf" for name in FIGURE_NAMES],
        log:
            f"{FOLDER}/logs/figure_pages.log",
        params:
            **dependencies(PLAN, "figure_pages"),
        shell:
            "python -m durable figure_pages --config {input.config:q} --plan {params.plan} &> {log:q}"


if PLAN.outputs.documents:

    rule documents:
        input:
            rules.results.output,
            rules.cut.output.sources,
            rules.figures.output,
            rules.figure_pages.output if "pdf" in PLAN.outputs.documents else [],
            config=PLAN_FILE,
        output:
            [
                f"{FOLDER}/documents/tables_and_figures.{form}"
                for form in PLAN.outputs.documents
                if form != "docx"
            ],
            [
                f"{FOLDER}/tables/t_{name}.docx"
                for name in TABLE_NAMES
                if "docx" in PLAN.outputs.documents
            ],
        log:
            f"{FOLDER}/logs/documents.log",
        params:
            **dependencies(PLAN, "documents"),
        shell:
            "python -m durable documents --config {input.config:q} --plan {params.plan} &> {log:q}"


DATASET_FORMS = PLAN.outputs.datasets
ADAM = [rules.derive.output]
if "adverse_events" in INPUTS:
    ADAM.append(rules.derive_events.output)
if "kinetics" in INPUTS:
    ADAM.append(rules.derive_kinetics.output)
DATASETS = ["adsl", "adrs", "adtte"]
if "adverse_events" in INPUTS:
    DATASETS.append("adae")
if "kinetics" in INPUTS:
    DATASETS += ["adpc", "adpp"]
DATASET_FILES = []
if "xpt" in DATASET_FORMS:
    DATASET_FILES += [f"{FOLDER}/export/xpt/{name}.xpt" for name in DATASETS]
    DATASET_FILES.append(f"{FOLDER}/export/report.csv")
if "dataset-json" in DATASET_FORMS:
    DATASET_FILES += [f"{FOLDER}/export/dataset-json/{name}.json" for name in DATASETS]
if "define" in DATASET_FORMS:
    DATASET_FILES.append(f"{FOLDER}/export/define.xml")


if DATASET_FILES:

    rule submission:
        input:
            ADAM,
            config=PLAN_FILE,
        output:
            DATASET_FILES,
        log:
            f"{FOLDER}/logs/submission.log",
        params:
            **dependencies(PLAN, "submission"),
        shell:
            "python -m durable submission --config {input.config:q} --plan {params.plan} &> {log:q}"


if "ars" in DATASET_FORMS:

    rule ars:
        input:
            rules.results.output,
            config=PLAN_FILE,
        output:
            f"{FOLDER}/export/ars.json",
        log:
            f"{FOLDER}/logs/ars.log",
        params:
            **dependencies(PLAN, "ars"),
        shell:
            "python -m durable ars --config {input.config:q} --plan {params.plan} &> {log:q}"
