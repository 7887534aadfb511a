"""Sentences of prompts."""

from __future__ import annotations

import re

END = re.compile(
    r"""
    # Marks, what closes with them (quotes and brackets), and blanks;
    (?<![.!?\u2026]) [.!?\u2026]++ ["'\u201d\u2019\u00bb)\]*_`]*+ [^\S\n]++ (?=\S)
    # or the full-width marks, which no blank has to follow;
    | (?<![\u3002\uff01\uff1f]) [\u3002\uff01\uff1f]++ [\u300d\u300f\u201d\u2019\uff09]*+
      [^\S\n]*+ (?=\S)
    # or the end of a line, with empty lines.
    | \n \s*+
    """,
    re.VERBOSE,
)
VISIBLE = re.compile(r"\S")
ENUMERATOR = re.compile(r"\W{0,8}(?:\d{1,4}|[A-Za-z])\.\s*")


def sentences(prompt: str) -> list[str]:
    """The prompt cut into sentences, each with the blanks after it; joined they are the prompt.

    A sentence ends with its line, or with a mark (. ! ? and …) that blanks follow and no small
    letter after them, or with a mark of Chinese and Japanese. "2." or "b." at its beginning is no
    end. Empty lines belong to the sentence before them, those at the beginning to the first one.
    """
    found = []
    start = 0
    begun = _begin(prompt, 0)
    for match in END.finditer(prompt):
        stop = match.end()
        if stop <= begun:
            continue
        if "\n" not in match[0] and (
            prompt[stop].islower() or ENUMERATOR.fullmatch(prompt, start, stop)
        ):
            continue
        found.append(prompt[start:stop])
        start = stop
        begun = _begin(prompt, start)
    if start < len(prompt):
        found.append(prompt[start:])
    return found


def _begin(prompt: str, start: int) -> int:
    """Where the first character is that is no blank."""
    visible = VISIBLE.search(prompt, start)
    return len(prompt) if visible is None else visible.start()


def normalised(sentence: str) -> str:
    """The sentence as it is compared: every run of blanks is one, and none is at its ends."""
    return " ".join(sentence.split())
