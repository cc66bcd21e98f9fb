"""The doctor's looks at the warehouse. Each takes an open connection and yields findings; none changes anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg

from warehouse.connection import ROLES
from warehouse.errors import WarehouseError
from warehouse.findings import Finding
from warehouse.lock import current_holder
from warehouse.migrate import applied, pending

POSTGRES = (15, 18)
SET_IS_A_PRIVILEGE_SINCE = 160_000  # before, whoever was a member could act as the role
ROLE_NAMES = tuple(f"tieout_{role}" for role in ROLES)
NEEDED_TIMEOUTS = ("lock_timeout", "idle_in_transaction_session_timeout")
# locks a statement over all usage partitions takes: the partition, its index, and room for what else runs
LOCKS_PER_PARTITION = 4

# Rows that a role of ours, or everybody, may change although they must stay as they landed or were posted.
CHANGEABLE_HISTORY = """
    select role_name || ' may ' || lower(verb) || ' ' || namespace.nspname || '.' || class.relname
    from pg_class as class
    inner join pg_namespace as namespace on class.relnamespace = namespace.oid
    cross join unnest(array['UPDATE', 'DELETE', 'TRUNCATE']) as verb
    cross join unnest(%(roles)s::text[]) as role_name
    where namespace.nspname in ('raw', 'quarantine', 'ledger') and class.relkind in ('r', 'p')
        and has_table_privilege(role_name, class.oid, verb)
    order by 1
"""
# The analyst sees the two public schemas and nothing else of ours.
ANALYST_SEES = """
    select namespace.nspname || '.' || class.relname
    from pg_class as class
    inner join pg_namespace as namespace on class.relnamespace = namespace.oid
    where namespace.nspname in ('raw', 'quarantine', 'ops', 'staging', 'intermediate', 'checks', 'ledger')
        and class.relkind in ('r', 'p', 'v', 'm')
        and has_schema_privilege('tieout_analyst', namespace.oid, 'USAGE')
        and has_table_privilege('tieout_analyst', class.oid, 'SELECT')
    order by 1
"""
ANALYST_MISSES = """
    select namespace.nspname || '.' || class.relname
    from pg_class as class
    inner join pg_namespace as namespace on class.relnamespace = namespace.oid
    where namespace.nspname in ('marts', 'reconciliation') and class.relkind in ('r', 'p', 'v', 'm')
        and not has_table_privilege('tieout_analyst', class.oid, 'SELECT')
    order by 1
"""

Database = psycopg.Connection[Any]


def server_version(connection: Database) -> Iterator[Finding]:
    """Postgres 15 to 18."""
    number = int(_value(connection, "select current_setting('server_version_num')")) // 10_000
    said = f"Postgres {_value(connection, 'show server_version')}"
    if POSTGRES[0] <= number <= POSTGRES[1]:
        yield Finding("postgres version", "ok", said)
    else:
        yield Finding("postgres version", "fail", said, "Use Postgres 15 to 18; others are not tested.")


def encoding(connection: Database) -> Iterator[Finding]:
    """UTF-8, or text of some customers cannot land."""
    found = _value(connection, "show server_encoding")
    remedy = "Make the database anew: create database tieout encoding 'UTF8' template template0."
    yield Finding("encoding", "ok", found) if found == "UTF8" else Finding("encoding", "fail", found, remedy)


def timezone(connection: Database) -> Iterator[Finding]:
    """Our own sessions set UTC; this is about everybody else's."""
    found = _value(connection, "show timezone")
    if found in ("UTC", "Etc/UTC"):
        yield Finding("timezone", "ok", found)
    else:
        yield Finding(
            "timezone",
            "warn",
            f"sessions start in {found}",
            f"alter database {_value(connection, 'select quote_ident(current_database())')} set timezone to 'UTC'",
        )


def migrations(connection: Database) -> Iterator[Finding]:
    """What is applied and what waits."""
    try:
        waiting = pending(connection)
    except WarehouseError as error:
        yield Finding("migrations", "fail", str(error))
        return
    done = len(applied(connection))
    if waiting:
        names = ", ".join(migration.name for migration in waiting)
        yield Finding("migrations", "fail", f"{done} applied; waiting: {names}", "Run: tieout up")
    else:
        yield Finding("migrations", "ok", f"{done} applied, none waiting")


def roles(connection: Database) -> Iterator[Finding]:
    """The six roles, without powers of their own, and within reach of the login user."""
    known = {
        name: (is_super, can_login, reachable)
        for name, is_super, can_login, reachable in connection.execute(
            """
            select rolname, rolsuper or rolcreaterole or rolcreatedb or rolbypassrls, rolcanlogin,
                pg_has_role(current_user, oid, case when %s then 'SET' else 'MEMBER' end)
            from pg_roles
            where rolname = any(%s)
            """,
            (connection.info.server_version >= SET_IS_A_PRIVILEGE_SINCE, list(ROLE_NAMES)),
        )
    }
    missing = [name for name in ROLE_NAMES if name not in known]
    if missing:
        yield Finding("roles", "fail", f"missing: {', '.join(missing)}", "Run: tieout up")
    powerful = [name for name, (is_super, _, _) in known.items() if is_super]
    if powerful:
        yield Finding(
            "roles",
            "fail",
            f"with powers no role needs: {', '.join(powerful)}",
            "alter role ... nosuperuser nocreaterole nocreatedb nobypassrls",
        )
    logins = [name for name, (_, can_login, _) in known.items() if can_login]
    if logins:
        yield Finding(
            "roles", "warn", f"can log in: {', '.join(logins)}", "alter role ... nologin; make a login in it."
        )
    unreachable = [name for name, (_, _, reachable) in known.items() if not reachable]
    if unreachable:
        user = _value(connection, "select quote_ident(current_user)")
        yield Finding(
            "roles",
            "fail",
            f"the login user cannot act as {', '.join(unreachable)}",
            f"As an administrator: grant {', '.join(unreachable)} to {user}",
        )
    if not (missing or powerful or logins or unreachable):
        yield Finding("roles", "ok", ", ".join(ROLE_NAMES))


def privileges(connection: Database) -> Iterator[Finding]:
    """Landed and posted rows stay as they are; analysts see the marts, all of them, and nothing behind them."""
    if not _all_roles_exist(connection):
        return
    # the owner owns, which no privilege can take away; nobody works as the owner but migrations
    working = [name for name in ROLE_NAMES if name != "tieout_owner"]
    problems = [
        ("fail", found[0], "revoke update, delete, truncate on that table")
        for found in connection.execute(CHANGEABLE_HISTORY, {"roles": [*working, "public"]})
    ]
    problems += [
        ("fail", f"tieout_analyst sees {found[0]}", "revoke select on that table")
        for found in connection.execute(ANALYST_SEES)
    ]
    problems += [
        ("warn", f"tieout_analyst does not see {found[0]}", "grant select on that table to tieout_analyst")
        for found in connection.execute(ANALYST_MISSES)
    ]
    for level, what, remedy in problems:
        yield Finding("privileges", "fail" if level == "fail" else "warn", what, remedy)
    if not problems:
        said = "landed and posted rows cannot be changed; analysts see marts and reconciliation alone"
        yield Finding("privileges", "ok", said)


def timeouts(connection: Database) -> Iterator[Finding]:
    """No role waits for a lock, or sits in an open transaction, without end."""
    endless = [
        f"{role} has no {name}"
        for role, settings in connection.execute(
            "select rolname, coalesce(rolconfig, '{}') from pg_roles where rolname = any(%s)", (list(ROLE_NAMES),)
        )
        for name in NEEDED_TIMEOUTS
        if not any(setting.startswith(f"{name}=") and not setting.endswith("=0") for setting in settings)
    ]
    if endless:
        yield Finding("timeouts", "warn", "; ".join(endless), "alter role ... set <name> to '1min'")
    else:
        yield Finding("timeouts", "ok", "every role has them")


def orphans(connection: Database) -> Iterator[Finding]:
    """A statement whose client was killed must not commit behind everybody's back."""
    found = _value(connection, "show client_connection_check_interval")
    if found == "0":
        yield Finding(
            "client_connection_check_interval",
            "warn",
            "off: a statement whose client was killed runs on, and commits",
            "alter system set client_connection_check_interval to '1s'; select pg_reload_conf()",
        )
    else:
        yield Finding("client_connection_check_interval", "ok", found)


def durability(connection: Database) -> Iterator[Finding]:
    """What was committed must survive a power cut."""
    unsafe = [
        name
        for name in ("fsync", "full_page_writes", "synchronous_commit")
        if _value(connection, f"select current_setting('{name}')") == "off"
    ]
    if unsafe:
        yield Finding(
            "durability", "fail", f"off: {', '.join(unsafe)}", "Turn them on: committed rows can be lost in a crash."
        )
    else:
        yield Finding("durability", "ok", "committed rows survive a crash")


def room_for_locks(connection: Database) -> Iterator[Finding]:
    """A statement over all usage partitions locks each of them."""
    partitions = int(
        _value(
            connection,
            "select count(*) from pg_inherits where inhparent = to_regclass('raw.usage__events')",
        )
    )
    room = int(
        _value(
            connection,
            "select current_setting('max_locks_per_transaction')::bigint * current_setting('max_connections')::bigint",
        )
    )
    said = f"{partitions} usage partitions, room for {room} locks"
    if partitions * LOCKS_PER_PARTITION > room:
        yield Finding(
            "locks", "warn", said, "alter system set max_locks_per_transaction to 512, and restart the server"
        )
    else:
        yield Finding("locks", "ok", said)


def builds(connection: Database) -> Iterator[Finding]:
    """Who writes now, and builds that ended without saying so."""
    holder = current_holder(connection)
    if holder:
        yield Finding("writer", "ok", holder)
        return
    if _value(connection, "select to_regclass('ops.builds') is not null") is not True:
        return
    lost = connection.execute(
        "select holder, to_char(started_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') from ops.builds "
        "where status = 'running' order by started_at desc limit 1"
    ).fetchone()
    if lost:
        yield Finding(
            "writer",
            "warn",
            f"the build of {lost[0]}, begun {lost[1]} UTC, was cut off; marts may mix old and new",
            "Run: tieout build",
        )
    else:
        yield Finding("writer", "ok", "nobody writes, no build was cut off")


def encryption(connection: Database) -> Iterator[Finding]:
    """On the way from another machine."""
    if connection.info.host.startswith("/") or connection.info.hostaddr.startswith(("127.", "::1")):
        return
    encrypted = _value(connection, "select ssl from pg_stat_ssl where pid = pg_backend_pid()")
    if encrypted:
        yield Finding("encryption", "ok", "TLS")
    else:
        yield Finding("encryption", "fail", "none", "Use sslmode=verify-full in TIEOUT_WAREHOUSE_URL.")


CHECKS: tuple[Callable[[Database], Iterator[Finding]], ...] = (
    server_version,
    encoding,
    timezone,
    encryption,
    migrations,
    roles,
    privileges,
    timeouts,
    orphans,
    durability,
    room_for_locks,
    builds,
)


def _value(connection: Database, query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def _all_roles_exist(connection: Database) -> bool:
    found = connection.execute("select count(*) from pg_roles where rolname = any(%s)", (list(ROLE_NAMES),)).fetchone()
    return bool(found and found[0] == len(ROLE_NAMES))
