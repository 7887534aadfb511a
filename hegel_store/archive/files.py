"""Files that are there whole or not at all."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from hegel_store.disk import sync_folder
from hegel_store.errors import InvalidInput


@contextmanager
def written(path: Path, *, replace: bool) -> Iterator[BinaryIO]:
    """A file to write to, which gets the name ``path`` once it is on the disk, after the block.

    Until then it is ``.NAME.part`` beside it. What a killed process left of that is removed;
    another process that still writes to it is respected. Without ``replace``, a file that is there
    is never touched.

    Raises InvalidInput where another process writes the same file, or was faster.
    """
    part = path.with_name(f".{path.name}.part")
    file = _locked(part, path)
    try:
        yield file
        file.flush()
        os.fsync(file.fileno())
        if replace:
            part.replace(path)
        else:
            # rename() would replace what another process put there a moment ago; link() does not.
            try:
                os.link(part, path)
            except FileExistsError:
                raise InvalidInput("path", f"{path} was written by another process") from None
            part.unlink()
        sync_folder(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    finally:
        file.close()


def _locked(part: Path, path: Path) -> BinaryIO:
    while True:
        file = open(part, "r+b", opener=_made)  # noqa: SIM115  # closed by who asked for it
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise InvalidInput("path", f"{path} is being written by another process") from None
        if _is_still(part, file):
            found = os.fstat(file.fileno())
            if found.st_size == 0 and found.st_nlink == 1:
                return file
            # What a killed process left. Not written into: killed between link() and unlink(), it
            # has left a finished file, which may have been moved since and be the only one.
            part.unlink()
        # Otherwise its writer has finished meanwhile, and this is the finished file.
        file.close()


def _made(path: str, flags: int) -> int:
    """Open without emptying: it may be another writer's."""
    return os.open(path, flags | os.O_CREAT, 0o666)


def _is_still(part: Path, file: BinaryIO) -> bool:
    try:
        return part.stat().st_ino == os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False
