"""Connections to the warehouse: the user's own Postgres (``TIEOUT_WAREHOUSE_URL``) or the embedded one."""

from __future__ import annotations

import ipaddress
import os
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from warehouse import embedded
from warehouse.errors import ConfigurationRefused
from warehouse.settings import get_settings

ROLES = ("owner", "loader", "transformer", "closer", "analyst", "auditor")
PLAIN_TEXT_MODES = ("disable", "allow", "prefer")
# The timeouts of a role are stored with the role, but Postgres applies them at login only, not at SET ROLE.
APPLY_ROLE_SETTINGS = """
    select set_config(split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1), false)
    from pg_roles, unnest(rolconfig) as setting
    where rolname = %s
"""


def ensure_started() -> str:
    """URL of the warehouse with the login user's password; starts the embedded Postgres when no URL is set.

    Raises ConfigurationRefused for a URL that would send the password in clear text to another machine, and
    EmbeddedError when the embedded server does not come up.
    """
    configured = get_settings().warehouse_url
    if configured is None:
        return embedded.start().url
    return checked_url(configured.get_secret_value())


def checked_url(configured: str) -> str:
    """``configured`` as a plain libpq URL; outside this machine with ``sslmode=verify-full`` unless it says another.

    Raises ConfigurationRefused for a plain text mode on another machine, and for something that is no Postgres URL.
    """
    try:
        parts = conninfo_to_dict(configured)
    except psycopg.Error as error:
        raise ConfigurationRefused("TIEOUT_WAREHOUSE_URL is not a Postgres URL (postgresql://user@host/db).") from error
    hosts = str(parts.get("hostaddr") or parts.get("host") or "").split(",")
    remote = [host for host in hosts if not _is_loopback(host)]
    mode = str(parts.get("sslmode") or os.environ.get("PGSSLMODE") or "")
    if remote and mode in PLAIN_TEXT_MODES:
        raise ConfigurationRefused(
            f"TIEOUT_WAREHOUSE_URL has sslmode={mode} for {remote[0]}, which may send passwords and amounts in clear "
            "text over the network. Use sslmode=verify-full (with sslrootcert), or at least sslmode=require."
        )
    if remote and not mode:
        parts["sslmode"] = "verify-full"
        if not (parts.get("sslrootcert") or os.environ.get("PGSSLROOTCERT")):
            parts["sslrootcert"] = "system"
    return _as_url({name: str(value) for name, value in parts.items() if value is not None})


def url(role: str | None = None, driver: str = "postgresql") -> str:
    """URL of the warehouse for another library, for example ``driver="postgresql+psycopg2"``; acts as ``role``."""
    base = ensure_started()
    if role is not None:
        options = quote(f"-c role={_role_name(role)} -c timezone=UTC", safe="")
        base += f"{'&' if '?' in base else '?'}options={options}"
    return driver + base.removeprefix("postgresql")


def connect(role: str | None = None, **arguments: Any) -> psycopg.Connection[Any]:
    """A psycopg connection in UTC that acts as ``role`` with that role's timeouts, or as the login user.

    ``role`` is one of owner, loader, transformer, closer, analyst, auditor. Other arguments go to psycopg.
    """
    autocommit = bool(arguments.pop("autocommit", False))
    arguments.setdefault("application_name", f"tieout {role}" if role else "tieout")
    connection: psycopg.Connection[Any] = psycopg.connect(ensure_started(), autocommit=True, **arguments)
    try:
        # outside a transaction, so that no rollback takes them back
        connection.execute("set timezone to 'UTC'")
        if role is not None:
            name = _role_name(role)
            connection.execute(APPLY_ROLE_SETTINGS, (name,))
            connection.execute(sql.SQL("set role {}").format(sql.Identifier(name)))
        connection.autocommit = autocommit
    except BaseException:
        connection.close()
        raise
    return connection


def dbt_environment() -> dict[str, str]:
    """What dbt's profile reads, plus ``PGOPTIONS`` with the transformer's timeouts, which libpq applies."""
    parts = {name: str(value) for name, value in conninfo_to_dict(ensure_started()).items() if value is not None}
    environment = {
        "TIEOUT_PG_HOST": parts.get("host", "127.0.0.1"),
        "TIEOUT_PG_PORT": parts.get("port", "5432"),
        "TIEOUT_PG_USER": parts.get("user", ""),
        "TIEOUT_PG_PASSWORD": parts.get("password", ""),
        "TIEOUT_PG_DBNAME": parts.get("dbname", parts.get("user", "")),
        "TIEOUT_PG_SSLMODE": parts.get("sslmode", "prefer"),
        "PGOPTIONS": _options_of("transformer"),
    }
    if "sslrootcert" in parts:
        environment["PGSSLROOTCERT"] = parts["sslrootcert"]
    return environment


def _options_of(role: str) -> str:
    with psycopg.connect(ensure_started(), autocommit=True) as connection:
        found = connection.execute("select rolconfig from pg_roles where rolname = %s", (_role_name(role),)).fetchone()
    settings = list(found[0] or []) if found else []
    return " ".join(f"-c {setting}" for setting in ["timezone=UTC", *settings])


def _role_name(role: str) -> str:
    if role not in ROLES:
        raise ValueError(f"{role!r} is not a role; choose one of {', '.join(ROLES)}")
    return f"tieout_{role}"


def _is_loopback(host: str) -> bool:
    if host in ("", "localhost") or host.startswith(("/", "@")):  # a socket file, or libpq's default socket
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _as_url(parts: dict[str, str]) -> str:
    user = quote(parts.pop("user", ""), safe="")
    password = parts.pop("password", None)
    login = user + (f":{quote(password, safe='')}" if password is not None else "")
    database = quote(parts.pop("dbname", ""), safe="")
    hosts = parts.pop("host", "")
    ports = parts.pop("port", "")
    if hosts.startswith("/") or "," in hosts or ":" in hosts:
        parts["host"] = hosts
        if ports:
            parts["port"] = ports
        where = ""
    else:
        where = hosts + (f":{ports}" if ports else "")
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(parts.items()))
    return f"postgresql://{login}{'@' if login else ''}{where}/{database}" + (f"?{query}" if query else "")
