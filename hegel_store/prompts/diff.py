"""What changed from one profile to another, value by value, and in texts word by word."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from hegel_store.models import PromptProfile
from hegel_store.prompts.changes import (
    LINES,
    ChangeKind,
    Path,
    ProfileChange,
    ProfileDiff,
    SegmentKind,
    TextSegment,
)
from hegel_store.prompts.matching import opcodes

WORDS = re.compile(r"(\s*)(\w+|[^\w\s]|\Z)")
"""A word or a sign with the blanks before it; at the end of a text, blanks alone."""

Piece = tuple[SegmentKind, str]


def diff_profiles(old: PromptProfile, new: PromptProfile) -> ProfileDiff:
    """The values in which two profiles differ, whichever scopes they are of.

    Items of lists are compared with those that they are most alike: one more at the beginning is
    one that was added. There are no changes exactly where both documents are written as the same
    JSON: 1 and 1.0 differ, and so does the order of keys, as prompts are rendered in it.
    """
    roles = {
        key
        for document in (old.profile, new.profile)
        for key, value in document.items()
        if isinstance(value, Mapping) and "system_prompt" in value
    }
    return ProfileDiff(
        old=old,
        new=new,
        changes=[
            _change(path, kind, before, after, roles)
            for path, kind, before, after in _compared(Place(), old.profile, new.profile)
        ],
    )


def text_segments(old: str, new: str) -> list[TextSegment]:
    """How ``old`` becomes ``new``: by lines first, and by words inside of those that changed.

    The texts of all segments but the inserted ones are ``old``, of all but the deleted ones
    ``new``. No two neighbours are of one kind, and none is empty.
    """
    pieces: list[Piece] = []
    before, after = LINES.findall(old), LINES.findall(new)
    for equal, i1, i2, j1, j2 in opcodes(before, after):
        if equal:
            pieces.append(("equal", "".join(before[i1:i2])))
        else:
            pieces += _words("".join(before[i1:i2]), "".join(after[j1:j2]))
    return list(_joined(pieces))


def _words(old: str, new: str) -> Iterator[Piece]:
    """The same for two texts that are compared by words; blanks are compared between them."""
    before, after = WORDS.findall(old), WORDS.findall(new)
    matched = opcodes([word for _, word in before], [word for _, word in after])
    for equal, i1, i2, j1, j2 in matched:
        if not equal:
            deleted = "".join(map("".join, before[i1:i2]))
            inserted = "".join(map("".join, after[j1:j2]))
            # The blanks before another word.
            same = before[i1][0] if i1 < i2 and j1 < j2 and before[i1][0] == after[j1][0] else ""
            yield "equal", same
            yield "deleted", deleted[len(same) :]
            yield "inserted", inserted[len(same) :]
            continue
        for (blank, word), (other, _) in zip(before[i1:i2], after[j1:j2], strict=True):
            if blank == other:
                yield "equal", blank + word
            else:
                yield "deleted", blank
                yield "inserted", other
                yield "equal", word


def _joined(pieces: Sequence[Piece]) -> Iterator[TextSegment]:
    """Between two equal segments one that was deleted and one that was inserted, at most."""
    full = [piece for piece in pieces if piece[1]]
    for equal, group in groupby(full, lambda piece: piece[0] == "equal"):
        run = list(group)
        kinds: tuple[SegmentKind, ...] = ("equal",) if equal else ("deleted", "inserted")
        for kind in kinds:
            text = "".join(text for its, text in run if its == kind)
            if text:
                yield TextSegment(kind=kind, text=text)


Found = tuple[Path, ChangeKind, Any, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is in both documents: items of a list may have moved on."""

    old: Path = ()
    new: Path = ()

    def at(self, old: str | int, new: str | int) -> Place:
        return Place((*self.old, old), (*self.new, new))


def _compared(place: Place, old: Any, new: Any) -> Iterator[Found]:
    """The changes of a value and of what is inside of it."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _objects(place, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(place, old, new)
    elif _is_leaf(old) and _is_leaf(new):
        if _written(old) != _written(new):
            yield place.new, "changed", old, new
    else:
        yield from _removed(place.old, old)
        yield from _added(place.new, new)


def _objects(place: Place, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Found]:
    common = [key for key in old if key in new], [key for key in new if key in old]
    if common[0] != common[1]:
        yield place.new, "reordered", *common
    for key, value in old.items():
        if key in new:
            yield from _compared(place.at(key, key), value, new[key])
        else:
            yield from _removed((*place.old, key), value)
    for key, value in new.items():
        if key not in old:
            yield from _added((*place.new, key), value)


def _lists(place: Place, old: list[Any], new: list[Any]) -> Iterator[Found]:
    for equal, i1, i2, j1, j2 in opcodes([*map(_written, old)], [*map(_written, new)]):
        if equal:
            continue
        both = min(i2 - i1, j2 - j1)
        for i, j in zip(range(i1, i1 + both), range(j1, j1 + both), strict=True):
            yield from _compared(place.at(i, j), old[i], new[j])
        for i in range(i1 + both, i2):
            yield from _removed((*place.old, i), old[i])
        for j in range(j1 + both, j2):
            yield from _added((*place.new, j), new[j])


def _removed(path: Path, value: Any) -> Iterator[Found]:
    return ((found, "removed", leaf, None) for found, leaf in _leaves(path, value))


def _added(path: Path, value: Any) -> Iterator[Found]:
    return ((found, "added", None, leaf) for found, leaf in _leaves(path, value))


def _leaves(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    """Everything inside of a value that is in one of the documents only."""
    if _is_leaf(value):
        yield path, value
        return
    for key, item in value.items() if isinstance(value, Mapping) else enumerate(value):
        yield from _leaves((*path, key), item)


def _is_leaf(value: Any) -> bool:
    return not isinstance(value, (Mapping, list)) or not value


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _change(path: Path, kind: ChangeKind, old: Any, new: Any, roles: set[str]) -> ProfileChange:
    texts = isinstance(old, str) and isinstance(new, str)
    top = str(path[0]) if path else None
    return ProfileChange(
        path=path,
        role=top if top in roles else None,
        kind=kind,
        old=old,
        new=new,
        segments=text_segments(old, new) if texts else (),
    )
