"""Positions in the write-ahead log (LSN): where the primary writes, and how far a standby is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import Connection, text

from hegel_store.errors import InvalidInput

WRITTEN = text(
    """
    SELECT CAST(
        CASE
            WHEN pg_is_in_recovery() THEN NULL
            WHEN current_setting('synchronous_commit') = 'off' THEN pg_current_wal_insert_lsn()
            ELSE pg_current_wal_flush_lsn()
        END AS text
    )
    """
)
"""Everything that was committed before is below it.

What is flushed, as a standby is sent nothing else, and the position of insertion may lie behind a
page's header, where replay does not come before the next record. Only a role that does not wait for
the flush has commits beyond it.
"""

REPLAYED = text(
    """
    SELECT
        pg_is_in_recovery(),
        EXISTS (
            SELECT FROM pg_stat_wal_receiver WHERE coalesce(status, 'streaming') = 'streaming'
        ),
        CAST(pg_last_wal_replay_lsn() AS text)
    """
)
"""The status of the receiver is shown to some roles only; that there is one, to all."""

_WRITTEN_AS = re.compile(r"([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a server says of itself. ``position`` is how far it has replayed, in bytes."""

    is_standby: bool
    is_receiving: bool
    position: int | None


def check_position(field: str, value: object) -> int:
    """The bytes of a position as PostgreSQL writes it ("16/B374D848"). Raises InvalidInput."""
    found = _WRITTEN_AS.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise InvalidInput(field, "must be what write_position() returned, like '16/B374D848'")
    return (int(found[1], 16) << 32) + int(found[2], 16)


def shown(position: int) -> str:
    """A position as PostgreSQL writes it."""
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


def written(connection: Connection) -> int | None:
    """How far the primary has written; None where the server is a standby."""
    position = connection.execute(WRITTEN).scalar_one()
    return None if position is None else check_position("position", position)


def progress(connection: Connection) -> Progress:
    """How far a standby is. The connection must be outside of a transaction that sees one snapshot:
    a unit of work that does has to begin after this."""
    is_standby, is_receiving, position = connection.execute(REPLAYED).one()
    return Progress(
        is_standby=is_standby,
        is_receiving=is_receiving,
        position=None if position is None else check_position("position", position),
    )
