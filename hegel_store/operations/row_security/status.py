"""How row-level security stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from hegel_store.database import translated
from hegel_store.operations.row_security import statements


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSecurity:
    """``covered`` are the tables that show a role its own corpus alone, ``open`` those that show
    all. ``problems`` say what is open although it is on: tables, policies of somebody else that
    allow more, and who may read the frequencies of words in all corpora. ``passing`` are the roles
    with access that no policy holds for: superusers, the owner and its members, BYPASSRLS.
    """

    covered: Sequence[str]
    open: Sequence[str]
    problems: Sequence[str]
    passing: Sequence[str]

    @property
    def state(self) -> str:
        """ "on", "off", or "partly on": run `hegel-store isolation on` again."""
        if not self.covered:
            return "off"
        return "partly on" if self.problems else "on"


def examine(engine: Engine) -> RowSecurity:
    """Read the catalog; changes nothing. Raises DatabaseError."""
    with translated(), engine.connect() as connection:
        tables = connection.execute(statements.TABLES, {"others": [*statements.OTHERWISE]}).all()
        counts = connection.execute(statements.OPEN_COUNTS, {"counts": [*statements.COUNTS]}).all()
        views = connection.execute(statements.OPEN_VIEW).scalars().all()
        passing = connection.execute(statements.PASSING).scalars().all()
    closed = [t for t in tables if t.enabled and (t.partition or t.policy)]
    rest = [table for table in tables if table not in closed]
    problems = [f"{table.name} shows every corpus" for table in rest if not table.enabled]
    problems += [f"{table.name} shows nothing: it has no policy" for table in rest if table.enabled]
    problems += [
        f"{table.name} has a policy of its own that may allow more: {name}"
        for table in tables
        for name in table.others
    ]
    problems += [f"{row.grantee} may call {row.quoted}" for row in counts]
    problems += [f"{grantee} may read hegel_word_counts" for grantee in views]
    return RowSecurity(
        covered=[table.name for table in closed],
        open=[table.name for table in rest],
        problems=problems if closed else [],
        passing=passing,
    )
