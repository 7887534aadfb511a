"""The reviewer: evidence inside a proposal, and objections to candidates that lack it.

Every rule measures, for each candidate, how much of one kind of evidence it shows. A candidate
that shows less than the best of the proposal meets an objection, which takes the rule's weight
times what it lacks off its score. A weight of zero switches a rule off; with all off, the ranking
is the search's own.

No rule looks for a candidate's own name in the question. It would be right too often: names are
blanked out there, so it would profit from how the questions were made and teach nothing.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hegel_store.demo.questions import WORD
from hegel_store.models import SearchHit

REWARDED = 10  # an answer below this rank earns nothing

# Words that say how a sentence is built and nothing about its subject.
FUNCTION_WORDS = frozenset(
    WORD.findall(
        "a all also an and any are as at be been but by can for from has have if in into is it its"
        " may must no not of on only or other should so such than that the their then there these"
        " they this to used using was were when where which will with would"
    )
)
CODE_WORD = re.compile(
    r"[A-Za-z]+_\w+|[a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*|[A-Z]{2,}\w*|(?<=[`'\"*])\w{2,}(?=[`'\"*])"
)

RULES = {
    "parameters": "the question names a parameter that it does not have",
    "company": "little else was found from the module it belongs to",
    "code_words": "a code word of the question does not occur in it",
    "coverage": "it covers less of the question's subject than others do",
    "agreement": "it was found by its words alone or by its meaning alone",
}
"""The rules and what each objects to."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fact found, with the evidence that each rule asks for (0.0 is none)."""

    name: str
    score: float  # relative to the best candidate of the same search, which has 1.0
    evidence: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Objection:
    """What the reviewer holds against one candidate."""

    candidate: str
    penalty: float  # taken off the score
    reasons: tuple[str, ...]


def review(
    proposed: Sequence[Candidate], acceptance: Mapping[str, float]
) -> tuple[list[Candidate], list[Objection]]:
    """The final ranking, and the objections in the order of the proposal."""
    rules = [(rule, weight) for rule, weight in acceptance.items() if weight > 0.0]
    best = {
        rule: max((candidate.evidence[rule] for candidate in proposed), default=0.0)
        for rule, _ in rules
    }
    objections = []
    scores: list[tuple[float, int]] = []
    for position, candidate in enumerate(proposed):
        lacking = {rule: weight * (best[rule] - candidate.evidence[rule]) for rule, weight in rules}
        penalty = math.fsum(lacking.values())
        scores.append((round(penalty - candidate.score, 9), position))
        if penalty > 0.0:
            reasons = tuple(RULES[rule] for rule in lacking if lacking[rule] > 0.0)
            objections.append(Objection(candidate.name, round(penalty, 4), reasons))
    return [proposed[position] for _, position in sorted(scores)], objections


def weighed(question: str, hits: Sequence[SearchHit]) -> list[Candidate]:
    """Candidates with their evidence, best first.

    Equal scores are ordered by name: ids are random, and a tie must not depend on them.
    """
    hits = sorted(hits, key=lambda hit: (-round(hit.score, 9), hit.fact.label or ""))
    best = max((hit.score for hit in hits), default=0.0) or 1.0
    asked = {word.lower() for word in WORD.findall(question)}
    code = set(CODE_WORD.findall(question))
    subject = {stem(word) for word in asked - FUNCTION_WORDS}
    contents = [WORD.findall(hit.fact.content) for hit in hits]
    evidence = {
        "parameters": _by_rarity(
            [asked.intersection(hit.fact.metadata.get("parameters", ())) for hit in hits]
        ),
        "company": _company(hits, best),
        "code_words": _by_rarity([code.intersection(words) for words in contents]),
        "coverage": _by_rarity(
            [subject.intersection(stem(word.lower()) for word in words) for words in contents],
            share=True,
        ),
        "agreement": [
            float(hit.vector_rank is not None and hit.text_rank is not None) for hit in hits
        ],
    }
    return [
        Candidate(
            name=hit.fact.label or "",
            score=hit.score / best,
            evidence={rule: values[position] for rule, values in evidence.items()},
        )
        for position, hit in enumerate(hits)
    ]


def stem(word: str) -> str:
    """A crude stem, good enough to match "returns" with "returned"."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) > 3:
            return word[: -len(ending)]
    return word


def _by_rarity(matches: Sequence[set[str]], *, share: bool = False) -> list[float]:
    """Sum over each candidate's matches of a weight in 0..1: 1 for a match no other has.

    With ``share`` the sum is divided by the largest one.
    """
    frequency = Counter(word for words in matches for word in words)
    scale = math.log(max(len(matches), 2))
    rarity = {word: math.log(len(matches) / count) / scale for word, count in frequency.items()}
    # fsum, because a set's order varies between runs, and a plain sum with it.
    sums = [math.fsum(rarity[word] for word in words) for words in matches]
    largest = max(sums, default=0.0) if share else 1.0
    return [value / largest if largest else 0.0 for value in sums]


def _company(hits: Sequence[SearchHit], best: float) -> list[float]:
    """Relative score of the best other candidate from the same module, 0.0 without one."""
    modules = [hit.fact.metadata.get("module") for hit in hits]
    # The two leaders of each module suffice: a leader's best mate is the second, and the leader
    # is the best mate of all others.
    leaders: dict[object, list[int]] = {}
    for position, module in enumerate(modules):
        leaders.setdefault(module, []).append(position)
    mates = [
        next((mate for mate in leaders[module][:2] if mate != position), None)
        for position, module in enumerate(modules)
    ]
    return [0.0 if mate is None else hits[mate].score / best for mate in mates]
