"""What assets work with beside the warehouse: the landing folder."""

from pathlib import Path

import dagster as dg

from orchestration.paths import landing_folder


class LandingFolder(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The landing folder; ``path`` empty means the one of the settings (``TIEOUT_LANDING``)."""

    path: str = ""

    def folder(self) -> Path:
        """The folder as a path; it need not exist."""
        return Path(self.path) if self.path else landing_folder()
