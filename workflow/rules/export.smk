"""Makes documents/ and export/: what is handed over, in the forms that the plan names."""

HANDED_OVER = []

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

    HANDED_OVER.append(rules.figure_pages.output)


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

    HANDED_OVER.append(rules.documents.output)
