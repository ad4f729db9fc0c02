"""Statistics on arrays: pure functions that read no file and no configuration."""
