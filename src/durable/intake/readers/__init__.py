"""Readers of the formats of files: every cell as text."""
