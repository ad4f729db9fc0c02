"""From the study's files to checked, typed tables as they were known at the data cut-off."""
