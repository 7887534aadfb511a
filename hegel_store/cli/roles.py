"""The commands for the database's roles: roles plan, apply, verify, drop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy import Engine

from hegel_store.cli.options import Embedded, Url, plain_console
from hegel_store.cli.terminal import print_json, visible
from hegel_store.models.roles import ABSENT, DEFAULT_PREFIX, RoleDifference
from hegel_store.operations import roles as operations
from hegel_store.store import connect

roles = typer.Typer(
    help="Least-privilege roles: migrate, app, eval and readonly.", no_args_is_help=True
)

Prefix = Annotated[str, typer.Option(help="What the names of the roles begin with.")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="ROLE.SETTING=VALUE or ROLE.connections=NUMBER, other than the default."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@contextmanager
def _engine(url: str | None, embedded: bool) -> Iterator[Engine]:
    with connect(url, embedded=embedded) as store:
        yield store.engine


@roles.command()
def plan(
    prefix: Prefix = DEFAULT_PREFIX,
    settings: Set = None,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Print the SQL that apply would run, and change nothing."""
    given = operations.settings_with(settings or [])
    with _engine(url, embedded) as engine:
        script = operations.plan(engine, prefix=prefix, settings=given)
    _print_script(script, as_json)


@roles.command()
def apply(
    prefix: Prefix = DEFAULT_PREFIX,
    settings: Set = None,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Make the roles, and grant them what they need and no more. Passwords are yours to set."""
    given = operations.settings_with(settings or [])
    with _engine(url, embedded) as engine:
        done = operations.apply(engine, prefix=prefix, settings=given)
    if as_json:
        print_json([asdict(each) for each in done])
    else:
        print(f"{len(done)} differences put right")


@roles.command()
def verify(
    prefix: Prefix = DEFAULT_PREFIX,
    settings: Set = None,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Say what is not as it should be. Exits with 1 when something is not."""
    given = operations.settings_with(settings or [])
    with _engine(url, embedded) as engine:
        found = operations.differences(engine, prefix=prefix, settings=given)
    if as_json:
        print_json([asdict(each) for each in found])
    else:
        _print_table(found)
    raise typer.Exit(1 if found else 0)


@roles.command()
def drop(
    prefix: Prefix = DEFAULT_PREFIX,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Drop the roles again; what they own goes to who is connected."""
    if not yes:
        typer.confirm(f"Drop the roles {prefix}_*?", abort=True, err=True)
    with _engine(url, embedded) as engine:
        script = operations.drop(engine, prefix=prefix)
    _print_script(script, as_json)


def _print_script(script: Sequence[str], as_json: bool) -> None:
    if as_json:
        print_json(script)
    else:
        for line in script:
            print(f"{visible(line)};")


def _print_table(found: Sequence[RoleDifference]) -> None:
    """One line for a role that is not there, which lacks all its settings and rights."""
    absent = {each.role for each in found if each.problem == ABSENT}
    for name in sorted(absent):
        print(f"the role {visible(name)} does not exist")
    rest = [each for each in found if each.role not in absent]
    if rest:
        table = Table()
        for heading in ("role", "subject", "problem"):
            table.add_column(heading, overflow="fold")
        for each in rest:
            table.add_row(visible(each.role), visible(each.subject), visible(each.problem))
        plain_console().print(table)
    theirs = f", {len(found) - len(rest)} of them of roles that do not exist" if absent else ""
    print(f"{len(found)} differences{theirs}")
