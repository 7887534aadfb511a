"""``hegel-store adopt``: takes over the tables of an earlier schema."""

from __future__ import annotations

from typing import Annotated

import typer

from hegel_store.cli.options import Embedded, Url
from hegel_store.settings import Settings, resolve_address


def adopt(
    url: Url = None,
    embedded: Embedded = True,
    schema: Annotated[
        str | None,
        typer.Option(help="Where the old tables are; else where this package's tables are made."),
    ] = None,
    keep_in: Annotated[
        str | None,
        typer.Option(help="The schema that the old tables are moved to; else hegel_adopted."),
    ] = None,
) -> None:
    """Bring a database with the tables of an earlier schema under Alembic, with every row.

    A run that was broken off is finished by running it again.
    """
    # It needs Alembic, which takes long to import, and which most commands do without.
    from hegel_store import adoption

    address = resolve_address(Settings(embedded=embedded), url)
    adopted = adoption.adopt(address, schema=schema, keep_in=keep_in or adoption.KEEP_IN)
    for table in adopted.tables:
        print(
            f"{table.old_name}: all {table.old_rows:,} rows are in {table.name}, which has "
            f"{table.rows:,}"
        )
        for column, rows in table.kept_aside.items():
            print(f'  {column}: kept under "adopted" in {rows:,} row(s)')
    if adopted.stand_ins:
        print(f"{adopted.stand_ins:,} empty profile(s) stand for missing ones")
    print(f"The old tables are in schema {adopted.kept_in}, unchanged.")
