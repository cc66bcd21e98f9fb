"""Measures tieout against plain SQL on the same rows, in one run and as ratios. `make bench` starts it."""
