"""Alembic's environment: where to migrate, one migrator at a time, never waiting long for a lock.

The database comes from, in this order: a connection or URL handed over by hegel_store.migrate,
``-x url=...``, DATABASE_URL, POSTGRES_DSN, and, only when told (``-x embedded=true`` or
HEGEL_EMBEDDED=1), the embedded server. A deploy that forgot its URL fails instead of migrating
somebody's laptop. ``-x schema=...`` or HEGEL_DATABASE_SCHEMA names the schema to migrate. What a
migration has come to is told as an event, which HEGEL_EVENTS has printed.
"""

from __future__ import annotations

import logging.config
from typing import Any

from alembic import command, context
from alembic.util import CommandError
from psycopg import sql
from sqlalchemy import Connection, text

import hegel_store.migrate.batches
import hegel_store.migrate.dimensions
import hegel_store.migrate.indexes  # noqa: F401  # the three of them for their operations
from hegel_store.connector import PGVECTORS_SCHEMA
from hegel_store.database import translated
from hegel_store.errors import HegelStoreError
from hegel_store.migrate.comparing import PLUGIN, include_name, include_object
from hegel_store.migrate.rights import explained
from hegel_store.migrate.running import TIMEOUTS, apply, connection_to, exclusively
from hegel_store.migrate.telling import direction_of, told
from hegel_store.migrate.versions import current_revision, is_ahead
from hegel_store.observing.events import logged
from hegel_store.schema import VERSION_TABLE, metadata
from hegel_store.settings import Settings, event_format, resolve_address

config: Any = context.config
logger = logging.getLogger("alembic")
if config.config_file_name is not None:
    logging.config.fileConfig(config.config_file_name, disable_existing_loggers=False)

OPTIONS = {
    "target_metadata": metadata,
    "version_table": VERSION_TABLE,
    "include_name": include_name,
    "include_object": include_object,
    "transaction_per_migration": True,
    "compare_server_default": True,
    "autogenerate_plugins": [
        "alembic.autogenerate.*",
        "alembic.ext.checkconstraint_byname",
        PLUGIN,
    ],
}


def settings() -> Settings:
    """The environment's, and what ``-x`` says otherwise."""
    arguments = context.get_x_argument(as_dictionary=True)
    told: dict[str, Any] = {"database_schema": arguments.get("schema")}
    if arguments.get("embedded", "").lower() in ("1", "true"):
        told["embedded"] = True
    return Settings(**told)


def text_of(value: str) -> str:
    return sql.Literal(value).as_string()


def is_upgrade() -> bool:
    """Whether this is `alembic upgrade`; what calls alembic.command itself counts as that."""
    return config.cmd_opts is None or config.cmd_opts.cmd[0] is command.upgrade


def migrate_offline() -> None:
    """Print SQL for somebody else to apply, timeouts included."""
    schema = settings().database_schema
    context.configure(
        dialect_name="postgresql",
        # With the default style every % in a function's body would come out doubled.
        dialect_opts={"paramstyle": "named"},
        literal_binds=True,
        as_sql=True,
        **OPTIONS,
    )
    with context.begin_transaction():
        if schema is not None:
            name = sql.Identifier(schema).as_string()
            pgvector = PGVECTORS_SCHEMA.format(searched=f"ARRAY[{text_of(schema)}]")
            context.execute(f"CREATE SCHEMA IF NOT EXISTS {name}")
            context.execute(
                "SELECT set_config("
                f"'search_path', concat_ws(', ', {text_of(name)}, {pgvector}), false)"
            )
        for statement in TIMEOUTS:
            context.execute(statement)
        context.run_migrations()


def migrate_online() -> None:
    """Apply the revisions over one connection that holds the migration lock."""
    given = config.attributes.get("connection")
    if given is not None:
        run_on(given)
        return
    address = resolve_address(settings(), context.get_x_argument(as_dictionary=True).get("url"))
    with (
        translated(),
        connection_to(address, make_schema=is_upgrade()) as connection,
        explained(connection),
    ):
        ahead = is_ahead(current_revision(connection))
        connection.rollback()  # the migration begins its own transactions
        if ahead and is_upgrade():
            # A release that was rolled back starts with this; it works on what is there.
            logger.info("a later package has migrated this database; it is left as it is")
            return
        run_on(connection)


def run_on(connection: Connection) -> None:
    # Or an installation in another schema of the search_path would be taken for this one.
    home = connection.scalar(text("SELECT current_schema()"))
    connection.rollback()

    with told(connection, config.attributes.get("direction")) as migration:

        def run() -> None:
            context.configure(connection=connection, version_table_schema=home, **OPTIONS)
            migration.direction = direction_of(context.get_context().opts)
            with context.begin_transaction():
                context.run_migrations()

        with exclusively(connection):
            apply(connection, run)


try:
    if context.is_offline_mode():
        migrate_offline()
    elif "connection" in config.attributes:
        migrate_online()  # events are the caller's to ask for
    else:
        with logged(event_format()):
            migrate_online()
except HegelStoreError as error:
    # Alembic prints its own errors in a line, and any other one as a traceback.
    raise (error if "connection" in config.attributes else CommandError(str(error))) from None
