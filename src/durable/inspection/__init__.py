"""Files that nobody has described yet: what they seem to hold, as a draft of a configuration."""
