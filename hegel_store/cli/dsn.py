"""Commands about connection strings: dsn audit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hegel_store.cli.doctor import Json, show
from hegel_store.operations.dsn_audit import audit as audit_files

dsn = typer.Typer(help="Connection strings.", no_args_is_help=True)


@dsn.callback()
def _group() -> None:
    """Connection strings."""


@dsn.command()
def audit(
    path: Annotated[Path, typer.Argument(help="A folder or a file.")],
    as_json: Json = False,
) -> None:
    """Find code that reads connection strings past the settings, and passwords in plain text.
    Exits with 0 when there is none, with 1 when somebody should look, with 2 for a password."""
    show(audit_files(path), as_json)
