"""The newest profile of a scope is one probe of one index, however many profiles there are."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from hegel_store.repositories import profile_statements as statements
from hegel_store.store import Store
from tests.plans import explain, nodes

FILL = text(
    """
    INSERT INTO hegel_prompt_profiles (corpus_id, task_type, source)
    SELECT 'corpus ' || n % 20, CASE WHEN n % 3 = 0 THEN 'qa' ELSE 'summarise' END,
           json_build_object('worker', json_build_object('system_prompt', repeat('word ', n % 50)))
    FROM generate_series(1, 3000) AS n
    """
)


@pytest.mark.parametrize("corpus", ["corpus 7", "no such corpus"])
def test_latest_is_one_probe_of_its_index(store: Store, corpus: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(FILL)
        connection.execute(text("ANALYZE hegel_prompt_profiles"))
        plan = explain(connection, statements.LATEST, {"corpus_id": corpus, "task_type": "qa"})
    found = list(nodes(plan))
    assert [node["Node Type"] for node in found] == ["Limit", "Index Scan"]
    scan = found[1]
    assert scan["Index Name"] == "idx_hegel_prompt_profiles_corpus_task_created"
    assert scan["Actual Rows"] == (1 if corpus == "corpus 7" else 0)
    assert "Filter" not in scan
    expected = store.profiles.latest(corpus, "qa")
    assert (expected is None) == (corpus != "corpus 7")


def test_history_is_a_walk_of_the_same_index_without_a_sort(store: Store) -> None:
    with store.engine.begin() as connection:
        connection.execute(FILL)
        connection.execute(text("ANALYZE hegel_prompt_profiles"))
        values = {"corpus_id": "corpus 7", "task_type": "qa", "limit": 10}
        plan = explain(connection, statements.HISTORY, values)
    found = list(nodes(plan))
    assert [node["Node Type"] for node in found] == ["Limit", "Index Scan"]
    assert found[1]["Actual Rows"] == 10
