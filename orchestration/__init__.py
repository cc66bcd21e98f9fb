"""Dagster, the ``tieout`` command, and the close: everything that starts something."""
