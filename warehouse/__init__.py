"""The warehouse room: the embedded Postgres, connections, roles, migrations, the writer lock, digests and the doctor."""
