"""Commands for the schema: upgrade, downgrade, check."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Column, Table

from hegel_store import migrate
from hegel_store.addresses import DatabaseAddress
from hegel_store.cli.options import Embedded, Url, plain_console
from hegel_store.settings import Settings, resolve_address
from hegel_store.store import connect


def _address(url: str | None, embedded: bool) -> DatabaseAddress:
    return resolve_address(Settings(embedded=embedded), url)


def upgrade(
    url: Url = None,
    embedded: Embedded = True,
    revision: Annotated[
        str | None, typer.Option(help="How far: a revision; else the newest.")
    ] = None,
    phase: Annotated[
        migrate.Phase | None,
        typer.Option(
            help="Only what may come before (pre) or must come after (post) the deploy of this "
            "release."
        ),
    ] = None,
) -> None:
    """Migrate the database to this package's schema. Safe to run from many machines at once."""
    address = _address(url, embedded)
    migrate.upgrade(address, revision, phase=phase)
    print(f"{address} is at revision {_revision(address)}")


def downgrade(
    revision: Annotated[str, typer.Argument(help="A revision, or base to remove everything.")],
    url: Url = None,
    embedded: Embedded = True,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the schema back to an earlier revision. The data of what is removed is discarded."""
    address = _address(url, embedded)
    if not yes:
        for sentence in migrate.discarded(_revision(address), revision):
            print(sentence)
        typer.confirm(f"Discard everything in {address} that came after {revision}?", abort=True)
    migrate.downgrade(address, revision)
    print(f"{address} is at revision {_revision(address)}")


def check(
    url: Url = None,
    embedded: Embedded = True,
    replica: Annotated[
        list[str] | None, typer.Option(help="The URL of a standby; may be given several times.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whether the database is reachable, recent enough and migrated, and how standbys are."""
    with connect(url, embedded=embedded, replicas=replica or ()) as store:
        health = store.check()
    if as_json:
        print(json.dumps(asdict(health)))
        return
    print(
        f"well: {health.address} (from {health.source}), PostgreSQL {health.server_version}, "
        f"pgvector {health.pgvector_version}, revision {health.revision}"
    )
    if not health.replicas:
        return
    table = Table("standby", "state", "replayed", Column("missing", justify="right"), "reason")
    for one in health.replicas:
        missing = "" if one.missing_bytes is None else f"{one.missing_bytes:,} bytes"
        table.add_row(one.address, one.state, one.position or "", missing, one.reason or "")
    plain_console().print(table)


def _revision(address: DatabaseAddress) -> str:
    with migrate.connection_to(address) as connection:
        return migrate.current_revision(connection) or "base"
