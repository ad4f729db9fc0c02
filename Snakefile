"""The workflow, for a bare `snakemake` in this folder; workflow/Snakefile says what it does."""

# The directive `include:` would leave the default target behind.
workflow.include("workflow/Snakefile", overwrite_default_target=True)
