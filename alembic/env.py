"""Alembic's environment: where to migrate, one migrator at a time, never waiting long for a lock.

The database comes from, in this order: a connection or URL handed over by hegel_store.migrate,
``-x url=...``, DATABASE_URL, POSTGRES_DSN, and, only when told (``-x embedded=true`` or
HEGEL_EMBEDDED=1), the embedded server. A deploy that forgot its URL fails instead of migrating
somebody's laptop.
"""

from __future__ import annotations

import logging.config

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection

from hegel_store import migrate
from hegel_store.errors import HegelStoreError
from hegel_store.schema import metadata
from hegel_store.settings import Settings, resolve_address

config = context.config
if config.config_file_name is not None:
    logging.config.fileConfig(config.config_file_name, disable_existing_loggers=False)

OPTIONS = {
    "target_metadata": metadata,
    "version_table": migrate.VERSION_TABLE,
    "include_name": migrate.include_name,
    "include_object": migrate.include_object,
    "transaction_per_migration": True,
    "compare_server_default": True,
    "autogenerate_plugins": ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
}


def migrate_offline() -> None:
    """Print SQL for somebody else to apply, timeouts included."""
    context.configure(
        dialect_name="postgresql",
        # With the default style every % in a function's body would come out doubled.
        dialect_opts={"paramstyle": "named"},
        literal_binds=True,
        as_sql=True,
        **OPTIONS,
    )
    with context.begin_transaction():
        for statement in migrate.TIMEOUTS:
            context.execute(statement)
        context.run_migrations()


def migrate_online() -> None:
    """Apply the revisions over one connection that holds the migration lock."""
    given = config.attributes.get("connection")
    if given is not None:
        run_on(given)
        return
    arguments = context.get_x_argument(as_dictionary=True)
    told = {"embedded": True} if arguments.get("embedded", "").lower() in ("1", "true") else {}
    try:
        address = resolve_address(Settings(**told), arguments.get("url"))
        with migrate.connection_to(address) as connection:
            migrate.refuse_unknown(connection)
            run_on(connection)
    except HegelStoreError as error:
        # Alembic prints its own errors in a line, and any other one as a traceback.
        raise CommandError(str(error)) from None


def run_on(connection: Connection) -> None:
    with migrate.exclusively(connection):
        context.configure(connection=connection, **OPTIONS)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    migrate_offline()
else:
    migrate_online()
