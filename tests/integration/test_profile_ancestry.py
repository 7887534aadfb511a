"""Parents of profiles: merges, diamonds, lineage, and strangers that are no parents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event

from hegel_store.errors import NotFound
from hegel_store.models import PromptProfile
from hegel_store.store import Store


@contextmanager
def counted_statements(engine: Engine) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(connection, cursor, statement, parameters, context, executemany) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_base_may_be_a_profile_or_its_id(store: Store) -> None:
    root = store.profiles.append("news", "qa", {})
    for base in (root, root.id, str(root.id)):
        assert store.profiles.append("news", "qa", {}, base=base).base_profile_id == root.id
    assert store.profiles.append("news", "qa", {}, base=None).base_profile_id is None


def test_first_parent_is_the_base_when_none_is_given(store: Store) -> None:
    a, b = (store.profiles.append("news", "qa", {}) for _ in range(2))
    child = store.profiles.append("news", "qa", {}, parents=[b, a.id])
    assert child.base_profile_id == b.id
    assert store.profiles.lineage("news", child.id) == [child, b, a]


def test_parents_may_come_from_another_task_of_the_corpus(store: Store) -> None:
    root = store.profiles.append("news", "summarise", {})
    child = store.profiles.append("news", "qa", {}, base=root)
    assert child.version == 1
    assert store.profiles.lineage("news", child.id) == [child, root]


def test_parent_named_twice_counts_once(store: Store) -> None:
    root = store.profiles.append("news", "qa", {})
    child = store.profiles.append("news", "qa", {}, base=root, parents=[root.id, root, root])
    assert store.profiles.lineage("news", child.id) == [child, root]


def test_unknown_parents_are_refused_and_leave_no_gap(store: Store) -> None:
    root = store.profiles.append("news", "qa", {})
    stranger = store.profiles.append("law", "qa", {})
    for options, field in (
        ({"base": uuid4()}, "base"),
        ({"base": stranger}, "base"),
        ({"parents": [stranger.id]}, "parents"),
        ({"base": root, "parents": [uuid4()]}, "parents"),
        ({"base": root, "parents": [stranger]}, "parents"),
    ):
        with pytest.raises(NotFound) as caught:
            store.profiles.append("news", "qa", {}, **options)
        assert caught.value.field == field
    assert store.profiles.append("news", "qa", {}, base=root).version == 2


def test_lineage_goes_by_depth_then_newer_first_each_once_in_one_statement(store: Store) -> None:
    def append(*parents: PromptProfile) -> PromptProfile:
        return store.profiles.append("news", "qa", {}, parents=parents)

    root = append()
    left, right = append(root), append(root)
    merged = append(left, right)  # a diamond over root
    side = append(right)
    tip = append(merged, side, root)  # root is reached at depths 1, 3
    append(tip)  # a child is no ancestor
    store.profiles.append("news", "summarise", {}, base=root)
    with counted_statements(store.engine) as sent:
        lineage = store.profiles.lineage("news", tip.id)
    assert lineage == [tip, side, merged, root, right, left]
    assert len(sent) == 1


def test_lineage_of_a_long_line_of_merges_is_quick(store: Store) -> None:
    line = [store.profiles.append("news", "qa", {})]
    for _ in range(120):
        line.append(store.profiles.append("news", "qa", {}, parents=line[:-3:-1]))
    lineage = store.profiles.lineage("news", line[-1].id)
    assert len(lineage) == 121
    assert lineage[0] == line[-1]
    assert lineage[-1] == line[0]
