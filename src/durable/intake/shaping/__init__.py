"""From the rows of source files to those of a native table, as the plan declares it."""
