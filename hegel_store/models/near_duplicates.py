"""Whether two sentences say the same, two states of one thing, or two things: by rules.

The words are compared in order, without articles and the present tense of "to be", and without the
endings of plurals and of the third person. Where they differ in values alone (numbers with their
units, months, states such as on and off, negations), the later sentence is an *update*. Anything
else is *distinct*: a fact kept too many does less harm than one lost.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hegel_store.models.number_words import ORDINALS, read_number
from hegel_store.models.verdicts import Verdict

MOST_TURNED = 100
"""A text of more words is no sentence whose front could as well stand at its end."""

DROPPED = {"a", "an", "the", "is", "are", "am", "now", "currently"}
NEGATIONS = {"not", "never", "no"}
FORMS = {"has": "have", "were": "was", "does": "do"}
PLACING = "in on at by for from since until before after during with to of under over"
PREPOSITIONS = set(PLACING.split())
BEFORE_MONTHS = PREPOSITIONS | {"this", "next", "last", "every", "early", "late", "mid"}
"""What stands before a month, and hardly before somebody who is called May."""

MONTHS = "january february march april may june july august september october november december"
MONTH_OF = {name: name for name in MONTHS.split()}
MONTH_OF |= {name[:3]: name for name in MONTH_OF} | {"sept": "september"}

STATES = (
    "enabled disabled|enable disable|on off|true false|up down|online offline|open closed|"
    "active inactive|available unavailable|allowed forbidden|supported unsupported|valid invalid|"
    "required optional|running stopped|locked unlocked|present absent"
)
STATE_OF = {word: pair for pair in STATES.split("|") for word in pair.split()}

UNITS = (
    "ms millisecond|s sec second|min minute|h hr hour|d day|w week|month|y yr year|b byte|kb|mb|gb|"
    "tb|kib|mib|gib|tib|mm|cm|m metre meter|km|mg|g|kg|t|% percent|am|pm|°c|°f|usd dollar|eur euro"
)
UNIT_OF = {name: unit.split()[0] for unit in UNITS.split("|") for name in unit.split()}

SPELLED_OUT = [
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        ("[\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}]", "'"),
        ("\N{MINUS SIGN}", "-"),
        (r"\b(?:can't|cannot)\b", "can not"),
        (r"\bwon't\b", "will not"),
        (r"n't\b", " not"),
        (r"'(?:s|re|m)\b", ""),  # a possessive, or a form of "to be", which counts for nothing
        (r"'ve\b", " have"),
        (r"'ll\b", " will"),
        (r"\bno longer\b", "not"),
        (r"\bwithout\b", "not with"),
        (r"\bno\.\s*(?=\d)", "number "),
        (r"\b([ap])\.m\.", r"\1m"),
        (r"\ba (?=few\b|little\b)", "some "),  # more than few, and than little
    )
]
# A number may have a sign, separators inside, a "v" before it and a unit glued to it. Of other
# characters only what merely separates is left out: "C++" is not "C", nor is "x < 5" "x > 5".
SYMBOLS = r"+*/<>=\\@&%$£€\#^~|"
SEPARATORS = r""".,;:!?"'`()\[\]{}«»“”„‚‘’…–—¿¡、。"""  # noqa: RUF001
TOKEN = re.compile(
    rf"""
    (?<!\w) (?P<number> (?:(?<![^\s(])-)? (?:[vV](?=\d))? \d+ (?:[.,:'_]\d+)* )
        (?P<unit> [^\W\d_]+ | \s?(?:%|°[CF]?) | ) (?!\w)
    | (?P<symbol> [{SYMBOLS}] )
    | (?P<word> [^\s{SEPARATORS}{SYMBOLS}-]+ )
    """,
    re.VERBOSE,
)
THOUSANDS = re.compile(r"-?[1-9]\d{0,2}([,'_])\d{3}(?:\1\d{3})*(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Word:
    """``kind`` says what it may be compared with, ``value`` what it says; ``stem`` lacks endings.
    ``negation`` is what stood before it (or after the last one)."""

    kind: str
    value: str
    stem: str = ""
    negation: str = ""

    def is_like(self, other: Word) -> bool:
        """The same word, or two values of one kind."""
        if self.kind != other.kind:
            return False
        return self.kind != "word" or self.value == other.value or self.stem == other.stem

    def says(self, other: Word) -> bool:
        """For words that are alike: whether they mean the same."""
        return self.negation == other.negation and (
            self.kind == "word" or self.value == other.value
        )


def judge(old: str, new: str) -> Verdict:
    """What ``new`` is to ``old``: the "same", an "update" of it, or "distinct" from it.

    The rules know English; texts of other languages are compared word by word.
    """
    if old == new:
        return "same"
    before, after = list(words(old)), list(words(new))
    verdict: Verdict = "distinct"
    if before and len(before) == len(after):
        for turned in _orders(after):
            pairs = list(zip(before, turned, strict=True))
            if all(one.is_like(other) for one, other in pairs):
                if all(one.says(other) for one, other in pairs):
                    return "same"
                verdict = "update"
    return verdict


def words(text: str) -> list[Word]:
    """The words that carry meaning, in order."""
    kept: list[Word] = []
    negation = ""
    for word in _read(text):
        if word.kind == "negation":
            negation += word.value
        else:
            kept.append(replace(word, negation=negation))
            negation = ""
    if negation and kept:
        kept[-1] = replace(kept[-1], negation=f"{kept[-1].negation} {negation}")
    return kept


def _orders(words: list[Word]) -> Iterator[list[Word]]:
    """As they are, and with the front at the end where either part is led by a preposition: "In
    May it opens" and "It opens in May"."""
    yield words
    if len(words) <= MOST_TURNED:
        for place in range(1, len(words)):
            if words[0].value in PREPOSITIONS or words[place].value in PREPOSITIONS:
                yield words[place:] + words[:place]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text, as written and in lower case."""

    written: str
    lower: str
    begins_sentence: bool
    number: str | None
    unit: str

    @property
    def is_name(self) -> bool:
        return not self.begins_sentence and self.written != self.lower


def _tokens(text: str) -> list[Token]:
    text = unicodedata.normalize("NFC", text)
    for pattern, spelled in SPELLED_OUT:
        text = pattern.sub(spelled, text)
    if text.isupper():
        text = text.lower()
    tokens, end = [], 0
    for match in TOKEN.finditer(text):
        tokens.append(
            Token(
                written=match[0],
                lower=match[0].casefold(),
                begins_sentence=end == 0 or bool(re.search(r"[.!?:\n]", text[end : match.start()])),
                number=match["number"],
                unit=(match["unit"] or "").strip().casefold(),
            )
        )
        end = match.end()
    return tokens


def _read(text: str) -> Iterator[Word]:
    tokens = _tokens(text)
    place = 0
    while place < len(tokens):
        token = tokens[place]
        number, unit, used = _number(tokens[place : place + 12])
        following = tokens[place + used] if place + used < len(tokens) else None
        if number is not None:
            if not unit and following is not None and _stem(following.lower) in UNIT_OF:
                unit, used = _stem(following.lower), used + 1
            yield Word("number", f"{number} {UNIT_OF.get(unit, '')}")
            if unit and unit not in UNIT_OF:
                yield Word("word", unit, unit)
        elif token.lower in NEGATIONS:
            yield Word("negation", token.lower)
        elif not _counts_for_nothing(token, following):
            yield _word(token, tokens[place - 1] if place else None, following)
        place += used


def _number(tokens: list[Token]) -> tuple[str | None, str, int]:
    """The number that these tokens begin with, the unit glued to it, and how many tokens it takes
    (1 when there is no number)."""
    token = tokens[0]
    if token.number is not None:
        number, unit = token.number.lstrip("vV"), token.unit
        if unit in ("st", "nd", "rd", "th"):
            number, unit = f"{number}th", ""
        if THOUSANDS.fullmatch(number):
            number = re.sub("[,'_]", "", number)
        return number, unit, 1
    if token.is_name:
        return None, "", 1
    value, used = read_number([each.lower for each in tokens])
    if used:
        return str(value), "", used
    ordinal = ORDINALS.get(token.lower)
    return (None if ordinal is None else f"{ordinal}th"), "", 1


def _counts_for_nothing(token: Token, following: Token | None) -> bool:
    # In capitals, in the midst of a sentence, it is a name: plan A, the IS department.
    if token.is_name and token.written.isupper():
        return False
    supports_negation = following is not None and following.lower == "not"
    return token.lower in DROPPED or (token.lower in ("do", "does") and supports_negation)


def _word(token: Token, before: Token | None, after: Token | None) -> Word:
    month = MONTH_OF.get(token.lower)
    if month is not None and (
        (before is not None and (before.number or before.lower in BEFORE_MONTHS))
        or (after is not None and after.number)
    ):
        return Word("month", month)
    stem = _stem(token.lower)
    if token.lower in STATE_OF or stem in STATE_OF:
        value = token.lower if token.lower in STATE_OF else stem
        return Word(STATE_OF[value], value)
    form = FORMS.get(token.lower, token.lower)
    # The plural of a name is another name.
    return Word("word", form, form if token.is_name else FORMS.get(stem, stem))


def _stem(word: str) -> str:
    """Without the ending of a plural or of the third person."""
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "news")):
        return word[:-1]
    return word
