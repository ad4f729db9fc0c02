"""Manifest and pins of a finished analysis, its repetition, and the comparison of two analyses."""
