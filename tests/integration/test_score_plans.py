"""Among a million scores, what is asked for is found by an index."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Executable, text

import hegel_store
from hegel_store.models import EvaluationKey
from hegel_store.models.profiles import content_hash
from hegel_store.repositories import claim_statements, score_statements
from hegel_store.repositories.score_rows import columns
from hegel_store.store import Store
from tests.plans import explain, nodes

CANDIDATES, EXAMPLES, EVALUATED = 2_000, 250, 400
"""Scores are of all candidates, evaluations of some: they are there for the claims."""
FILL = (
    f"""
    INSERT INTO hegel_evaluations
        (corpus_id, evaluator, content_hash, split, example_id, state, evaluated_at)
    SELECT 'news', 'default', hegel_content_hash('{{"n": ' || n || '}}'), 'train', m::text,
        'scored', now()
    FROM generate_series(1, {EVALUATED}) AS n, generate_series(1, {EXAMPLES}) AS m
    """,
    "DROP INDEX idx_hegel_scores_best",
    f"""
    WITH candidate AS MATERIALIZED (
        SELECT n, hegel_content_hash('{{"n": ' || n || '}}') AS content_hash
        FROM generate_series(1, {CANDIDATES}) AS n
        ORDER BY 2
    )
    INSERT INTO hegel_scores
    SELECT 'news', 'default', content_hash, 'train', m::text, objective,
        (hashint4(n * 1000 + m) & 1023) / 1023.0
    FROM candidate, generate_series(1, {EXAMPLES}) AS m,
        unnest(ARRAY['accuracy', 'length']) AS objective
    """,
)
# Who leads on each example, with which a Pareto front begins.
LEADERS = text(
    """
    SELECT example.id, leader.content_hash, leader.score
    FROM unnest(CAST(:examples AS text[])) AS example (id),
    LATERAL (
        SELECT content_hash, score FROM hegel_scores
        WHERE corpus_id = 'news' AND evaluator = 'default' AND split = 'train'
          AND objective = :objective AND example_id = example.id
        ORDER BY score DESC
        LIMIT 1
    ) AS leader
    """
)


@pytest.fixture(scope="module")
def million(server: Any, template: Any) -> Iterator[Store]:
    """A store with a million scores, in which nothing stays of what the tests do."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE hegel_million TEMPLATE {template.template_dbname}")
        url = server.url("hegel_million")
        with psycopg.connect(url, autocommit=True) as connection:
            (index,) = connection.execute(
                "SELECT pg_get_indexdef('idx_hegel_scores_best'::regclass)"
            ).fetchone() or ("",)
            for statement in (*FILL, index):
                connection.execute(statement)
            connection.execute("VACUUM ANALYZE hegel_scores, hegel_evaluations")
        with hegel_store.connect(url) as store:
            store.runs.start(
                "news", "qa", "r", optimiser="x", objectives={"accuracy": "maximize"}, budget=9
            )
            yield store
        admin.execute("DROP DATABASE hegel_million WITH (FORCE)")


def keys(first: int, count: int = 20) -> list[EvaluationKey]:
    return [
        EvaluationKey(
            corpus_id="news",
            evaluator="default",
            content_hash=content_hash({"n": 7}),
            split="train",
            example_id=f"{n}",
        )
        for n in range(first, first + count)
    ]


def hashes(count: int) -> list[bytes]:
    return [bytes.fromhex(content_hash({"n": n})) for n in range(1, count + 1)]


OF = {"corpus_id": "news", "evaluator": "default", "split": "train"}
CLAIM = OF | {
    "content_hash": hashes(1) * 20,
    "example_id": [f"{n}" for n in range(241, 261)],
    "run_id": "r",
    "claim": uuid4(),
    "worker": "w",
    "lease": timedelta(minutes=1),
}
RESULT = {
    "run_id": [None] * 20,
    "output": [None] * 20,
    "seconds": [None] * 20,
    "cost": [None] * 20,
    "score_place": list(range(1, 21)),
    "objective": ["accuracy"] * 20,
    "score": [0.5] * 20,
    "overwrite": False,
}
FAILURE = {name: [None] * 20 for name in ("seconds", "cost")} | {"failure": ["away"] * 20}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "values", "most"),
    [
        pytest.param(claim_statements.CLAIM, CLAIM, 2_000, id="claim"),
        pytest.param(claim_statements.RELEASE, columns(keys(1)), 500, id="release"),
        pytest.param(claim_statements.FAIL, columns(keys(1)) | FAILURE, 500, id="fail"),
        pytest.param(
            claim_statements.RENEW,
            columns(keys(1)) | {"lease": timedelta(minutes=1)},
            500,
            id="renew",
        ),
        pytest.param(score_statements.RECORD, columns(keys(241)) | RESULT, 2_000, id="record"),
        pytest.param(score_statements.LOOK, columns(keys(241)), 500, id="look"),
        pytest.param(
            score_statements.OF_PROFILE,
            OF | {"content_hash": hashes(1)[0], "split": None, "objective": None},
            1_200,
            id="of_profile",
        ),
        pytest.param(
            score_statements.MATRIX,
            OF | {"content_hashes": hashes(20), "objective": "accuracy"},
            21_000,
            id="matrix",
        ),
        pytest.param(
            score_statements.SUMMARY, OF | {"content_hashes": hashes(20)}, 21_000, id="summary"
        ),
        pytest.param(
            LEADERS,
            {"examples": [f"{n}" for n in range(1, 251)], "objective": "length"},
            1_001,
            id="leaders",
        ),
    ],
)
def test_a_statement_reads_what_it_is_about(
    million: Store, statement: Executable, values: Any, most: int
) -> None:
    """No scan of a whole table, and few rows anywhere in the plan."""
    with million.engine.connect() as connection:
        plan = explain(connection, statement, values)
        connection.rollback()
    seen = list(nodes(plan))
    scanned = {node.get("Relation Name") for node in seen if node["Node Type"] == "Seq Scan"} - {
        "hegel_runs"
    }
    assert scanned == set()
    rows = sum(node["Actual Rows"] * node["Actual Loops"] for node in seen)
    assert rows < most, rows
    if statement is LEADERS:
        assert "idx_hegel_scores_best" in {node.get("Index Name") for node in seen}
