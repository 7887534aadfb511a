"""Differences of profiles on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from rich.text import Text

from hegel_store.cli.terminal import visible
from hegel_store.prompts import ProfileChange, ProfileDiff, TextSegment
from hegel_store.prompts.changes import LINES

CONTEXT = 3
"""Lines that are shown before and after a change; of what lies between, only the number is."""

# Not by colour alone.
STYLES = {"equal": "", "deleted": "red strike", "inserted": "green underline"}
MARKS = {"equal": ("", ""), "deleted": ("[-", "-]"), "inserted": ("{+", "+}")}


def diff_text(diff: ProfileDiff, *, marked: bool) -> Text:
    """The changes, each under its path; ``marked`` puts [-...-] and {+...+} around words too.

    Control characters of the profiles are shown as pictures.
    """
    shown = Text()
    for change in diff.changes:
        shown.append(f"{visible(change.name)} ({change.kind})\n", style="bold")
        for kind, text in _pieces(change):
            left, right = MARKS[kind] if marked else ("", "")
            shown.append(f"{left}{text}{right}", style=STYLES[kind])
        shown.append("\n\n")
    shown.rstrip()
    return shown


def _pieces(change: ProfileChange) -> Iterator[tuple[str, str]]:
    """What is shown of a change: a kind of segment, and its text."""
    segments: Sequence[TextSegment] = change.segments
    if not segments:
        if change.kind != "added":
            yield "deleted", _value(change.old)
        if change.kind != "removed":
            yield "inserted", _value(change.new)
        return
    for n, segment in enumerate(segments):
        text = visible(segment.text)
        if segment.kind != "equal":
            # A line break alone would not be seen.
            yield segment.kind, text.replace("\n", "↵\n")
        else:
            yield "equal", _shortened(text, first=n == 0, last=n == len(segments) - 1)


def _value(value: Any) -> str:
    return visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _shortened(text: str, *, first: bool, last: bool) -> str:
    """The lines next to the changes before and after it."""
    lines = LINES.findall(text)
    head, tail = (0 if first else CONTEXT), (0 if last else CONTEXT)
    hidden = len(lines) - head - tail
    if hidden <= 1:
        return text
    return "".join([*lines[:head], f"⋯ {hidden} lines\n", *lines[len(lines) - tail :]])
