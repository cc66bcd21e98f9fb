"""The usage chain on other engines than Postgres: what it reads is handed over, dbt runs it there, and both are compared."""
