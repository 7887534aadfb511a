"""Which side is behind: the database or this package."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hegel_store.errors import PackageOutdated
from hegel_store.migrate.versions import (
    current_revision,
    is_ahead,
    known_revisions,
    pending,
    revisions,
)
from hegel_store.operations.doctor.findings import Finding
from hegel_store.operations.doctor.patient import Patient


def check_migration(patient: Patient) -> Iterator[Finding]:
    """The database's revision beside those of this package."""
    if patient.home is None:
        return  # which was said when the schema was not found
    current = current_revision(patient.connection)
    yield migration_state(current, str(patient.home))


def migration_state(current: str | None, schema: str) -> Finding:
    """What there is to say of a database at this revision, None for one that was never migrated."""
    head = known_revisions()[-1]
    if current is None:
        return Finding(
            code="not-migrated",
            severity="act",
            subject=schema,
            seen="the schema has no version table",
            why="There are no tables to work with.",
            remedy="hegel-store upgrade",
        )
    try:
        ahead = is_ahead(current)
    except PackageOutdated:
        return _not_ours(current, head, schema)
    if ahead:
        return Finding(
            code="migration-ahead",
            severity="look",
            subject=schema,
            seen=f"revision {current}; this package knows up to {head}",
            why="A later release has migrated it, and only added: this one works, until the "
            "revisions that come after the deploy.",
            remedy="pip install --upgrade hegel_store",
        )
    left = pending(current)
    if not left:
        return Finding(
            code="migration",
            severity="ok",
            subject=schema,
            seen=f"revision {current}, the last one of this package",
            why="The tables are what this release was written for.",
        )
    needed = any(revisions()[revision].phase == "pre" for revision in left)
    return Finding(
        code="migration-behind",
        severity="act" if needed else "look",
        subject=schema,
        seen=f"revision {current}, {len(left)} behind this package's {head}",
        why="This release needs what they add: calls fail."
        if needed
        else "This release works without them; they take away what the last one needed.",
        remedy=f"hegel-store upgrade --phase {'pre' if needed else 'post'}",
    )


def _not_ours(current: str, head: str, schema: str) -> Finding:
    later = re.fullmatch(r"\d{4}\.\d+", current) is not None and current > head
    return Finding(
        code="package-outdated" if later else "migration-unknown",
        severity="act",
        subject=schema,
        seen=f"revision {current}; this package knows up to {head}"
        if later
        else f"revision {current!r:.80}, which no release of this package has",
        why="A later release has taken away what this one needs."
        if later
        else "Another package, or somebody by hand, has written the version table.",
        remedy="pip install --upgrade hegel_store"
        if later
        else "alembic check    # then: alembic stamp --purge the revision that the tables are at",
    )
