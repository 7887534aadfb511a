"""A scope that is exported and imported again is the same scope."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

import hegel_store
from hegel_store.errors import InvalidInput, NotFound
from hegel_store.store import Store
from hegel_store.transfer import ScopeImport, export_scope, import_scope
from hegel_store.transfer.tables import TABLES
from tests.commands import run
from tests.lineages import by_hand, everything, imagine
from tests.samples import rows
from tests.strategies import any_object, storable


@pytest.fixture
def other(other_url: str) -> Iterator[Store]:
    """A database of its own, without profiles."""
    with hegel_store.connect(other_url) as connected:
        yield connected


def total(counts: Any) -> int:
    return sum(counts.values())


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz"])
def test_every_row_arrives_in_another_database_as_it_was(
    store: Store, other: Store, tmp_path: Path, ending: str
) -> None:
    imagine(store)
    path = tmp_path / f"scope.{ending}"
    exported = export_scope(store, "news", "qa", path)
    assert exported.task_types == ["qa", "summarise"], "of the scope that its profiles come from"
    assert exported.rows == {
        "scopes": 2,
        "profiles": 5,
        "parents": 5,
        "aliases": 2,
        "alias_moves": 3,
        "members": 2,
    }
    done = import_scope(other, path)
    assert done == ScopeImport(
        corpus_id="news",
        task_types=["qa", "summarise"],
        rows=exported.rows,
        added=dict(exported.rows) | {"scopes": 0},
        updated=dict.fromkeys(TABLES, 0),
    )
    assert everything(other) == everything(store)
    sources = """SELECT id, source, content_hash FROM hegel_prompt_profiles
        WHERE task_type <> 'alone' ORDER BY id"""
    assert rows(other, sources) == rows(store, sources)
    assert [p.version for p in other.profiles.history("news", "qa")] == [3, 2, 1]
    assert export_scope(other, "news", "qa", tmp_path / "again.jsonl").rows == exported.rows
    if ending == "jsonl":
        assert (tmp_path / "again.jsonl").read_bytes() == path.read_bytes()


def test_the_next_version_follows_the_imported_ones(
    store: Store, other: Store, tmp_path: Path
) -> None:
    imagine(store)
    # One whose clock was ahead.
    by_hand(
        store,
        """INSERT INTO hegel_prompt_profiles (corpus_id, task_type, version, source, created_at)
        VALUES ('news', 'qa', 9, '{}', now() + interval '1 hour')""",
    )
    export_scope(store, "news", "qa", tmp_path / "scope.jsonl")
    import_scope(other, tmp_path / "scope.jsonl")
    assert everything(other) == everything(store)
    ahead = other.profiles.latest("news", "qa")
    added = other.profiles.append("news", "qa", {}, expected_version=9)
    assert added.version == 10
    assert added.created_at > ahead.created_at
    assert other.profiles.latest("news", "qa").id == added.id


def test_versions_that_were_stored_out_of_order_keep_their_times(
    store: Store, other: Store, tmp_path: Path
) -> None:
    for version, moment in [(5, "2024-01-01"), (2, "2024-06-01"), (3, "2023-01-01")]:
        by_hand(
            store,
            f"""INSERT INTO hegel_prompt_profiles
                (corpus_id, task_type, version, source, created_at)
            VALUES ('news', 'qa', {version}, '{{}}', '{moment}')""",
        )
    export_scope(store, "news", "qa", tmp_path / "scope.jsonl")
    import_scope(other, tmp_path / "scope.jsonl")
    assert everything(other) == everything(store)


def test_another_corpus_gets_the_same_profiles(store: Store, tmp_path: Path) -> None:
    """In one database as well: ids are those of a corpus."""
    imagine(store)
    path = tmp_path / "scope.jsonl"
    export_scope(store, "news", "qa", path)
    done = import_scope(store, path, corpus_id="archive: O'Neill %s")
    assert done.corpus_id == "archive: O'Neill %s"
    with store.engine.connect() as connection:
        for name, carried in TABLES.items():
            shown = f"SELECT CAST(to_jsonb(r) - 'corpus_id' AS text) FROM {carried.table.name} AS r"
            kept = "" if name == "parents" else " AND task_type <> 'alone'"
            both = [
                connection.execute(
                    text(f"{shown} WHERE corpus_id = :corpus{kept} ORDER BY 1"), {"corpus": corpus}
                ).all()
                for corpus in ("news", "archive: O'Neill %s")
            ]
            assert both[0] == both[1], name
    assert total(import_scope(store, path, corpus_id="archive: O'Neill %s").added) == 0


def test_importing_again_changes_nothing(store: Store, other: Store, tmp_path: Path) -> None:
    imagine(store)
    path = tmp_path / "scope.jsonl"
    export_scope(store, "news", "qa", path)
    import_scope(other, path)
    before = everything(other)
    for target in (other, store):
        again = import_scope(target, path)
        assert (total(again.added), total(again.updated)) == (0, 0)
    assert everything(other) == before


def test_dry_run_says_what_would_be_stored_and_stores_nothing(
    store: Store, other: Store, tmp_path: Path
) -> None:
    imagine(store)
    path = tmp_path / "scope.jsonl"
    export_scope(store, "news", "qa", path)
    tried = import_scope(other, path, dry_run=True)
    assert total(everything_counts(other)) == 0
    assert import_scope(other, path) == tried


def everything_counts(store: Store) -> dict[str, int]:
    return {
        name: rows(store, f"SELECT count(*) FROM {each.table.name}")[0][0]  # type: ignore[misc]
        for name, each in TABLES.items()
    }


def test_a_later_export_adds_the_rest(store: Store, other: Store, tmp_path: Path) -> None:
    imagine(store)
    early, late = tmp_path / "early.jsonl", tmp_path / "late.jsonl"
    export_scope(store, "news", "qa", early)
    import_scope(other, early)
    head = store.profiles.latest("news", "qa")
    fourth = store.profiles.append("news", "qa", {"n": 4}, base=head)
    store.profiles.annotate("news", head.id, metadata={"seen": True})
    store.profiles.set_alias("news", "qa", "production", fourth.id)
    store.profiles.set_alias("news", "qa", "canary", head.id)
    store.populations.add("news", "qa", fourth.id, fitness=0.0)
    store.populations.record_fitness("news", "qa", head.id, 1.0, population="pareto", island=3)
    export_scope(store, "news", "qa", late)
    done = import_scope(other, late)
    assert everything(other) == everything(store)
    assert done.added == {
        "scopes": 0,
        "profiles": 1,
        "parents": 1,
        "aliases": 1,
        "alias_moves": 2,
        "members": 1,
    }
    assert done.updated == dict.fromkeys(TABLES, 0) | {"profiles": 1, "aliases": 1, "members": 1}
    after = everything(other)
    early_again = import_scope(other, early)
    assert (total(early_again.added), total(early_again.updated)) == (0, 0)
    assert everything(other) == after, "the earlier one takes nothing back"


def test_what_changed_here_since_is_kept(store: Store, other: Store, tmp_path: Path) -> None:
    imagine(store)
    path = tmp_path / "scope.jsonl"
    export_scope(store, "news", "qa", path)
    import_scope(other, path)
    head = other.profiles.latest("news", "qa")
    other.profiles.annotate("news", head.id, metadata={"here": 1})
    other.populations.record_fitness("news", "qa", head.id, 0.5, population="pareto", island=3)
    own = other.profiles.append("news", "qa", {"own": True}, base=head)
    other.profiles.set_alias("news", "qa", "production", own.id)
    before = everything(other)
    done = import_scope(other, path)
    assert (total(done.added), total(done.updated)) == (0, 0)
    assert everything(other) == before


def test_an_alias_that_was_dropped_is_dropped_there_too(
    store: Store, other: Store, tmp_path: Path
) -> None:
    imagine(store)
    early, late = tmp_path / "early.jsonl", tmp_path / "late.jsonl"
    export_scope(store, "news", "qa", early)
    import_scope(other, early)
    head = store.profiles.latest("news", "qa")
    store.profiles.set_alias("news", "qa", "staging", head.id)
    by_hand(store, "DELETE FROM hegel_profile_aliases WHERE alias = 'staging'")
    export_scope(store, "news", "qa", late)
    assert import_scope(other, late).updated["aliases"] == 1
    assert everything(other) == everything(store)
    assert import_scope(other, early).added["aliases"] == 0
    assert other.profiles.by_alias("news", "qa", "staging") is None, "and does not come back"


def test_a_scope_that_is_not_there_is_not_exported(store: Store, tmp_path: Path) -> None:
    imagine(store)
    path = tmp_path / "scope.jsonl"
    with pytest.raises(NotFound, match="task_type: there is no scope 'none'"):
        export_scope(store, "news", "none", path)
    for field, arguments in [
        ("corpus_id", ("", "qa", path)),
        ("task_type", ("news", "\x00", path)),
        ("path", ("news", "qa", tmp_path / "scope.csv")),
        ("path", ("news", "qa", tmp_path / "no" / "scope.jsonl")),
    ]:
        with pytest.raises(InvalidInput) as refused:
            export_scope(store, *arguments)
        assert refused.value.field == field
    assert list(tmp_path.iterdir()) == []


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_lineage_makes_the_round_trip(
    store: Store, other: Store, tmp_path: Path, data: st.DataObject
) -> None:
    """Each example is a corpus of its own."""
    number = rows(store, "SELECT count(DISTINCT corpus_id) FROM hegel_scopes")[0][0]
    corpus = f"corpus {number}"
    made = []
    for _ in range(data.draw(st.integers(1, 8))):
        parents = data.draw(st.lists(st.sampled_from(made), max_size=3)) if made else []
        documents = [data.draw(any_object.filter(storable)) for _ in range(2)]
        made.append(
            store.profiles.append(
                corpus,
                data.draw(st.sampled_from(["qa", "é", "x y"])),
                documents[0],
                parents=parents,
                metadata=documents[1],
            )
        )
    for profile in data.draw(st.lists(st.sampled_from(made), max_size=5)):
        alias = data.draw(st.sampled_from(["production", "staging"]))
        store.profiles.set_alias(corpus, profile.task_type, alias, profile.id)
        fitness = data.draw(st.floats(allow_nan=False, allow_infinity=False) | st.none())
        store.populations.add(corpus, "qa", profile.id, fitness=fitness)
    path = tmp_path / "scope.jsonl"
    types = {profile.task_type for profile in made}
    for task_type in sorted(types):
        export_scope(store, corpus, task_type, path)
        import_scope(other, path)
    if "qa" in types:
        assert everything(other, corpus) == everything(store, corpus)
    held = "SELECT id, source FROM hegel_prompt_profiles ORDER BY id"
    assert rows(other, held) == rows(store, held)


def test_commands_say_what_they_did(
    store: Store, other: Store, url: str, other_url: str, tmp_path: Path
) -> None:
    imagine(store)
    path = tmp_path / "scope.jsonl.gz"
    told = json.loads(run("export-scope", "news", "qa", path, "--json", "--url", url))
    assert told["task_types"] == ["qa", "summarise"]
    assert told["rows"]["profiles"] == 5
    assert "qa, summarise of news, written to" in run(
        "export-scope", "news", "qa", path, "--url", url
    )
    shown = run("import-scope", path, "--dry-run", "--url", other_url)
    assert "would be added" in shown
    assert rows(other, "SELECT * FROM hegel_scopes") == []
    done = json.loads(run("import-scope", path, "--corpus", "copy", "--json", "--url", other_url))
    assert (done["corpus_id"], done["added"]["profiles"], done["dry_run"]) == ("copy", 5, False)
    assert "qa, summarise in copy" in run(
        "import-scope", path, "--corpus", "copy", "--url", other_url
    )
    assert other.profiles.latest("copy", "qa").version == 3
