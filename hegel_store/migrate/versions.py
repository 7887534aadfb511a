"""Which revisions a database has, which this package knows, and whether the two fit.

Each revision is of a phase. What is "pre" only adds: the release that is running goes on working
on it, so it is applied before a deploy. What is "post" takes away what the last release needed,
so it is applied once that release is gone.

A release meets revisions that it does not know yet, when the next one is being deployed. Their
ids tell it whether it still works: the number after the point, the *era*, counts the "post"
revisions so far. ``0012.0`` has none before it, ``0013.1`` is the first, ``0014.1`` adds to that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine, text

from hegel_store.database import translated
from hegel_store.errors import InvalidInput, MigrationRequired, PackageOutdated
from hegel_store.schema import VERSION_TABLE

Phase = Literal["pre", "post"]


def scripts() -> Path:
    """The folder of revisions: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "alembic"
    return installed if installed.is_dir() else package.parent / "alembic"


@dataclass(frozen=True, slots=True)
class Revision:
    """``downgrade`` is the paragraph that says what taking the revision back discards, or None."""

    phase: Phase
    downgrade: str | None


@cache
def revisions() -> dict[str, Revision]:
    """Every revision this package carries, base first."""
    from alembic.script import ScriptDirectory

    walk = ScriptDirectory(str(scripts())).walk_revisions()
    return {script.revision: _read(script.module) for script in reversed(list(walk))}


def _read(module: Any) -> Revision:
    paragraphs = (" ".join(part.split()) for part in module.__doc__.split("\n\n"))
    said = (part for part in paragraphs if part.startswith("The downgrade "))
    return Revision(module.phase, next(said, None))


def known_revisions() -> tuple[str, ...]:
    """The ids of every revision this package carries, base first."""
    return tuple(revisions())


def discarded(current: str | None, target: str) -> Sequence[str]:
    """What the revisions say of taking them back, from ``current`` down to ``target``.

    ``target`` is "base", an id or the beginning of one, or how many to take back ("-2").
    """
    known = known_revisions()
    top = known.index(current) + 1 if current in known else 0
    if re.fullmatch(r"-\d+", target):
        bottom = top + int(target)
    elif target == "base":
        bottom = 0
    else:
        bottom = next((n for n, name in enumerate(known, 1) if name.startswith(target)), top)
    return [
        f"{revision}: {said}"
        for revision in reversed(known[max(bottom, 0) : top])
        if (said := revisions()[revision].downgrade) is not None
    ]


def current_revision(connection: Connection) -> str | None:
    """The database's revision; None when it was never migrated, or back to base.

    Only the schema that tables are made in counts: another one on the search path may hold an
    installation of its own.
    """
    there = connection.scalar(
        text(
            """
            SELECT EXISTS (
                SELECT FROM pg_catalog.pg_tables
                WHERE schemaname = current_schema() AND tablename = :table
            )
            """
        ),
        {"table": VERSION_TABLE},
    )
    if not there:
        return None
    found: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    return found


def era(revision: str) -> int:
    """How many "post" revisions there are up to this one, itself included; the first eleven
    revisions, which have none, do not write it."""
    return int(revision.partition(".")[2] or 0)


def is_ahead(current: str | None) -> bool:
    """Whether a database at ``current`` was migrated by a later package than this, in a way that
    leaves this one working.

    Raises PackageOutdated when it does not leave it working.
    """
    if current is None or current in revisions():
        return False
    head = known_revisions()[-1]
    later = re.fullmatch(r"\d{4}\.\d+", current) and current > head
    if not later or era(current) != era(head):
        raise PackageOutdated(
            f"this package is behind: the database is at revision {current}, and this package "
            f"knows revisions up to {head}; upgrade hegel_store"
        )
    return True


def require_current(engine: Engine) -> str:
    """The database's revision, which this package works on.

    It does on its own head, on an older one that lacks only revisions of the phase "post", and on
    a later one that has gained only revisions of the phase "pre". Raises MigrationRequired or
    PackageOutdated, saying which side is behind.
    """
    with translated(), engine.connect() as connection:
        current = current_revision(connection)
    ahead = is_ahead(current)
    if current is None:
        raise MigrationRequired(
            "the database has not been migrated: run `hegel-store upgrade` (or store.upgrade())"
        )
    if not ahead and "pre" in (revisions()[revision].phase for revision in pending(current)):
        raise MigrationRequired(
            f"the database is behind: it is at revision {current}, this package needs "
            f"{known_revisions()[-1]}; run `hegel-store upgrade` (or store.upgrade())"
        )
    return current


def pending(current: str | None) -> Sequence[str]:
    """This package's revisions after ``current``, in order."""
    known = known_revisions()
    return known if current is None else known[known.index(current) + 1 :]


def target_of(phase: Phase, current: str | None) -> str | None:
    """How far to migrate a database at ``current`` in this phase; None when nothing is to be done.

    "pre" goes to the last revision before the first pending "post", and "post" to the head. On an
    empty database there is no running release to spare, so both go to the head. Raises
    InvalidInput when the order of the pending revisions forbids the phase.
    """
    left = pending(current)
    if not left:
        return None
    if current is None:
        return left[-1]
    kinds = [revisions()[revision].phase for revision in left]
    if phase == "post":
        if "pre" in kinds:
            first = left[kinds.index("pre")]
            raise InvalidInput(
                "phase", f"revision {first} has to be applied before: run --phase pre, then deploy"
            )
        return left[-1]
    if "post" not in kinds:
        return left[-1]
    stop = kinds.index("post")
    if "pre" in kinds[stop:]:
        later = left[kinds.index("pre", stop)]
        raise InvalidInput(
            "phase",
            f"revision {left[stop]} takes away what the running release needs, and {later}, which "
            "this package needs, comes after it: deploy the releases in between one by one, or "
            "stop what is running and run `hegel-store upgrade`",
        )
    return left[stop - 1] if stop else None
