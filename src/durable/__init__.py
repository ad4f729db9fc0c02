"""Efficacy and duration of response in a single-arm cell-therapy trial."""
