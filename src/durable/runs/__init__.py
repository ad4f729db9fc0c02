"""What a run needs around its jobs: its plan, its files, its environment, the guard."""
