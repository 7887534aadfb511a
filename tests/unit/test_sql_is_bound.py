"""No value of a user is part of a statement's text: all of them are bound parameters."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from datetime import UTC, datetime
from itertools import product
from types import ModuleType
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Executable, TextClause
from sqlalchemy.dialects import postgresql

from hegel_store import repositories
from hegel_store.models import FactFilter
from hegel_store.models.spaces import Maker, Place
from hegel_store.models.vectors import DIMENSIONS, size_of, slots_for
from hegel_store.repositories import fact_writing, profile_statements, step_statements
from hegel_store.search.near import near_statement
from hegel_store.search.statement import Search, build

SENTINEL = "s3nt1nel'\"\\;--%s:x"
IDENTIFIER = UUID("deadbeef-dead-7eef-beef-deadbeefdead")
MOMENT = datetime(2345, 6, 7, 8, 9, 10, tzinfo=UTC)
NUMBER = 987_654
SHARE = 0.7654321
SLOTS = [slot for size in DIMENSIONS for slot in slots_for("slot", size)]

MODULES = [
    importlib.import_module(f"{repositories.__name__}.{found.name}")
    for found in pkgutil.iter_modules(repositories.__path__)
]

# As it would look in a text that holds it, whatever surrounds it.
TRACES = ("s3nt1nel", "deadbeef", "2345", str(NUMBER), str(SHARE))


def sql(statement: Executable) -> str:
    return str(statement.compile(dialect=postgresql.psycopg.dialect()))


def require_clean(statement: Executable) -> None:
    compiled = sql(statement)
    found = [trace for trace in TRACES if trace in compiled]
    assert not found, compiled


def bound(statement: Executable) -> set[object]:
    compiled = statement.compile(dialect=postgresql.psycopg.dialect())
    return {value for value in compiled.params.values() if not isinstance(value, list)}


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (profile_statements.history(SENTINEL, SENTINEL + "2", NUMBER), 3),
        (profile_statements.get(SENTINEL, IDENTIFIER), 2),
        (profile_statements.by_alias(SENTINEL, SENTINEL + "2", SENTINEL + "3"), 3),
        (profile_statements.search(SENTINEL, None, None, NUMBER), 2),
        (profile_statements.search(SENTINEL, SENTINEL + "2", "worker", NUMBER), 3),
        (profile_statements.search(SENTINEL, SENTINEL + "2", SENTINEL + "3", NUMBER), 4),
        (step_statements.recent(SENTINEL, SENTINEL + "2", NUMBER), 3),
        (step_statements.search(SENTINEL, SENTINEL + "2", SENTINEL + "3", NUMBER), 4),
        (step_statements.search(SENTINEL, None, None, NUMBER), 2),
        (
            step_statements.reward_summary(
                MOMENT, MOMENT.replace(year=2346), SENTINEL, SENTINEL + "2", SENTINEL + "3"
            ),
            5,
        ),
    ],
)
def test_values_are_bound_in_statements_made_from_them(statement: Executable, values: int) -> None:
    require_clean(statement)
    sentinels = {
        value
        for value in bound(statement)
        if any(trace in str(value) for trace in (*TRACES, "2346"))
    }
    assert len(sentinels) == values, "each value is there, as a parameter"


def searches() -> list[Search]:
    given = FactFilter(
        categories=[SENTINEL],
        labels=[SENTINEL],
        min_confidence=SHARE,
        freshness=["stale"],
        intents=[SENTINEL],
        metadata={SENTINEL: SENTINEL},
        created_after=MOMENT,
        created_before=MOMENT,
        as_of=MOMENT,
    )
    return [
        Search(
            query=SENTINEL,
            corpus_id=corpus,
            limit=9_876,
            mode=mode,
            filters=filters,
            vector_weight=SHARE,
            length_normalisation=SHARE,
            freshness_weight=SHARE,
            usefulness_weight=SHARE,
            candidates=9_875,
            fusion=fusion,
            language="yiddish",
            embedding=None if mode == "text" else np.full(size_of(slot), SHARE, dtype=np.float32),
            place=Place(SENTINEL, slot, Maker(SENTINEL, size_of(slot), True, SENTINEL)),
        )
        for corpus, mode, filters, fusion, slot in product(
            (None, SENTINEL),
            ("text", "vector", "hybrid"),
            (given, FactFilter()),
            ("convex", "rrf"),
            SLOTS,
        )
    ]


def test_searches_hold_none_of_their_values() -> None:
    for search in searches():
        statement, parameters = build(search)
        require_clean(statement)
        compiled = sql(statement)
        assert not [trace for trace in ("9876", "9875", "yiddish", "stale") if trace in compiled]
        named = set(statement.compile().params)
        assert named == set(parameters), "every parameter is given, and none in vain"
        if search.mode != "vector":
            assert parameters["query"] == SENTINEL
        if search.corpus_id is not None:
            assert parameters["corpus_id"] == SENTINEL


def test_expected_version_is_bound() -> None:
    for expected in (None, 0, NUMBER):
        statement = profile_statements.append(expected)
        require_clean(statement)
        assert (":expected_version" in str(statement)) is bool(expected)


def test_search_text_of_two_users_is_the_same_statement() -> None:
    def texts(word: str) -> list[str]:
        return [
            sql(profile_statements.search(word, word, word, 7)),
            sql(step_statements.search(word, word, word, 7)),
            sql(step_statements.recent(word, word, 7)),
        ]

    assert texts("a") == texts("'; DROP TABLE hegel_facts; --")


@pytest.mark.parametrize("slot", SLOTS)
def test_statements_of_facts_differ_in_nothing_but_their_column(slot: str) -> None:
    """The only names put into these texts are those of columns that exist."""
    model = fact_writing.insert_statement(["embedding_7"])
    model = model.replace("halfvec(7)", f"halfvec({size_of(slot)})").replace("embedding_7", slot)
    assert fact_writing.insert_statement([slot]) == model
    model = fact_writing.embedded_statement("SLOT")
    assert fact_writing.embedded_statement(slot) == model.replace("SLOT", slot)
    model = str(near_statement("embedding_7"))
    model = model.replace("halfvec(7)", f"halfvec({size_of(slot)})").replace("embedding_7", slot)
    assert str(near_statement(slot)) == model


def fixed_statements(module: ModuleType) -> dict[str, str]:
    return {
        name: str(value) for name, value in vars(module).items() if isinstance(value, TextClause)
    }


def test_fixed_statements_take_all_their_values_by_name() -> None:
    """Written at import time, when there is no user yet; none is a template to be filled later."""
    for module in MODULES:
        for name, statement in fixed_statements(module).items():
            assert not set("{%") & set(statement), f"{module.__name__}.{name}"
    assert sum(bool(fixed_statements(module)) for module in MODULES) > 12


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.split(".")[-1])
def test_repositories_compose_no_sql_of_their_own(module: ModuleType) -> None:
    """Texts are made in functions and constants of statements, never inside a method."""
    for name, kind in inspect.getmembers(module, inspect.isclass):
        if kind.__module__ == module.__name__:
            source = inspect.getsource(kind)
            assert 'text(f"' not in source, name
            assert "SELECT" not in source, name
