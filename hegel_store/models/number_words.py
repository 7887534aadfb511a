"""Numbers that are written as English words."""

from __future__ import annotations

from collections.abc import Sequence

BELOW_20 = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
COUNTED = {word: number for number, word in enumerate(BELOW_20.split())}
COUNTED |= {word: 10 * number for number, word in enumerate(TENS.split(), 2)}
MULTIPLIED = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
FIRST_TO_TENTH = "first second third fourth fifth sixth seventh eighth ninth tenth"
ORDINALS = {word: number for number, word in enumerate(FIRST_TO_TENTH.split(), 1)}


def read_number(words: Sequence[str]) -> tuple[int, int]:
    """The number that the first of these lower-case words make, and how many words it takes: none
    when the first is no number. "two hundred five more" is (205, 3)."""
    total = current = used = 0
    room = 10**9
    for word in words:
        if word in COUNTED:
            if used and COUNTED[word] >= room:
                break
            current += COUNTED[word]
            # After "twenty" comes at most "nine"; after "five" nothing but a multiplier.
            room = 10 if COUNTED[word] >= 20 else 0
        elif word == "hundred" and current < 100:
            current = max(current, 1) * 100
            room = 100
        elif word in MULTIPLIED and word != "hundred":
            total += max(current, 1) * MULTIPLIED[word]
            current, room = 0, 10**9
        else:
            break
        used += 1
    return total + current, used
