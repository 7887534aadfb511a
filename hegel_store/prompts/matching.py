"""The longest runs that two sequences share, in a time that no input makes long."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

Opcode = tuple[bool, int, int, int, int]
"""Whether old[i1:i2] and new[j1:j2] are equal, i1, i2, j1, j2; as of difflib, in two kinds."""

MOST_WORK = 1_000_000
"""Up to here SequenceMatcher is asked: steps it may take, see _work()."""


def opcodes(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Opcode]:
    """How ``old`` becomes ``new``: equal and unequal runs, in turns, that cover both.

    Runs at both ends that are the same go first. What is left is compared by
    difflib.SequenceMatcher where that is quick; otherwise it is cut at the elements that are there
    once in both (Bram Cohen's patience diff), and each part is compared. A long part without such
    elements is unequal as a whole.
    """
    pairs: list[tuple[int, int]] = []
    parts = [(0, len(old), 0, len(new))]
    while parts:
        i1, i2, j1, j2 = parts.pop()
        while i1 < i2 and j1 < j2 and old[i1] == new[j1]:
            pairs.append((i1, j1))
            i1, j1 = i1 + 1, j1 + 1
        while i1 < i2 and j1 < j2 and old[i2 - 1] == new[j2 - 1]:
            i2, j2 = i2 - 1, j2 - 1
            pairs.append((i2, j2))
        if i1 == i2 or j1 == j2:
            continue
        before, after = old[i1:i2], new[j1:j2]
        if _work(before, after) <= MOST_WORK:
            matcher = SequenceMatcher(None, before, after, autojunk=False)
            for i, j, size in matcher.get_matching_blocks():
                pairs += ((i1 + i + n, j1 + j + n) for n in range(size))
        elif anchors := _anchors(before, after):
            ends = [(-1, -1), *anchors, (i2 - i1, j2 - j1)]
            for (i, j), (next_i, next_j) in pairwise(ends):
                parts.append((i1 + i + 1, i1 + next_i, j1 + j + 1, j1 + next_j))
            pairs += ((i1 + i, j1 + j) for i, j in anchors)
    return list(_runs(sorted(pairs), len(old), len(new)))


def _work(old: Sequence[Hashable], new: Sequence[Hashable]) -> int:
    """A bound of the steps of SequenceMatcher: it looks at all of ``old`` and all its equals in
    ``new`` for each run that it finds, and once between two of them."""
    counts = Counter(new)
    equals = sum(counts[item] for item in old)
    return (len(old) + equals) * (2 * min(len(old), len(new), equals) + 1)


def _anchors(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Positions of elements that are once in both: the most of them that are in one order."""
    once_in_old, once_in_new = Counter(old), Counter(new)
    where = {item: j for j, item in enumerate(new) if once_in_new[item] == 1}
    common = [
        (i, where[item]) for i, item in enumerate(old) if once_in_old[item] == 1 and item in where
    ]
    # The longest increasing subsequence of the positions in new, by patience sorting.
    tops: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for n, (_, j) in enumerate(common):
        pile = bisect_left(tops, j)
        before.append(piles[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [j]
        piles[pile : pile + 1] = [n]
    anchors = []
    n = piles[-1] if piles else -1
    while n >= 0:
        anchors.append(common[n])
        n = before[n]
    return anchors[::-1]


def _runs(pairs: Sequence[tuple[int, int]], old_length: int, new_length: int) -> Iterator[Opcode]:
    """The equal pairs as runs, with what lies between them."""
    i = j = 0
    n = 0
    while n < len(pairs):
        i1, j1 = pairs[n]
        if (i, j) != (i1, j1):
            yield False, i, i1, j, j1
        i, j = i1, j1
        while n < len(pairs) and pairs[n] == (i, j):
            i, j, n = i + 1, j + 1, n + 1
        yield True, i1, i, j1, j
    if (i, j) != (old_length, new_length):
        yield False, i, old_length, j, new_length
