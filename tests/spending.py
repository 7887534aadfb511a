"""What runs have spent, against the rows that they spent it on."""

from __future__ import annotations

from hegel_store.store import Store
from tests.samples import rows

# One statement, and so of one moment.
BALANCE = """
    SELECT corpus_id, run_id, evaluations_allowed, evaluations_spent, evaluations_unstored,
        (SELECT count(*) FROM hegel_evaluations AS evaluation
         WHERE evaluation.corpus_id = run.corpus_id AND evaluation.run_id = run.run_id
           AND charged) AS charged
    FROM hegel_runs AS run
"""


def require_balanced(store: Store) -> None:
    """Each run has spent its failures, its stored evaluations and its claims, and no more than it
    may; every scored evaluation has scores, and no other one has."""
    for corpus_id, run_id, allowed, spent, unstored, charged in rows(store, BALANCE):
        assert spent == unstored + charged, (corpus_id, run_id)  # type: ignore[operator]
        assert allowed is None or spent <= allowed, (corpus_id, run_id)  # type: ignore[operator]
    assert (
        rows(
            store,
            """
            SELECT corpus_id, example_id FROM hegel_evaluations AS evaluation
            WHERE (state = 'scored') <> EXISTS (
                SELECT FROM hegel_scores AS score
                WHERE score.corpus_id = evaluation.corpus_id
                  AND score.evaluator = evaluation.evaluator
                  AND score.content_hash = evaluation.content_hash
                  AND score.split = evaluation.split
                  AND score.example_id = evaluation.example_id
            )
            """,
        )
        == []
    )
