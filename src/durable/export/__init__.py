"""Results to forms that are handed over: datasets, their description, analysis results."""
