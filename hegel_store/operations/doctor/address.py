"""Where the database is, and what said so."""

from __future__ import annotations

from collections.abc import Iterator

from hegel_store.addresses import DatabaseAddress, parse_address
from hegel_store.errors import HegelStoreError, InvalidInput
from hegel_store.operations.doctor.findings import Finding
from hegel_store.settings import Settings


def describe_address(address: DatabaseAddress, settings: Settings) -> Iterator[Finding]:
    """The address without its password, and names that are old or compete."""
    schema = "" if address.schema is None else f", schema {address.schema}"
    yield Finding(
        code="address",
        severity="ok",
        subject="the database's address",
        seen=f"{address}{schema}, from {address.source}",
        why="This is the database that everything below is about.",
    )
    if address.source == "POSTGRES_DSN":
        yield Finding(
            code="address-old-name",
            severity="look",
            subject="POSTGRES_DSN",
            seen="the database is named by POSTGRES_DSN",
            why="It is the old name of DATABASE_URL, and warns at each start.",
            remedy='export DATABASE_URL="$POSTGRES_DSN"; unset POSTGRES_DSN',
        )
    if address.source == "DATABASE_URL" and settings.postgres_dsn is not None:
        other = _other(settings.postgres_dsn.get_secret_value())
        if other is None or other.parameters != address.parameters:
            where = "something that is no address" if other is None else str(other)
            yield Finding(
                code="address-ambiguous",
                severity="look",
                subject="POSTGRES_DSN",
                seen=f"POSTGRES_DSN names {where}, and is not used, as DATABASE_URL is set",
                why="What reads the old name alone works on another database.",
                remedy="unset POSTGRES_DSN",
            )


def address_unusable(error: HegelStoreError) -> Finding:
    """No address, or one that cannot be connected to as it is set."""
    return Finding(
        code="address-unusable",
        severity="act",
        subject="the database's address",
        seen=str(error),
        why="Nothing can connect.",
        remedy="export DATABASE_URL=postgresql://USER@HOST/DATABASE",
    )


def settings_unusable(error: InvalidInput) -> Finding:
    """A setting of the environment that is refused."""
    return Finding(
        code="settings-unusable",
        severity="act",
        subject=error.field,
        seen=str(error),
        why="No store can be made, and nothing was examined.",
        remedy=f"unset HEGEL_{error.field.upper()}",
    )


def _other(text: str) -> DatabaseAddress | None:
    try:
        return parse_address(text, "POSTGRES_DSN")
    except InvalidInput:
        return None
