"""Notebooks that are also apps and tests; they read the marts through the analyst role and nothing else."""
