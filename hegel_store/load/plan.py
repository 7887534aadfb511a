"""How much of which call: the mix of a training fleet, and the size of a load test."""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from hegel_store.errors import InvalidInput
from hegel_store.models.checks import check_integer, check_name, check_number

CallName = Literal[
    "latest_profile",
    "log_step",
    "fittest",
    "content_search",
    "recall",
    "recall_16",
    "encode_fact",
    "analysis",
    "knowledge_query",
]
CALLS: tuple[CallName, ...] = get_args(CallName)

SHARES = MappingProxyType[CallName, int](
    {
        "latest_profile": 100,
        "log_step": 10,
        "fittest": 10,
        "content_search": 4,
        "recall": 4,
        "recall_16": 2,
        "encode_fact": 2,
        "analysis": 2,
        "knowledge_query": 1,
    }
)
"""Calls of each kind in 135. At 135 to 1,350 calls per second these are 100 to 1,000 reads of the
latest profile, 10 to 100 steps, as many population reads, and 11 to 110 searches."""

DEFAULT_RATE = 200.0


def default_processes() -> int:
    """One for each core but one, which the server takes; at most four."""
    return max(1, min((os.cpu_count() or 1) - 1, 4))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """``users`` (1..1000) in ``processes`` (1..users, at most 64) for ``seconds`` (0.5..86,400).

    ``rate`` is how many calls per second all of them make together, at moments that are drawn
    beforehand; 0 means that each makes the next call as soon as the last has ended. ``facts`` (16
    or more) and ``steps`` are what the corpus holds at the beginning. ``seed`` draws all of it.
    Raises InvalidInput.
    """

    corpus_id: str
    users: int = 50
    seconds: float = 60.0
    rate: float = DEFAULT_RATE
    processes: int = 1
    facts: int = 2000
    steps: int = 1000
    seed: int = 7

    def __post_init__(self) -> None:
        check_name("corpus_id", self.corpus_id)
        check_integer("users", self.users, minimum=1, maximum=1000)
        check_integer("processes", self.processes, minimum=1, maximum=min(self.users, 64))
        check_integer("facts", self.facts, minimum=16, maximum=1_000_000)
        check_integer("steps", self.steps, maximum=1_000_000)
        check_integer("seed", self.seed)
        if not 0.5 <= check_number("seconds", self.seconds) <= 86_400:
            raise InvalidInput("seconds", f"must be from 0.5 to 86,400, not {self.seconds}")
        if not 0 <= check_number("rate", self.rate) <= 1_000_000:
            raise InvalidInput("rate", f"must be from 0 to 1,000,000, not {self.rate}")
