"""The native tables from the domains of an SDTM package."""
