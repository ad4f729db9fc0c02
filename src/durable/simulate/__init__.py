"""Virtual trials through the derivation and the estimators of the analysis itself."""
