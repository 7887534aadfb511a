"""What every table shares: the metadata, its naming convention and the recurring columns.

The revisions under ``alembic/`` own the schema; these tables describe its head for building
statements, and ``alembic check`` keeps the two equal.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Column, DateTime, MetaData, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB

VERSION_TABLE = "hegel_store_version"
"""Alembic's version table; not ``alembic_version``, so that an application keeps its own."""

PREFIX = "hegel_"
"""Every object of ours begins with this; drift checks look at nothing else."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def name_column(name: str, **options: Any) -> Column[str]:
    """A short name that leads keys: byte order, so that indexes do not depend on a locale."""
    return Column(name, Text(collation="C"), nullable=False, **options)


def json_column(name: str) -> Column[Any]:
    """A JSON object, empty by default."""
    return Column(name, JSONB, nullable=False, server_default=text("'{}'::jsonb"))


def moment_column(name: str, *, nullable: bool = False) -> Column[Any]:
    """A timestamptz; filled by the server's clock unless nullable."""
    default = None if nullable else func.clock_timestamp()
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=default)


def is_name(column: str) -> CheckConstraint:
    """Not blank, and short enough for an index."""
    return CheckConstraint(
        f"char_length({column}) <= 200 AND btrim({column}) <> ''", name=f"{column}_is_name"
    )


def is_object(column: str) -> CheckConstraint:
    """The JSON is an object, not a scalar, an array or a JSON null."""
    return CheckConstraint(f"jsonb_typeof({column}) = 'object'", name=f"{column}_is_object")


def is_finite(column: str) -> CheckConstraint:
    """Neither NaN (which sorts above every number) nor infinite."""
    return CheckConstraint(
        f"{column} > '-Infinity'::float8 AND {column} < 'Infinity'::float8",
        name=f"{column}_is_finite",
    )
