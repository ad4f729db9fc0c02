"""Derivation of the ADaM datasets from the validated tables."""
