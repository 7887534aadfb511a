"""Row-level security together with roles: each bound to a corpus, and closed to every other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import hegel_store
from hegel_store.errors import PermissionDenied
from hegel_store.operations import roles, row_security
from hegel_store.operations.roles import matrix
from hegel_store.operations.row_security.statements import COUNTS
from hegel_store.store import Store
from tests.embedders import HashingEmbedder
from tests.reliability.pooled_calls import CALLS, OTHERS, Scene
from tests.samples import rows
from tests.tenants import OURS, SECRET, THEIRS, address, fill, tables

READERS = ("app", "eval", "readonly")
BEYOND = ("transfer", "MLflow", "GEPA")
"""What imports into corpora of other names."""


@pytest.fixture
def isolated_url(granted: str) -> str:
    """With roles, and then row-level security."""
    with hegel_store.connect(granted) as owner:
        row_security.switch_on(owner.engine)
    return granted


def test_training_on_one_corpus_does_everything_under_its_policy(
    isolated_url: str, tmp_path: Path
) -> None:
    with hegel_store.connect(
        isolated_url,
        role="app",
        corpus="news",
        embedder=HashingEmbedder(),
        spool_directory=tmp_path,
        follow_seconds=0.05,
    ) as store:
        scene = Scene(store, tmp_path)
        for name, calls in CALLS.items():
            for method, call in calls.items():
                assert call(scene) not in (None, False), f"{name}.{method}"
        for what, call in OTHERS.items():
            if what not in BEYOND:
                assert call(scene) not in (None, False), what
                continue
            with pytest.raises(PermissionDenied):
                call(scene)


@pytest.fixture
def two(isolated_url: str) -> Iterator[Store]:
    """The owner's store, with two corpora."""
    for corpus, word in ((OURS, "badger"), (THEIRS, SECRET)):
        fill(isolated_url, corpus, word)
    with hegel_store.connect(isolated_url) as owner:
        yield owner


def test_each_role_sees_the_corpus_that_it_is_bound_to(two: Store, isolated_url: str) -> None:
    for role in READERS:
        with (
            hegel_store.connect(isolated_url, role=role, corpus=OURS) as bound,
            hegel_store.connect(isolated_url, role=role) as unbound,
        ):
            for table in tables(two):
                if "hegel_training_steps_" in table:
                    continue  # a month is granted to nobody
                seen, all_of_them = f"SELECT count(*) FROM {table}", rows(bound, f"TABLE {table}")
                assert 0 < len(all_of_them) < rows(two, seen)[0][0], table
                assert rows(unbound, seen) == [(0,)], table
            assert len(bound.facts.search("badger", mode="text")) > 0
            assert len(bound.facts.search(SECRET, mode="text")) == 0
            assert unbound.profiles.latest(OURS, "qa") is None


def test_making_the_roles_again_opens_nothing(two: Store, isolated_url: str) -> None:
    """Nor does it find anything to make."""
    assert roles.differences(two.engine) == []
    assert roles.apply(two.engine) == []
    assert row_security.examine(two.engine).state == "on"
    with psycopg.connect(address(isolated_url, "hegel_app"), autocommit=True) as training:
        for asked in (
            f"SELECT * FROM hegel_documents_with('{{{SECRET}}}')",
            f"SELECT * FROM hegel_documents_in_statistics('{{{SECRET}}}')",
            "SELECT * FROM hegel_word_counts",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                training.execute(asked)


def test_what_was_opened_is_a_difference_as_long_as_it_is_on(two: Store) -> None:
    with two.engine.begin() as owner:
        owner.exec_driver_sql("GRANT SELECT ON hegel_word_counts TO hegel_eval")
    assert [each.problem for each in roles.apply(two.engine)] == ["has SELECT"]
    assert row_security.examine(two.engine).state == "on"
    row_security.switch_off(two.engine)
    assert {(each.role, each.problem) for each in roles.apply(two.engine)} == {
        *((f"hegel_{role}", "lacks SELECT") for role in READERS),
        *((f"hegel_{role}", "lacks EXECUTE") for role in READERS),
        ("PUBLIC", "has EXECUTE"),
    }
    assert roles.differences(two.engine) == []


def test_both_close_the_same() -> None:
    functions = {name.partition("(")[0] for name in COUNTS}
    assert {*functions, "hegel_word_counts"} == matrix.CLOSED_BY_ISOLATION
