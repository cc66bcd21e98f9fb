"""The foundation room: embedded Postgres, connections, roles, migrations, writer lock, digests and doctor."""
