"""Analyses: from the ADaM datasets to the analysis results dataset."""
