"""Debate traces: what a worker proposed, what the reviewer objected to, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from hegel_store.seeding.data import SeedDebates, SeedFact, SeedQuestion, SeedVersion

Outcome = Literal["right", "partial", "wrong"]
SEVERITIES = {"accepted": 0, "form": 1, "incomplete": 2, "wrong": 3}


@dataclass(frozen=True, slots=True)
class Answered:
    """How the debate over one question went.

    ``facts`` are what the worker may quote, those that fit the question best first.
    """

    question: SeedQuestion
    facts: Sequence[SeedFact]
    outcome: Outcome
    rounds: int


def answer_text(question: SeedQuestion, outcome: Outcome) -> str:
    """The answer that goes with an outcome."""
    if outcome == "right":
        return question.gold
    return question.partial if outcome == "partial" else question.wrong


def debate_trace(
    answered: Answered,
    version: SeedVersion,
    sentences: SeedDebates,
    random: Random,
    accepted_change: str | None = None,
) -> dict[str, Any]:
    """The trace of a debate under the prompts of ``version``: a JSON object of 1 to 10 KB.

    ``accepted_change`` is what the profile learned from this step; without it a proposal may be
    made, and is rejected.
    """
    drafts = _drafts(answered, random)
    # Reviewers err: some answers that are not right are accepted all the same.
    agreed = answered.outcome == "right" or random.random() < 0.4
    verdicts = ["revise"] * (len(drafts) - 1)
    verdicts.append("accept" if agreed else "no agreement after the last round")
    return {
        "category": answered.question.category,
        "prompts": {
            role: version.profile[role]["system_prompt"] for role in ("worker", "reviewer")
        },
        "rounds": [
            {
                "round": number,
                "worker": _worker(answered, draft, sentences, random),
                "reviewer": _reviewer(draft, verdict, sentences, random),
            }
            for number, (draft, verdict) in enumerate(zip(drafts, verdicts, strict=True), 1)
        ],
        "revised_answer": answer_text(answered.question, answered.outcome),
        "agreed": agreed,
        "learning": _learning(answered.question, sentences, random, accepted_change),
    }


def _drafts(answered: Answered, random: Random) -> list[Outcome]:
    """Outcomes of the drafts, round by round; the last is the answer's own."""
    earlier: list[Outcome] = ["wrong", "partial"]
    drafts = [random.choice(earlier) for _ in range(answered.rounds - 1)]
    return [*drafts, answered.outcome]


def _worker(
    answered: Answered, draft: Outcome, sentences: SeedDebates, random: Random
) -> dict[str, Any]:
    best, *others = answered.facts
    quoted = random.sample(others, min(len(others), random.randint(2, 6)))
    if draft != "wrong":
        quoted.insert(0, best)
    slots = {"category": answered.question.category, "count": len(quoted)}
    return {
        "approach": random.choice(sentences.approaches).format(**slots),
        "evidence": [
            {
                "content": fact.content,
                "label": fact.label,
                "confidence": fact.confidence,
                "freshness": fact.freshness,
            }
            for fact in quoted
        ],
        "proposal": answer_text(answered.question, draft),
        "doubt": random.choice(sentences.doubts) if random.random() < 0.5 else None,
        "confidence": round(random.betavariate(6, 3), 2),
    }


def _reviewer(
    draft: Outcome, verdict: str, sentences: SeedDebates, random: Random
) -> dict[str, Any]:
    if verdict == "accept":
        kinds = ["accepted"]
    else:
        kinds = ["wrong" if draft == "wrong" else "incomplete"]
        if random.random() < 0.4:
            kinds.append("form")
    return {
        "verdict": verdict,
        "objections": [
            {
                "kind": kind,
                "severity": SEVERITIES[kind],
                "text": random.choice(getattr(sentences.objections, kind)),
            }
            for kind in kinds
        ],
    }


def _learning(
    question: SeedQuestion, sentences: SeedDebates, random: Random, accepted_change: str | None
) -> dict[str, Any] | None:
    if accepted_change is not None:
        return {"proposal": accepted_change, "decision": "accepted"}
    if random.random() < 0.5:
        return None
    slots = {"category": question.category, "count": random.randint(4, 10)}
    return {
        "proposal": random.choice(sentences.proposals).format(**slots),
        "decision": "rejected",
        "reason": random.choice(sentences.rejections),
    }
