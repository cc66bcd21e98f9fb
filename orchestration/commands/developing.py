"""Dagster's UI and daemon on this machine."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from typing import Annotated

import typer

from orchestration.commands.terminal import AsJson, Exit, errors, print_json, screen, told
from orchestration.paths import ROOT, dagster_environment, dagster_state

HOST = "127.0.0.1"
WORKSPACE = ("-m", "orchestration.definitions", "-d", str(ROOT))
STOP_SECONDS = 20


@told
def dev(port: Annotated[int, typer.Option(help="Port of the UI on 127.0.0.1.")] = 3000) -> None:
    """Open the Dagster UI with its daemon: lineage, runs, partitions, checks. Ctrl-C stops both.

    Only this machine can reach it: the UI has no login.
    """
    from orchestration import dbt_process
    from warehouse.connection import ensure_started
    from warehouse.migrate import migrate

    ensure_started()
    migrate()
    dbt_process.manifest_path()
    dagster_state().mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **dagster_environment()}
    screen.print(f"Dagster UI: http://{HOST}:{port}   (Ctrl-C stops it)")
    # A service manager's SIGTERM means the same as Ctrl-C, and what is started from a background job must hear it too:
    # Dagster ends its own children by interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    process = subprocess.Popen(ui_command(port), env=environment)
    try:
        process.wait()
    except KeyboardInterrupt:
        return
    finally:
        _stop(process)
    errors.print(f"Dagster ended by itself with exit code {process.returncode}; its last words are above.", style="red")
    raise typer.Exit(Exit.FAILED)


def ui_command(port: int) -> list[str]:
    """Dagster's UI, daemon and code server in one process tree, reachable from this machine alone."""
    return [sys.executable, "-m", "dagster", "dev", "-h", HOST, "-p", str(port), *WORKSPACE]


@told
def dagster_env(as_json: AsJson = False) -> None:
    """Print the environment in which Dagster's own commands find this project: eval "$(tieout dagster-env)"."""
    environment = dagster_environment()
    if as_json:
        print_json(environment)
        return
    for name, value in environment.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End Dagster, which ends its children; the terminal's Ctrl-C has reached them already."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
