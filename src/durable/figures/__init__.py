"""One module per kind of figure; each draws the points of one CSV and computes no result."""
