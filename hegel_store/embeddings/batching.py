"""Which texts are embedded together: those of like length, so that little is padded."""

from __future__ import annotations

from collections.abc import Sequence


def batches_of_like_size(sizes: Sequence[int], budget: int) -> list[list[int]]:
    """Positions of all texts, in batches, those of the longest texts first.

    A batch is padded to its longest text, and is as large as it can be with no more than
    ``budget`` tokens then; a text that is longer is alone in its batch. ``sizes`` are in tokens.
    """
    batches: list[list[int]] = []
    room = 0
    # The longest first: if the memory does not suffice that is known at once, and workers that
    # share the batches end at about the same time.
    for place in sorted(range(len(sizes)), key=lambda place: -sizes[place]):
        if room < 1:
            batches.append([])
            room = budget // max(sizes[place], 1)
        batches[-1].append(place)
        room -= 1
    return batches
