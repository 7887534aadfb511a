"""Any schedule of claims, results, failures and deaths, against the same told in plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hegel_store.errors import RunConflict
from hegel_store.models import Claim, FailedEvaluation, NewEvaluation
from hegel_store.store import Store
from tests.samples import rows
from tests.spending import require_balanced

CANDIDATES, EXAMPLES = ({"n": 0}, {"n": 1}), ("a", "b", "c")
PAIRS = list(product(range(2), EXAMPLES))
BUDGETS = {"small": 4, "large": 9, "endless": None}

Pair = tuple[int, str]


@dataclass
class Row:
    state: str
    run: str | None
    charged: bool
    token: UUID | None = None
    expired: bool = False
    failures: int = 0
    score: float | None = None


@dataclass
class Model:
    """What the tables should hold."""

    rows: dict[Pair, Row] = field(default_factory=dict)
    unstored: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BUDGETS, 0))
    ended: set[str] = field(default_factory=set)

    def spent(self, run: str) -> int:
        charged = sum(row.charged and row.run == run for row in self.rows.values())
        return charged + self.unstored[run]

    def claim(self, wanted: list[Pair], run: str | None, token: UUID) -> set[Pair]:
        for pair, row in self.rows.items():
            dead = row.state == "claimed" and row.expired
            if run is not None and row.charged and row.run == run and dead and pair not in wanted:
                row.state, row.charged, row.token = "released", False, None
        free = [
            pair
            for pair in dict.fromkeys(wanted)
            if (row := self.rows.get(pair)) is None
            or row.state in ("released", "failed")
            or (row.state == "claimed" and row.expired)
        ]

        def paid(pair: Pair) -> bool:
            row = self.rows.get(pair)
            return row is not None and row.charged and row.run == run

        granted = [pair for pair in free if paid(pair)]
        rest = [pair for pair in free if not paid(pair)]
        budget = None if run is None else BUDGETS[run]
        if run is not None and budget is not None:
            rest = rest[: budget - self.spent(run)]
        for pair in granted + rest:
            failures = self.rows[pair].failures if pair in self.rows else 0
            self.rows[pair] = Row("claimed", run, run is not None, token, failures=failures)
        return {*granted, *rest}

    def record(self, pair: Pair, score: float, overwrite: bool) -> str:
        row = self.rows.setdefault(pair, Row("new", None, False))
        if row.state == "scored" and not overwrite:
            return "known" if row.score == score else "differs"
        row.state, row.token, row.score = "scored", None, score
        return "stored"

    def held(self, claim: Claim, pair: Pair) -> Row | None:
        row = self.rows.get(pair)
        return row if row is not None and row.token == claim.token else None

    def fail(self, claim: Claim, pair: Pair) -> str:
        row = self.held(claim, pair)
        if row is None:
            return "late"
        if row.run is not None:
            self.unstored[row.run] += 1
        row.state, row.charged, row.token = "failed", False, None
        row.failures += 1
        return "stored"

    def release(self, claim: Claim, pair: Pair) -> int:
        row = self.held(claim, pair)
        if row is None:
            return 0
        row.state, row.charged, row.token = "released", False, None
        return 1


runs = st.sampled_from([None, *BUDGETS])
actions = st.one_of(
    st.tuples(st.just("claim"), runs, st.lists(st.sampled_from(PAIRS), min_size=1, max_size=6)),
    st.tuples(
        st.sampled_from(["record", "record", "overwrite"]),
        st.integers(0, 99),
        st.sampled_from([0.0, 0.5]),
    ),
    st.tuples(st.sampled_from(["fail", "release", "renew", "expire"]), st.integers(0, 99)),
    st.tuples(st.just("direct"), st.sampled_from(PAIRS), st.sampled_from([0.0, 0.5])),
    st.tuples(st.just("end"), st.sampled_from(["small", "large"])),
)


@given(st.lists(actions, max_size=25))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80
)
def test_any_schedule_does_what_it_should(store: Store, schedule: list[tuple[Any, ...]]) -> None:
    corpus = f"corpus {uuid4()}"
    for run, budget in BUDGETS.items():
        objectives: Any = {"accuracy": "maximize"}
        store.runs.start(corpus, "qa", run, optimiser="x", objectives=objectives, budget=budget)
    model, claims = Model(), list[tuple[Claim, Pair]]()
    hashes = [
        key.content_hash
        for key in store.scores.keys(corpus, [(c, "a") for c in CANDIDATES], split="train")
    ]
    for act, *what in schedule:
        if act == "claim":
            claims += _claim(store, corpus, model, hashes, *what)
        elif act == "end":
            if what[0] not in model.ended:
                store.runs.finish(corpus, what[0])
                model.ended.add(what[0])
        elif act == "direct":
            (number, example), score = what
            (key,) = store.scores.keys(corpus, [(CANDIDATES[number], example)], split="train")
            told = store.scores.record(NewEvaluation(of=key, scores={"accuracy": score}))
            assert told == model.record((number, example), score, False)
        elif claims:
            claim, pair = claims[what[0] % len(claims)]
            if act in ("record", "overwrite"):
                result = NewEvaluation(of=claim, scores={"accuracy": what[1]})
                told = store.scores.record(result, overwrite=act == "overwrite")
                assert told == model.record(pair, what[1], act == "overwrite")
            elif act == "fail":
                failed = FailedEvaluation(of=claim, reason="away")
                assert store.scores.record(failed) == model.fail(claim, pair)
            elif act == "release":
                assert store.scores.release([claim]) == model.release(claim, pair)
            elif act == "renew":
                row = model.held(claim, pair)
                assert len(store.scores.renew([claim])) == (row is not None)
                if row is not None:
                    row.expired = False
            else:
                _expire(store, corpus, claim, model)
    _require(store, corpus, model, hashes)


def _claim(
    store: Store, corpus: str, model: Model, hashes: list[str], run: str | None, wanted: list[Pair]
) -> list[tuple[Claim, Pair]]:
    pairs = [(CANDIDATES[number], example) for number, example in wanted]
    if run in model.ended:
        try:
            store.scores.claim(corpus, pairs, split="train", run_id=run)
        except RunConflict:
            _require_given_back(model, run, wanted)
            return []
        raise AssertionError("claimed for a run that has ended")
    claims = store.scores.claim(corpus, pairs, split="train", run_id=run)
    token = claims.granted[0].token if claims.granted else uuid4()
    expected = model.claim(wanted, run, token)
    made = [
        (claim, (hashes.index(claim.key.content_hash), claim.key.example_id))
        for claim in claims.granted
    ]
    assert {pair for _, pair in made} == expected
    assert all(claim.failures == model.rows[pair].failures for claim, pair in made)
    for found in claims.scored:
        pair = (hashes.index(found.key.content_hash), found.key.example_id)
        assert (model.rows[pair].state, model.rows[pair].score) == (
            "scored",
            found.scores["accuracy"],
        )
    states = [
        model.rows[hashes.index(other.key.content_hash), other.key.example_id]
        for other in claims.busy
    ]
    assert all(row.state == "claimed" and not row.expired for row in states)
    told = len(claims.granted) + len(claims.scored) + len(claims.busy) + len(claims.over_budget)
    assert told == len(set(wanted))
    return made


def _require_given_back(model: Model, run: str | None, wanted: list[Pair]) -> None:
    """What the dead hold is given back even then."""
    for pair, row in model.rows.items():
        dead = row.state == "claimed" and row.expired and row.charged and row.run == run
        if dead and pair not in wanted:
            row.state, row.charged, row.token = "released", False, None


def _expire(store: Store, corpus: str, claim: Claim, model: Model) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE hegel_evaluations SET leased_until = leased_until - interval '1 day'"
            " WHERE corpus_id = %s AND claim = %s",
            (corpus, claim.token),
        )
    for row in model.rows.values():
        row.expired = row.expired or row.token == claim.token


def _require(store: Store, corpus: str, model: Model, hashes: list[str]) -> None:
    require_balanced(store)
    for run in BUDGETS:
        found = store.runs.get(corpus, run)
        assert found.evaluations_spent == model.spent(run)
        assert found.evaluations_unstored == model.unstored[run]
    stored = {
        (hashes.index(bytes(content).hex()), example): (state, charged, failures)
        for corpus_id, content, example, state, charged, failures in rows(
            store,
            "SELECT corpus_id, content_hash, example_id, state, charged, failures"
            " FROM hegel_evaluations",
        )
        if corpus_id == corpus
    }
    assert stored == {
        pair: (row.state, row.charged, row.failures) for pair, row in model.rows.items()
    }
