"""Versions that restore earlier ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy import text

from hegel_store.errors import InvalidInput, NotFound, ProfileConflict
from hegel_store.store import Store
from tests.samples import rows

WRITTEN = '{"z": 1.0, "worker": {"system_prompt":  "caf\\u00e9 🦔\\n"}, "a": {"z": 0, "a": 1e2} }'


def test_what_is_restored_is_the_same_to_the_byte(store: Store) -> None:
    """Also what nobody but a person would have written like this."""
    with store.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO hegel_prompt_profiles (corpus_id, task_type, source) "
                "VALUES ('news', 'qa', :source)"
            ),
            {"source": WRITTEN},
        )
    first = store.profiles.get_version("news", "qa", 1)
    second = store.profiles.append("news", "qa", {"worse": True}, base=first)
    restored = store.profiles.rollback("news", "qa", first.id)
    assert restored == store.profiles.latest("news", "qa")
    assert restored.version == 3
    assert restored.id not in (first.id, second.id)
    assert restored.profile == first.profile
    assert list(restored.profile) == ["z", "worker", "a"]
    assert restored.content_hash == first.content_hash
    assert restored.base_profile_id == first.id
    assert store.profiles.lineage("news", restored.id) == [restored, first]
    assert restored.metadata == {"restores": {"profile_id": str(first.id), "version": 1}}
    assert restored.created_at > second.created_at
    assert rows(store, "SELECT source FROM hegel_prompt_profiles ORDER BY version") == [
        (WRITTEN,),
        ('{"worse": true}',),
        (WRITTEN,),
    ]


def test_a_version_is_named_by_its_number_too_and_says_why(store: Store) -> None:
    first, _ = (store.profiles.append("news", "qa", {"n": n}) for n in range(2))
    restored = store.profiles.rollback(
        "news", "qa", 1, expected_version=2, reason="slower 🐌", metadata={"run": 7}
    )
    assert restored.metadata == {
        "run": 7,
        "restores": {"profile_id": str(first.id), "version": 1, "reason": "slower 🐌"},
    }
    again = store.profiles.rollback("news", "qa", 3)
    assert again.content_hash == first.content_hash
    assert again.metadata["restores"]["version"] == 3


def test_nothing_is_stored_of_a_rollback_that_is_refused(store: Store) -> None:
    mine, newest = (store.profiles.append("news", "qa", {"n": n}) for n in range(2))
    other = store.profiles.append("news", "summarise", {})
    stranger = store.profiles.append("law", "qa", {})
    for unknown in (3, 2**31 - 1, other.id, stranger.id, uuid4()):
        for expected in (None, 1, 2):
            with pytest.raises(NotFound) as missing:
                store.profiles.rollback("news", "qa", unknown, expected_version=expected)
            assert missing.value.field == "to"
            assert str(unknown) in str(missing.value)
    with pytest.raises(NotFound):
        store.profiles.rollback("nobody", "qa", 1)
    for stale in (0, 1, 3):
        with pytest.raises(ProfileConflict) as caught:
            store.profiles.rollback("news", "qa", mine.id, expected_version=stale)
        assert (caught.value.expected, caught.value.current) == (stale, 2)
    for arguments, field in (
        ({"to": True}, "to"),
        ({"to": 0}, "to"),
        ({"to": "latest"}, "to"),
        ({"to": 1, "expected_version": "1"}, "expected_version"),
        ({"to": 1, "reason": "\0"}, "reason"),
        ({"to": 1, "metadata": {"restores": None}}, "metadata"),
        ({"to": 1, "metadata": {"x": float("inf")}}, "metadata.x"),
    ):
        with pytest.raises(InvalidInput) as refused:
            store.profiles.rollback("news", "qa", **arguments)
        assert refused.value.field == field
    assert store.profiles.history("news", "qa") == [newest, mine]
    assert store.profiles.append("news", "qa", {}).version == 3


def test_rollbacks_queue_with_the_other_writers_of_the_scope(store: Store) -> None:
    first = store.profiles.append("news", "qa", {"n": 0})

    def write(n: int) -> int:
        if n % 2:
            return store.profiles.append("news", "qa", {"n": n}).version
        return store.profiles.rollback("news", "qa", first.id).version

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(write, range(60)))
    assert sorted(made) == list(range(2, 62))
    history = store.profiles.history("news", "qa")
    assert [each.version for each in history] == list(range(61, 0, -1))
    assert sum(each.content_hash == first.content_hash for each in history) == 31


def test_of_racing_rollbacks_from_one_version_one_is_done(store: Store) -> None:
    for n in range(2):
        store.profiles.append("news", "qa", {"n": n})

    def restore(_: int) -> int:
        try:
            return store.profiles.rollback("news", "qa", 1, expected_version=2).version
        except ProfileConflict as conflict:
            return -conflict.current

    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(restore, range(5))) == [-3, -3, -3, -3, 3]


def test_a_rollback_and_its_alias_are_one_unit_of_work(store: Store) -> None:
    first, second = (store.profiles.append("news", "qa", {"n": n}) for n in range(2))
    store.profiles.set_alias("news", "qa", "production", second.id)

    def restore(expected: object) -> None:
        with store.begin() as work:
            restored = work.profiles.rollback("news", "qa", first.id)
            work.profiles.set_alias("news", "qa", "production", restored.id, expected=expected)

    with pytest.raises(ProfileConflict):
        restore(first.id)
    assert store.profiles.latest("news", "qa") == second
    restore(second.id)
    assert store.profiles.by_alias("news", "qa", "production").version == 3


def test_a_version_is_found_by_its_number(store: Store) -> None:
    first, second = (store.profiles.append("news", "qa", {"n": n}) for n in range(2))
    assert store.profiles.get_version("news", "qa", 1) == first
    assert store.profiles.get_version("news", "qa", 2) == second
    for scope, version in ((("news", "qa"), 3), (("news", "x"), 1), (("law", "qa"), 1)):
        with pytest.raises(NotFound) as caught:
            store.profiles.get_version(*scope, version)
        assert caught.value.field == "version"
    with pytest.raises(InvalidInput):
        store.profiles.get_version("news", "qa", "1")
