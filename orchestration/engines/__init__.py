"""The usage chain on other engines than Postgres: handed what it reads, built there by dbt, and compared."""
