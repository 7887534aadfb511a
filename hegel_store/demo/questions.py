"""Facts to remember and questions to ask about them, from one reading of the documentation.

Of every object with enough documentation one sentence is held back. The rest is stored as a fact;
the sentence, with every part of the object's name blanked out, is the question, and the fact is
its only right answer. Which objects serve for training, for validation and for the test depends
on their names alone, not on a seed, so no run ever learns from what another is tested on.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from hegel_store.demo.corpus import DocumentedObject

Split = Literal["training", "validation", "evaluation"]

BLANK = "…"

DRAW = "second draw"
"""The reviewer's rules and the loop's settings were made with the first draw of facts, sentences
and splits in view; what the demo reports is measured on another one."""
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
PIECE = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")

MAXIMUM_FACT = 320  # characters; embedding time grows with length
MAXIMUM_QUESTION = 240  # characters
MINIMUM_WORDS = 6  # words of three letters or more that are left after blanking out the name
MINIMUM_LETTERS = 0.75  # share of letters and spaces: less is a table or code, not a sentence


@dataclass(frozen=True, slots=True)
class DocumentedFact:
    """What is stored about one object; ``content`` never holds its question's sentence."""

    name: str
    module: str
    kind: str
    parameters: tuple[str, ...]
    content: str


@dataclass(frozen=True, slots=True)
class Question:
    """A held-back sentence without the name, and the object it was written about."""

    text: str
    gold: str  # DocumentedFact.name
    split: Split


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """All facts, ordered by name, and the questions of the three splits, disjoint by object."""

    facts: tuple[DocumentedFact, ...]
    training: tuple[Question, ...]
    validation: tuple[Question, ...]
    evaluation: tuple[Question, ...]


def build(
    objects: Iterable[DocumentedObject],
    *,
    maximum_facts: int = 3_000,
    maximum_questions: int = 1_200,
) -> QuestionSet:
    """Cut ``objects`` into facts and questions; the same objects always give the same set.

    Of more than ``maximum_facts`` objects a fixed pseudo-random selection is taken. Of the
    questions 35 % are for training, 15 % for validation and half for the test.
    """
    chosen = sorted(objects, key=lambda item: stable_fraction("fact", item.name))[:maximum_facts]
    chosen.sort(key=lambda item: item.name)
    held = {item.name: sentence for item in chosen if (sentence := held_back(item)) is not None}
    facts = tuple(to_fact(item, held.get(item.name)) for item in chosen)
    asked = [
        Question(blanked(held[item.name], item), item.name, split_of(item.name))
        for item in chosen
        if item.name in held
    ]
    asked = without_giveaways(asked, held, chosen, facts)
    asked.sort(key=lambda question: stable_fraction("question", question.gold))
    asked = asked[:maximum_questions]

    def of(split: Split) -> tuple[Question, ...]:
        return tuple(question for question in asked if question.split == split)

    return QuestionSet(facts, of("training"), of("validation"), of("evaluation"))


def split_of(name: str) -> Split:
    """The split that the object called ``name`` belongs to, whatever else is in the corpus."""
    fraction = stable_fraction("split", name)
    if fraction < 0.35:
        return "training"
    return "validation" if fraction < 0.5 else "evaluation"


def stable_fraction(purpose: str, name: str) -> float:
    """A number in 0..1 that depends on the arguments only, unlike ``hash``, which is salted."""
    digest = hashlib.sha256(f"{DRAW}:{purpose}:{name}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def held_back(item: DocumentedObject) -> str | None:
    """The sentence to ask about, or None when no sentence but the summary says enough."""
    usable = [sentence for sentence in item.sentences[1:] if _is_question(sentence, item)]
    if not usable:
        return None
    return usable[int(stable_fraction("sentence", item.name) * len(usable))]


def _is_question(sentence: str, item: DocumentedObject) -> bool:
    if len(sentence) > MAXIMUM_QUESTION or not re.match(r"[A-Za-z'\"`*]", sentence):
        return False
    letters = sum(character.isalpha() or character == " " for character in sentence)
    if letters < MINIMUM_LETTERS * len(sentence):
        return False
    return len(re.findall(r"[A-Za-z]{3,}", blanked(sentence, item))) >= MINIMUM_WORDS


def blanked(sentence: str, item: DocumentedObject) -> str:
    """``sentence`` with every word that gives the object's dotted name, or a part of it, away."""
    segments = [segment.lower() for segment in item.name.split(".")]
    pieces = {
        piece.lower()
        for segment in item.name.split(".")
        for piece in PIECE.findall(segment)
        if len(piece) > 2  # "is" or "to" inside a name gives nothing away
    }
    names = {word.rstrip("s") for word in (*segments, *pieces)}

    def hide(match: re.Match[str]) -> str:
        word = match[0].lower()
        parts = [word, *(piece.lower() for piece in PIECE.findall(match[0]))]
        if any(part.rstrip("s") in names for part in parts):
            return BLANK
        # "getsourcefile" gives "getsource" away as well.
        return BLANK if len(segments[-1]) > 3 and segments[-1] in word else match[0]

    return WORD.sub(hide, sentence)


def to_fact(item: DocumentedObject, held: str | None) -> DocumentedFact:
    """Everything known about the object but the sentence ``held`` back, cut to a fixed length."""
    told = " ".join(sentence for sentence in item.sentences if sentence != held)
    content = f"{item.name}{item.signature}: {told}"
    if len(content) > MAXIMUM_FACT:
        content = content[:MAXIMUM_FACT].rsplit(" ", 1)[0] + " ..."
    return DocumentedFact(item.name, item.module, item.kind, parameters_of(item), content)


def parameters_of(item: DocumentedObject) -> tuple[str, ...]:
    """Parameter names in the signature, in order, in lower case."""
    names = re.findall(r"[(,]\s*\[?\*{0,2}([A-Za-z_]\w*)", item.signature)
    return tuple(dict.fromkeys(name.lower() for name in names))


def without_giveaways(
    asked: Sequence[Question],
    held: dict[str, str],
    objects: Sequence[DocumentedObject],
    facts: Sequence[DocumentedFact],
) -> list[Question]:
    """Leave out questions with two right answers.

    A sentence that stands in another object's docstring too (an overriding method, an alias)
    would be found there, and asking for one of the two would be asking for a guess.
    """
    sentences = Counter(
        normalised(sentence) for item in objects for sentence in set(item.sentences)
    )
    texts = Counter(normalised(question.text) for question in asked)
    stored = "\n".join(normalised(fact.content) for fact in facts)
    return [
        question
        for question in asked
        if sentences[normalised(held[question.gold])] == 1
        and texts[normalised(question.text)] == 1
        and normalised(held[question.gold]) not in stored
    ]


def normalised(text: str) -> str:
    """Letters and digits in lower case with single spaces: what two wordings have in common."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))
