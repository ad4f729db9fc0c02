"""Readers of the file formats: every cell as text."""
