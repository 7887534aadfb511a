"""A step as it is in a file: plain values by the names of the columns, documents as their text."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Result

from hegel_store.archive.statements import DOCUMENTS, NAMES
from hegel_store.models import TrainingStep
from hegel_store.repositories.step_statements import FIELDS

Row = Mapping[str, Any]

IDS = tuple(name for name, kind, _ in FIELDS if kind == "uuid")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

FETCHED = 100
"""Steps that are read from the server, or from a file, at a time; one holds 80 MB at most."""

BATCH_STEPS = 10_000
BATCH_BYTES = 16 * 1024 * 1024
"""A row group of a Parquet file ends with whichever is reached first."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """How many steps there are, and the sums of their hashes: SHA-256, of which the first and the
    second eight bytes are each read as a signed integer. The order of the steps changes nothing."""

    steps: int
    first: int
    second: int


def checksum_of(rows: Iterable[Row]) -> Checksum:
    """What hegel_store.archive.statements.checksum() says of a table with these steps."""
    steps = first = second = 0
    for row in rows:
        digest = hashlib.sha256("".join(map(_shown, (row[name] for name in NAMES))).encode())
        here, there = struct.unpack(">qq", digest.digest()[:16])
        steps, first, second = steps + 1, first + here, second + there
    return Checksum(steps, first, second)


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        shown = str((value - EPOCH) // MICROSECOND)
    elif isinstance(value, float):
        shown = struct.pack(">d", value).hex()
    else:
        shown = str(value)
    return f"{len(shown)}:{shown}"


def fetched(result: Result[Any]) -> Iterator[dict[str, Any]]:
    """The rows of a streamed result."""
    for row in result:
        values = dict(row._mapping)
        values["created_at"] = values["created_at"].astimezone(UTC)
        for name in IDS:
            if values[name] is not None:
                values[name] = str(values[name])
        yield values


def batched(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Batches bounded in rows and in characters."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += sum(len(value) for value in row.values() if isinstance(value, str))
        if len(batch) >= BATCH_STEPS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def as_step(row: Row) -> TrainingStep:
    """The step that a row of ours stands for; its time may be text.

    Raises ValueError or TypeError for any other row.
    """
    moment = row["created_at"]
    if not isinstance(moment, datetime):
        moment = datetime.fromisoformat(moment)
    if moment.tzinfo is None:
        raise ValueError(f"created_at {moment} has no time zone")
    values = dict(row) | {"created_at": moment.astimezone(UTC)}
    for name in IDS:
        # The one that may be missing; without its own id a step would be stored again each time.
        if name != "new_profile_id" or values[name] is not None:
            values[name] = UUID(values[name])
    for name in DOCUMENTS:
        values[name] = json.loads(values[name])
    return TrainingStep(**values)
