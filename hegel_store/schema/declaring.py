"""Views, functions and triggers, declared beside the tables of a metadata.

SQLAlchemy has no words for them, so they are written as SQL. Nothing here makes them: revisions
do, and ``alembic check`` keeps the two equal (hegel_store.migrate.comparing).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import MetaData

_KEY = "hegel_store.declared"


@dataclass(frozen=True, slots=True)
class View:
    """``options`` as written between the parentheses of WITH: ``security_invoker = true``."""

    name: str
    definition: str
    options: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """``signature`` is its name and the types it takes: ``half_of(integer)``. ``variants`` are
    other statements that may have made it: what somebody chose, which is no difference.

    Raises ValueError for a statement that does not start with CREATE OR REPLACE: what has drifted
    is put right by running it.
    """

    signature: str
    statement: str
    variants: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not re.match(r"\s*CREATE\s+OR\s+REPLACE\s", self.statement, re.IGNORECASE):
            raise ValueError(f"{self.signature}: write it as CREATE OR REPLACE")

    @property
    def name(self) -> str:
        return self.signature.partition("(")[0]


@dataclass(frozen=True, slots=True)
class Trigger:
    """``table`` is the key of a table in the same metadata, which the statement names without a
    schema. ``state`` is what ALTER TABLE says for it: ENABLE, ENABLE ALWAYS, ENABLE REPLICA or
    DISABLE."""

    name: str
    table: str
    statement: str
    state: str = "ENABLE"


@dataclass(frozen=True, slots=True)
class Declared:
    """What a metadata declares, in the order it can be made in; views and functions that begin
    with ``prefix`` and are not among it should not be there."""

    objects: tuple[View | Function | Trigger, ...] = ()
    prefix: str | None = None

    @property
    def views(self) -> list[View]:
        return [item for item in self.objects if isinstance(item, View)]

    @property
    def functions(self) -> list[Function]:
        return [item for item in self.objects if isinstance(item, Function)]

    @property
    def triggers(self) -> list[Trigger]:
        return [item for item in self.objects if isinstance(item, Trigger)]


def declare(
    metadata: MetaData, *objects: View | Function | Trigger, prefix: str | None = None
) -> None:
    """Add to what the metadata declares.

    From then on its tables should have the declared triggers and no others. With a ``prefix``, the
    schema should have no other views and functions whose names begin with it.
    """
    before = metadata.info.get(_KEY, Declared())
    metadata.info[_KEY] = Declared(before.objects + objects, prefix or before.prefix)


def declared(metadata: MetaData) -> Declared | None:
    """What ``declare`` was told; None when it never was."""
    found: Declared | None = metadata.info.get(_KEY)
    return found
