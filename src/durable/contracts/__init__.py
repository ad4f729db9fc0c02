"""The tables that cross a rule: what each column holds and what must be true of it."""
