"""The tables of a scope: what of each is carried, by what its rows are known, what may change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, Table

from hegel_store.schema import (
    profile_alias_moves,
    profile_aliases,
    profile_parents,
    profile_populations,
    prompt_profiles,
    scopes,
)

_staging = MetaData()


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A table of a scope under its ``name`` in files.

    ``incoming`` is the temporary table that a file is read into, with the ``line`` of each row.
    ``references`` are the columns that name profiles, ``changing`` those that may differ between
    two databases, ``changed_at`` the one that says whose are newer.
    """

    name: str
    table: Table
    incoming: Table
    references: Sequence[str]
    changing: Sequence[str]
    changed_at: str | None

    @property
    def columns(self) -> Sequence[Column[Any]]:
        """All that are not computed by the server."""
        return [column for column in self.table.columns if column.computed is None]

    @property
    def key(self) -> Sequence[str]:
        return [column.name for column in self.table.primary_key]

    @property
    def fixed(self) -> Sequence[str]:
        """What is the same wherever the row is, besides its key."""
        names = (column.name for column in self.columns)
        return [name for name in names if name not in (*self.key, *self.changing)]


def _carried(
    name: str,
    table: Table,
    references: Sequence[str] = (),
    changing: Sequence[str] = (),
    changed_at: str | None = None,
) -> Carried:
    columns = (Column(c.name, c.type) for c in table.columns if c.computed is None)
    incoming = Table(
        f"hegel_incoming_{name}",
        _staging,
        *columns,
        Column("line", BigInteger),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )
    return Carried(
        name=name,
        table=table,
        incoming=incoming,
        references=references,
        changing=changing,
        changed_at=changed_at,
    )


def _but(table: Table, *fixed: str) -> Sequence[str]:
    keys = {column.name for column in table.primary_key}
    return [c.name for c in table.columns if c.name not in keys and c.name not in fixed]


SCOPES = _carried("scopes", scopes, changing=_but(scopes))
PROFILES = _carried(
    "profiles",
    prompt_profiles,
    references=("base_profile_id",),
    changing=("performance_stats", "metadata", "updated_at"),
    changed_at="updated_at",
)
PARENTS = _carried("parents", profile_parents, references=("profile_id", "parent_id"))
ALIASES = _carried(
    "aliases",
    profile_aliases,
    references=("profile_id", "previous_profile_id"),
    changing=_but(profile_aliases),
)
MOVES = _carried(
    "alias_moves", profile_alias_moves, references=("from_profile_id", "to_profile_id")
)
MEMBERS = _carried(
    "members",
    profile_populations,
    references=("profile_id",),
    changing=_but(profile_populations),
    changed_at="last_updated",
)

TABLES = {each.name: each for each in (SCOPES, PROFILES, PARENTS, ALIASES, MOVES, MEMBERS)}
"""In the order of a file."""
