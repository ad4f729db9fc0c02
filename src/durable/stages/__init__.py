"""The stages of an analysis: a module each with ``run(plan, folder)``."""
