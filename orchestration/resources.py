"""What assets work with beside the warehouse: the landing folder."""

import dagster as dg

from orchestration.paths import landing_place


class LandingFolder(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The landing folder or URL; ``path`` empty means the one of the settings (``TIEOUT_LANDING``)."""

    path: str = ""

    def place(self) -> str:
        """Its path or URL; it need not exist."""
        return self.path or landing_place()
