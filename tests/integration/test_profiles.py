"""Prompt profiles on a real database: versions, ancestry, immutability, aliases, search."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hegel_store.errors import InvalidInput, NotFound, ProfileConflict
from hegel_store.models import PromptProfile
from hegel_store.repositories import ProfileRepository
from hegel_store.store import Store

AWKWARD = {
    "worker": {
        "system_prompt": "Réponds 🦔.\n\n  שלום {name} %s 'quoted' \\ \"twice\"",
        "b": 1,
        "a": 0.0,
    },
    "reviewer": {"system_prompt": ""},
    "": {"": [None, {"z": 1, "y": [], "x": {}}]},
    "a": 1e23,
}


def versions(profiles: list[PromptProfile]) -> list[int]:
    return [profile.version for profile in profiles]


def test_versions_count_from_one_in_every_scope(store: Store) -> None:
    made = [
        store.profiles.append(corpus, task, {"n": n})
        for n in range(3)
        for corpus, task in (("news", "qa"), ("news", "summarise"), ("law", "qa"))
    ]
    assert versions(made) == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert store.profiles.latest("news", "qa") == made[6]
    assert store.profiles.history("law", "qa") == [made[8], made[5], made[2]]
    assert store.profiles.history("law", "qa", limit=2) == [made[8], made[5]]
    assert store.profiles.history("law", "qa", limit=0) == []


def test_scope_that_holds_nothing_has_no_latest(store: Store) -> None:
    store.profiles.append("news", "qa", {})
    assert store.profiles.latest("news", "QA") is None
    assert store.profiles.history("News", "qa") == []


def test_profile_comes_back_exactly_with_its_keys_in_order(store: Store) -> None:
    made = store.profiles.append("news", "qa", AWKWARD, metadata={"author": "", "score": 0.0})
    read = store.profiles.get("news", made.id)
    assert read == made
    assert json.dumps(read.profile) == json.dumps(
        json.loads(json.dumps(AWKWARD)) | {"a": int(1e23)}
    )
    assert list(read.profile) == ["worker", "reviewer", "", "a"]
    assert list(read.profile[""][""][1]) == ["z", "y", "x"]
    assert read.metadata == {"author": "", "score": 0.0}
    assert (read.base_profile_id, read.performance_stats) == (None, {})


def test_identical_content_makes_a_new_version_all_the_same(store: Store) -> None:
    first = store.profiles.append("news", "qa", AWKWARD)
    second = store.profiles.append("news", "qa", AWKWARD)
    assert versions([first, second]) == [1, 2]
    assert first.content_hash == second.content_hash
    assert first.id != second.id


def test_unknown_profile_is_not_found_by_name(store: Store) -> None:
    made = store.profiles.append("news", "qa", {})
    for corpus, identifier in (("news", uuid4()), ("law", made.id)):
        for question in (store.profiles.get, store.profiles.lineage, store.profiles.annotate):
            with pytest.raises(NotFound) as caught:
                question(corpus, identifier)
            assert caught.value.field == "profile_id"


def test_zero_expects_an_empty_scope(store: Store) -> None:
    assert store.profiles.append("news", "qa", {}, expected_version=0).version == 1
    with pytest.raises(ProfileConflict) as caught:
        store.profiles.append("news", "qa", {}, expected_version=0)
    assert (caught.value.expected, caught.value.current) == (0, 1)


@pytest.mark.parametrize("expected", [1, 2, 4, 2**31 - 1])
def test_stale_or_early_writer_is_told_the_current_version(store: Store, expected: int) -> None:
    for _ in range(3):
        store.profiles.append("news", "qa", {})
    with pytest.raises(ProfileConflict) as caught:
        store.profiles.append("news", "qa", {"lost": True}, expected_version=expected)
    assert (caught.value.expected, caught.value.current) == (expected, 3)
    assert versions(store.profiles.history("news", "qa")) == [3, 2, 1]
    assert store.profiles.append("news", "qa", {}, expected_version=3).version == 4


def test_version_expected_of_an_empty_scope_conflicts_with_zero(store: Store) -> None:
    with pytest.raises(ProfileConflict) as caught:
        store.profiles.append("news", "qa", {}, expected_version=1)
    assert caught.value.current == 0
    assert store.profiles.latest("news", "qa") is None
    assert store.profiles.append("news", "qa", {}).version == 1


def test_unit_of_work_goes_on_after_a_conflict(store: Store) -> None:
    store.profiles.append("news", "qa", {})
    with store.begin() as work:
        with pytest.raises(ProfileConflict):
            work.profiles.append("news", "qa", {}, expected_version=7)
        work.profiles.append("news", "qa", {"kept": True}, expected_version=1)
    assert store.profiles.latest("news", "qa").profile == {"kept": True}


@pytest.mark.parametrize(
    "change",
    [
        "source = '{\"changed\": 1}'",
        "version = 7",
        "task_type = 'other'",
        "corpus_id = 'other'",
        "id = hegel_uuidv7()",
        "base_profile_id = NULL",
        "created_at = created_at - interval '1 day'",
        "source = '{\"changed\": 1}', metadata = '{}'",
    ],
)
def test_hand_written_change_of_content_is_refused(store: Store, change: str) -> None:
    # The keys of a profile with parents are held by foreign keys already.
    base = store.profiles.append("news", "qa", {}) if "base" in change else None
    made = store.profiles.append("news", "qa", {"kept": True}, base=base)
    with store.engine.connect() as connection, pytest.raises(IntegrityError, match="immutable"):
        connection.execute(
            text(f"UPDATE hegel_prompt_profiles SET {change} WHERE id = :id"), {"id": made.id}
        )
    assert store.profiles.get("news", made.id) == made


@pytest.mark.parametrize("column", ["profile", "content_hash"])
def test_generated_columns_cannot_be_written(store: Store, column: str) -> None:
    store.profiles.append("news", "qa", {})
    with store.engine.connect() as connection, pytest.raises(Exception, match="generated column"):
        connection.execute(text(f"UPDATE hegel_prompt_profiles SET {column} = {column}"))


def test_statistics_and_metadata_merge_and_leave_the_content_alone(store: Store) -> None:
    made = store.profiles.append("news", "qa", AWKWARD, metadata={"kept": "", "changed": 1})
    noted = store.profiles.annotate(
        "news", made.id, performance_stats={"reward": 0.0}, metadata={"changed": None}
    )
    assert noted == store.profiles.get("news", made.id)
    assert noted.performance_stats == {"reward": 0.0}
    assert noted.metadata == {"kept": "", "changed": None}
    assert noted.updated_at > made.updated_at
    assert (noted.profile, noted.created_at, noted.version) == (
        made.profile,
        made.created_at,
        made.version,
    )
    for field in ("performance_stats", "metadata"):
        with pytest.raises(InvalidInput) as caught:
            store.profiles.annotate("news", made.id, **{field: [1]})
        assert caught.value.field == field


def test_noting_statistics_touches_no_index_and_writes_no_profile_again(store: Store) -> None:
    prompt = "".join(chr(0x4E00 + 31 * i % 20_000) for i in range(30_000))
    made = store.profiles.append("news", "qa", {"worker": {"system_prompt": prompt}})
    toast = "(SELECT reltoastrelid FROM pg_class WHERE relname = 'hegel_prompt_profiles')"
    with store.engine.begin() as connection:
        size = text(f"SELECT pg_relation_size({toast})")
        before = connection.execute(size).scalar_one()
        for n in range(5):
            ProfileRepository(connection).annotate(
                "news", made.id, performance_stats={"reward": n / 10}
            )
        updated, hot = connection.execute(
            text(
                "SELECT pg_stat_get_xact_tuples_updated(oid), "
                "pg_stat_get_xact_tuples_hot_updated(oid) "
                "FROM pg_class WHERE relname = 'hegel_prompt_profiles'"
            )
        ).one()
        assert before > 50_000, "the profile is stored outside of its row"
        assert connection.execute(size).scalar_one() == before
        assert (updated, hot) == (5, 5)


def test_hand_written_rows_are_numbered_together_with_appended_ones(store: Store) -> None:
    insert = text(
        "INSERT INTO hegel_prompt_profiles (corpus_id, task_type, source) "
        "VALUES ('news', 'qa', :doc)"
    )
    for n in range(3):
        with store.engine.begin() as connection:
            connection.execute(insert, {"doc": f'{{"z": 1, "by hand": {n}}}'})
        store.profiles.append("news", "qa", {"appended": n})
    with pytest.raises(Exception, match="invalid input syntax"), store.engine.begin() as connection:
        connection.execute(insert, {"doc": "no json"})
    history = store.profiles.history("news", "qa")
    assert versions(history) == [6, 5, 4, 3, 2, 1]
    assert history[1].profile == {"z": 1, "by hand": 2}
    assert list(history[1].profile) == ["z", "by hand"]
    assert history[1].id.version == 7
    assert all(newer.created_at > older.created_at for newer, older in pairwise(history))


def test_any_session_or_connection_will_do(store: Store) -> None:
    with Session(store.engine) as session:
        ProfileRepository(session).append("news", "qa", {"session": 1})
        session.commit()
    with store.engine.begin() as connection:
        ProfileRepository(connection).append("news", "qa", {"connection": 1})
    assert versions(store.profiles.history("news", "qa")) == [2, 1]


def test_rolled_back_unit_of_work_leaves_nothing_and_no_gap(store: Store) -> None:
    store.profiles.append("news", "qa", {})

    def change_of_mind() -> None:
        with store.begin() as work:
            assert work.profiles.append("news", "qa", {}).version == 2
            newest = work.profiles.append("news", "qa", {})
            assert newest.version == 3
            work.profiles.set_alias("news", "qa", "production", newest.id)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        change_of_mind()
    assert versions(store.profiles.history("news", "qa")) == [1]
    assert store.profiles.by_alias("news", "qa", "production") is None
    assert store.profiles.append("news", "qa", {}).version == 2


def test_newest_by_time_is_newest_by_version_even_when_the_clock_stands_behind(
    store: Store,
) -> None:
    """As after a clock was set back: the scope's last time lies ahead."""
    store.profiles.append("news", "qa", {})
    with store.engine.begin() as connection:
        connection.execute(
            text("UPDATE hegel_scopes SET last_created_at = last_created_at + interval '1 hour'")
        )
    ahead = [store.profiles.append("news", "qa", {}) for _ in range(3)]
    assert [b.created_at - a.created_at for a, b in pairwise(ahead)] == [
        timedelta(microseconds=1)
    ] * 2
    assert versions(store.profiles.history("news", "qa")) == [4, 3, 2, 1]


def test_a_version_written_by_hand_takes_the_counter_along(store, postgresql):
    store.profiles.append("c", "qa", {"n": 1})
    postgresql.execute(
        "INSERT INTO hegel_prompt_profiles (corpus_id, version, source) VALUES ('c', 7, '{}')"
    )
    postgresql.commit()
    appended = store.profiles.append("c", "qa", {"n": 2}, expected_version=7)
    assert appended.version == 8
    assert [p.version for p in store.profiles.history("c", "qa")] == [8, 7, 1]
