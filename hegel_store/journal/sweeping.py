"""Taking the steps of one corpus out of what waits on the disk."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hegel_store.disk import sync_folder
from hegel_store.journal import segments
from hegel_store.journal.dead_letters import DeadLetter, DeadLetters
from hegel_store.journal.spool import DAMAGED, SUFFIX, locked
from hegel_store.models.erasures import SpoolSweep


def sweep_spool(root: Path, corpus_id: str, *, dry_run: bool = False) -> SpoolSweep:
    """Remove the steps of a corpus from the spools below ``root``, and from the dead letters.

    Spools of writers that are alive are left alone, and named. Bytes that are no record are
    removed where the corpus's name is among them. With ``dry_run`` nothing is changed. Raises
    OSError.
    """
    steps, busy = 0, []
    folders = sorted(path for path in root.glob("*") if path.is_dir()) if root.is_dir() else []
    for folder in folders:
        lock = locked(folder)
        if lock is None:
            if folder.exists():
                busy.append(str(folder))
            continue
        try:
            for path in sorted([*folder.glob(f"*{SUFFIX}"), *folder.glob(f"*{DAMAGED}")]):
                steps += _sweep_segment(path, corpus_id, dry_run)
        finally:
            os.close(lock)
    return SpoolSweep(steps=steps, dead_letters=_sweep_letters(root, corpus_id, dry_run), busy=busy)


def _sweep_segment(path: Path, corpus_id: str, dry_run: bool) -> int:
    kept, removed = [], 0
    for part, is_record in _parts(path.read_bytes()):
        if _is_of(part, corpus_id) if is_record else _names(part, corpus_id):
            removed += 1
        else:
            kept.append(segments.framed([part]) if is_record else part)
    if removed and not dry_run:
        if kept:
            fresh = path.with_suffix(".new")
            fresh.unlink(missing_ok=True)
            segments.append(fresh, b"".join(kept))
            fresh.replace(path)
        else:
            path.unlink()
        sync_folder(path.parent)
    return removed


def _parts(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """Each record, and each stretch between them that is none."""
    begin = 0
    for record, end in segments.read(data):
        yield (data[begin:end], False) if record is None else (record, True)
        begin = end


def _is_of(record: bytes, corpus_id: str) -> bool:
    try:
        fields: Any = json.loads(record)
    except ValueError:
        return _names(record, corpus_id)
    if not isinstance(fields, dict):
        return _names(record, corpus_id)
    return bool(fields.get("corpus_id") == corpus_id)


def _names(raw: bytes, corpus_id: str) -> bool:
    escaped = json.dumps(corpus_id)[1:-1].encode()
    return corpus_id.encode() in raw or escaped in raw


def _sweep_letters(root: Path, corpus_id: str, dry_run: bool) -> int:
    letters = DeadLetters(root)
    doomed = {letter.id for letter in letters.read() if _is_letter_of(letter, corpus_id)}
    if doomed and not dry_run:
        letters.remove(doomed)
    return len(doomed)


def _is_letter_of(letter: DeadLetter, corpus_id: str) -> bool:
    fields = letter.fields or {}
    if "corpus_id" in fields:
        return bool(fields["corpus_id"] == corpus_id)
    return _names(json.dumps(dict(fields)).encode(), corpus_id)
