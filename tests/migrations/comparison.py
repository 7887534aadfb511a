"""Autogenerate on one connection, and what it writes, run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pgvector.sqlalchemy
import psycopg
import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.operations.ops import MigrationScript, OpContainer
from sqlalchemy.dialects import postgresql as dialect

from hegel_store import migrate
from hegel_store.addresses import parse_address
from hegel_store.migrate import comparing
from hegel_store.schema import metadata

PLUGINS = ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname", comparing.PLUGIN]
OURS = {"include_name": comparing.include_name, "include_object": comparing.include_object}


class Comparison:
    """One connection, one metadata, and what an environment sets."""

    def __init__(self, connection: sa.Connection, wanted: sa.MetaData, **options: Any) -> None:
        self.connection = connection
        self.wanted = wanted
        self.context = MigrationContext.configure(
            connection,
            opts={
                "target_metadata": wanted,
                "compare_server_default": True,
                "autogenerate_plugins": PLUGINS,
                **options,
            },
        )

    def script(self) -> MigrationScript:
        script = produce_migrations(self.context, self.wanted)
        self.connection.commit()
        return script

    def diffs(self) -> list[tuple[str, str]]:
        """What differs: what is to be done, and to which object."""
        return named(self.script().upgrade_ops.as_diffs())

    def run(self, operations: OpContainer) -> None:
        """Run them as the text they are in a revision file."""
        code = render_python_code(operations, migration_context=self.context)
        names = {"op": Operations(self.context), "sa": sa, "pgvector": pgvector}
        names["postgresql"] = dialect
        exec(f"def step():\n    {code}", names)  # noqa: S102
        names["step"]()
        self.connection.commit()


def named(diffs: list[Any]) -> list[tuple[str, str]]:
    flat = [diff[0] if isinstance(diff, list) else diff for diff in diffs]
    return [
        (verb, next(str(getattr(what, "name", what)) for what in rest if what is not None))
        for verb, *rest in flat
    ]


@contextmanager
def comparison(url: str, schema: str | None = None) -> Iterator[Comparison]:
    address = replace(parse_address(url, "the test"), schema=schema)
    with migrate.connection_to(address) as connection:
        yield Comparison(connection, metadata, **OURS)


def plant(connection: psycopg.Connection, drift: str) -> None:
    connection.execute("SET LOCAL allow_system_table_mods = on")
    connection.execute(drift)
    connection.commit()
