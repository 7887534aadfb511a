"""What changed from one prompt profile to another, and how that is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hegel_store.models import PromptProfile
from hegel_store.prompts.matching import Opcode, opcodes

Path = tuple[str | int, ...]
"""Keys, and positions from 0, that lead to a value of a document."""

SegmentKind = Literal["equal", "deleted", "inserted"]

ChangeKind = Literal["added", "removed", "changed", "reordered"]

LINES = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSegment:
    """A piece of two texts: of both (*equal*), the old one (*deleted*) or the new (*inserted*)."""

    kind: SegmentKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """One value that is not the same in both documents.

    Positions in ``path`` are those of the new document, or of the old one for what was *removed*.
    ``role`` is the role that it belongs to, None outside of roles. ``old`` is None for what was
    *added*, ``new`` for what was *removed*: a text, a number, an empty object or list, as others
    are told value by value. Of an object whose keys were *reordered* they are the keys that both
    have. ``segments`` are there where both are texts.
    """

    path: Path
    role: str | None
    kind: ChangeKind
    old: Any
    new: Any
    segments: Sequence[TextSegment] = ()

    @property
    def name(self) -> str:
        """The path as in worker.examples[0]; keys that are no identifiers as in ["few shots"]."""
        steps = [
            f".{step}"
            if isinstance(step, str) and step.isidentifier()
            else f"[{json.dumps(step, ensure_ascii=False)}]"
            for step in self.path
        ]
        return "".join(steps).removeprefix(".") or "."


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileDiff:
    """The changes from ``old`` to ``new``, in the order of the documents; none for equal ones."""

    old: PromptProfile
    new: PromptProfile
    changes: Sequence[ProfileChange]

    def to_json(self) -> dict[str, Any]:
        """An object of JSON: ``old`` and ``new`` by id and version, and the ``changes``.

        A segment is a list of its kind and its text.
        """
        return {
            "old": _named(self.old),
            "new": _named(self.new),
            "changes": [
                {
                    "path": list(change.path),
                    "role": change.role,
                    "kind": change.kind,
                    "old": change.old,
                    "new": change.new,
                    "segments": [[segment.kind, segment.text] for segment in change.segments],
                }
                for change in self.changes
            ],
        }

    def unified(self, *, context: int = 3) -> str:
        """A text in the format of ``diff -u``, each path like a file.

        Texts by their lines, other values as JSON on one. What was added or removed is compared
        with /dev/null. ``context`` is how many lines are shown around those that changed.
        """
        return "".join(line for change in self.changes for line in _unified(change, self, context))


def _unified(change: ProfileChange, diff: ProfileDiff, context: int) -> Iterator[str]:
    sides = []
    for mark, profile, value, absent in (
        ("---", diff.old, change.old, change.kind == "added"),
        ("+++", diff.new, change.new, change.kind == "removed"),
    ):
        name = (
            "/dev/null"
            if absent
            else f"{change.name}\t{profile.task_type} version {profile.version}"
        )
        yield f"{mark} {name}\n"
        sides.append([] if absent else _lines(value))
    old, new = sides
    for hunk in _hunks(opcodes(old, new), context):
        (_, i1, _, j1, _), (_, _, i2, _, j2) = hunk[0], hunk[-1]
        yield f"@@ -{_range(i1, i2)} +{_range(j1, j2)} @@\n"
        for equal, start, stop, new_start, new_stop in hunk:
            for line in old[start:stop]:
                yield _marked(" " if equal else "-", line)
            for line in [] if equal else new[new_start:new_stop]:
                yield _marked("+", line)


def _lines(value: Any) -> list[str]:
    if isinstance(value, str):
        return LINES.findall(value)
    return [json.dumps(value, ensure_ascii=False) + "\n"]


def _marked(mark: str, line: str) -> str:
    return mark + line if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"


def _range(start: int, stop: int) -> str:
    """Line numbers from 1 as diff writes them: an empty range is after the line it names."""
    if stop - start == 1:
        return str(start + 1)
    return f"{start + (stop > start)},{stop - start}"


def _hunks(runs: Sequence[Opcode], context: int) -> Iterator[list[Opcode]]:
    """Changed runs with the equal lines around them, together where these touch."""
    hunk: list[Opcode] = []
    for n, (equal, i1, i2, j1, j2) in enumerate(runs):
        if not equal:
            hunk.append((False, i1, i2, j1, j2))
            continue
        last = n == len(runs) - 1
        if hunk and not last and i2 - i1 <= 2 * context:
            hunk.append((True, i1, i2, j1, j2))
            continue
        if hunk:
            shown = min(context, i2 - i1)
            yield [*hunk, (True, i1, i1 + shown, j1, j1 + shown)]
        shown = min(context, i2 - i1)
        hunk = [] if last else [(True, i2 - shown, i2, j2 - shown, j2)]
    if hunk:
        yield hunk


def _named(profile: PromptProfile) -> dict[str, Any]:
    return {
        "corpus_id": profile.corpus_id,
        "task_type": profile.task_type,
        "version": profile.version,
        "id": str(profile.id),
    }
