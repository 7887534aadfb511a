"""Texts shortened to where something was found in them, with what was found between markers.

The server marks words (ts_headline), Python marks substrings; both with characters that are taken
out of the text before, so that only marks are marks.
"""

from __future__ import annotations

import re
from collections.abc import Callable

START, STOP, GAP = "\x01", "\x02", "\x03"
"""What words are marked with, and what is put between two parts of a text."""

SHORT = 300
"""Characters of a text that is shown whole."""

WHOLE = f'StartSel="{START}", StopSel="{STOP}", HighlightAll=true'
PASSAGES = (
    f'StartSel="{START}", StopSel="{STOP}", FragmentDelimiter="{GAP}", '
    "MaxFragments=2, MaxWords=20, MinWords=8"
)

MOST_PASSAGES = 2
CONTEXT = 60
"""Characters of a passage before the first place where a substring was found."""

LONGEST_PIECE = 300
"""Characters of a snippet between two markers; only freaks of words and blanks are longer."""

# All but tab and line feed: a terminal would obey them.
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
MARKS = str.maketrans(START + STOP + GAP, "   ")


def snippet(marked: str | None, start: str, stop: str, escape: Callable[[str], str]) -> str | None:
    """The caller's markers for ours, which the text itself has none of, and the rest escaped.

    None without a marked word: the server then returns the beginning of the text.
    """
    if marked is None or START not in marked:
        return None

    def shown(piece: str) -> str:
        return escape(CONTROLS.sub(" ", _shortened(piece)))

    def passage(part: str) -> str:
        before, *found = part.split(START)
        words = [word.partition(STOP) for word in found]
        return shown(before) + "".join(
            start + shown(word) + stop + shown(after) for word, _, after in words
        )

    return " ... ".join(passage(part) for part in marked.split(GAP))


def mark_substring(text: str, wanted: str, *, match_case: bool) -> str | None:
    """``text`` with every place marked that equals ``wanted``, or the first two passages of a long
    one; None where there is no such place. What is marked does not overlap."""
    pattern = re.compile(re.escape(wanted), 0 if match_case else re.IGNORECASE)
    if len(text) <= SHORT:
        marked = _marked(text, pattern)
        return marked if START in marked else None
    passages: list[str] = []
    end = 0
    while len(passages) < MOST_PASSAGES and (found := pattern.search(text, end)) is not None:
        begin = max(end, found.start() - CONTEXT)
        end = max(found.end(), begin + SHORT)
        passages.append(_marked(text[begin:end], pattern))
    return GAP.join(passages) or None


def _marked(text: str, pattern: re.Pattern[str]) -> str:
    parts: list[str] = []
    end = 0
    for found in pattern.finditer(text):
        before, word = text[end : found.start()], found[0]
        parts += [before.translate(MARKS), START, word.translate(MARKS), STOP]
        end = found.end()
    return "".join([*parts, text[end:].translate(MARKS)])


def _shortened(piece: str) -> str:
    """The piece, without its middle if it is too long."""
    if len(piece) <= LONGEST_PIECE:
        return piece
    return f"{piece[: LONGEST_PIECE // 2]} ... {piece[-LONGEST_PIECE // 2 :]}"
