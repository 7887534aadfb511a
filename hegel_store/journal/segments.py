"""A file of checksummed records, appended to and read from the front.

A record is a marker, its length and its CRC-32 (big-endian, 4 bytes each), and its bytes. A process
or a machine that dies while it writes leaves a torn tail; a disk may damage any byte. Reading goes
on at the next marker whose record is whole, and says how many bytes it passed over.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from hegel_store.disk import sync_folder

MARKER = b"\xf5HGL"  # 0xF5 is in no UTF-8 text
HEAD = struct.Struct(">4sII")


def framed(records: Sequence[bytes]) -> bytes:
    return b"".join(
        part
        for record in records
        for part in (HEAD.pack(MARKER, len(record), zlib.crc32(record)), record)
    )


def append(path: Path, data: bytes) -> None:
    """Add to the end, and return once the disk has it. Raises OSError, with nothing added."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        before = os.fstat(descriptor).st_size
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, before)
            raise
    finally:
        os.close(descriptor)
    if before == 0:
        sync_folder(path.parent)


def read(data: bytes) -> Iterator[tuple[bytes | None, int]]:
    """Each record and where it ends; None for a stretch of bytes that are no record."""
    place = 0
    while place < len(data):
        record = _record_at(data, place)
        if record is not None:
            place += HEAD.size + len(record)
            yield record, place
            continue
        place = data.find(MARKER, place + 1)
        while place >= 0 and _record_at(data, place) is None:
            place = data.find(MARKER, place + 1)
        if place < 0:
            place = len(data)
        yield None, place


def _record_at(data: bytes, place: int) -> bytes | None:
    if len(data) - place < HEAD.size:
        return None
    marker, length, checksum = HEAD.unpack_from(data, place)
    begin = place + HEAD.size
    record = data[begin : begin + length]
    if marker != MARKER or len(record) < length or zlib.crc32(record) != checksum:
        return None
    return record
