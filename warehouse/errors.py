"""Errors of the warehouse room. Their text is meant for the person at the terminal."""


class WarehouseError(RuntimeError):
    """Something about the warehouse is not as it must be; the message says what to do."""


class ConfigurationRefused(WarehouseError):
    """A setting would make the warehouse unsafe."""


class EmbeddedError(WarehouseError):
    """The embedded Postgres cannot be installed, started or stopped."""


class MigrationError(WarehouseError):
    """The recorded migrations and the files on disk do not fit together."""


class WriterBusy(WarehouseError):
    """Somebody else holds the one writer lock."""
