"""What errors mean is known in one place, and how often something is tried again is bounded."""

from __future__ import annotations

import ast
import pickle
import re
import time
from pathlib import Path

import pytest

import hegel_store
from hegel_store.errors import (
    DatabaseUnavailable,
    HegelStoreError,
    InvalidInput,
    NestedCheckout,
    OutcomeUnknown,
    PoolExhausted,
    StatementTimeout,
    TransactionConflict,
)
from hegel_store.failures import CODES, Failure, failure_of, writes
from hegel_store.retries import becomes_true, repeated, until_locked

PACKAGE = Path(hegel_store.__file__).parent
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "failures.py")
ROOT = Path(__file__).parents[2]


def test_no_other_module_knows_a_code_or_reads_one_from_the_driver() -> None:
    code = re.compile(r"(?=.*[0-9])(?![0-9]+[KMGT]B)[0-9A-Z]{5}")  # and no amount of memory
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not code.fullmatch(node.value), f"{path}:{node.lineno}: {node.value}"
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr":
                assert ast.unparse(node.args[1]) != "'sqlstate'", f"{path}:{node.lineno}"


def test_a_code_has_one_name() -> None:
    tree = ast.parse((PACKAGE / "failures.py").read_text())
    named = [
        node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    ]
    assert len(named) > 5
    assert len(set(named)) == len(named)


def test_every_kind_of_failure_is_documented_with_its_error_and_codes() -> None:
    page = (ROOT / "docs/reference/errors.md").read_text()
    rows = dict(re.findall(r"^\| ([a-z][^|]*?) \| ([^|]*\|[^|]*\|[^|]*) \|$", page, re.MULTILINE))
    assert set(rows) - {"failure"} == {failure.value for failure in Failure}
    for failure in Failure:
        codes, error, again = rows[failure.value].split("|")
        assert error.strip() == f"`{failure.error.__name__}`"
        assert again.strip().startswith("yes") is failure.error.retryable
        known = {state for state, kind in CODES.items() if kind is failure}
        assert set(re.findall(r"[0-9A-Z]{5}", codes)) >= known, failure


def test_errors_of_ours_keep_their_kind() -> None:
    assert failure_of(DatabaseUnavailable("gone")) is Failure.UNREACHABLE
    assert failure_of(DatabaseUnavailable("gone", "57P01")) is Failure.BROKEN
    assert failure_of(NestedCheckout(2, 5)) is failure_of(PoolExhausted("all")) is Failure.POOL
    assert failure_of(ValueError()) is failure_of(OutcomeUnknown("?")) is Failure.OTHER


def test_a_nested_checkout_keeps_its_numbers_in_another_process() -> None:
    copy = pickle.loads(pickle.dumps(NestedCheckout(2, 5)))  # noqa: S301
    assert (copy.held, copy.size, copy.retryable) == (2, 5, False)


@pytest.mark.parametrize(
    ("statement", "does"),
    [
        ("TRUNCATE hegel_facts", True),
        ("-- all of it\n /* and\nmore */ truncate hegel_facts", True),
        ("CREATE TABLE mine AS SELECT 1", True),
        ("CALL settle()", True),
        ("DO $$ BEGIN END $$", True),
        ("REFRESH MATERIALIZED VIEW totals", True),
        ("WITH gone AS (DELETE FROM hegel_facts RETURNING id) SELECT id FROM gone", True),
        ("SELECT do, comment, 'drop' FROM jobs WHERE call = 'create'", False),
        ("SELECT created_at FROM hegel_facts FOR UPDATE", False),
        ("-- TRUNCATE is elsewhere\nSELECT 1", False),
        ("dropped", False),
    ],
)
def test_what_writes_is_known_by_its_words(statement: str, does: bool) -> None:
    assert writes(statement) is does


class Failing:
    """Raises the errors in turn, then returns 7."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return 7


def test_what_may_be_run_again_is_and_not_too_often() -> None:
    call = Failing(*[TransactionConflict("deadlock", "40P01")] * 3)
    assert repeated(call, attempts=4, seconds=30) == 7
    assert call.calls == 4
    call = Failing(*[TransactionConflict("deadlock", "40P01")] * 9)
    with pytest.raises(TransactionConflict):
        repeated(call, attempts=4, seconds=30)
    assert call.calls == 4


@pytest.mark.parametrize(
    "error",
    [StatementTimeout("late", "57014"), OutcomeUnknown("?"), InvalidInput("x", "no"), KeyError()],
    ids=["timeout", "unknown", "input", "bug"],
)
def test_what_may_not_be_run_again_is_raised_at_once(error: Exception) -> None:
    call = Failing(error)
    with pytest.raises(type(error)):
        repeated(call, attempts=4, seconds=30)
    assert call.calls == 1


def test_an_unknown_outcome_is_repeated_where_the_caller_says_that_it_may_be() -> None:
    assert repeated(Failing(OutcomeUnknown("?")), attempts=2, seconds=30, idempotent=True) == 7


def test_only_the_errors_that_were_named_are_waited_out() -> None:
    call = Failing(PoolExhausted("all"))
    with pytest.raises(HegelStoreError):
        repeated(call, attempts=4, seconds=30, after=TransactionConflict)
    assert call.calls == 1


def test_a_server_that_does_not_come_back_is_given_up_in_time() -> None:
    call = Failing(*[DatabaseUnavailable("no such host")] * 10_000)
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable):
        repeated(call, attempts=10_000, seconds=0.3)
    assert time.monotonic() - began < 0.3 + 20
    assert 1 < call.calls < 1000, "with pauses in between"


def test_each_place_that_attempts_at_a_lock_reach_has_as_many_of_them(monkeypatch) -> None:
    monkeypatch.setattr("hegel_store.retries.random.uniform", lambda low, high: 0.001)
    places, said = [], []

    def attempt() -> None:
        places.append(len(places))
        raise TransactionConflict("not in time", "55P03")

    with pytest.raises(TransactionConflict):
        # At another place after each of the first four, and then stuck.
        until_locked(attempt, 3, lambda *given: said.append(given[1:]), lambda: min(len(places), 4))
    assert len(places) == 6
    assert [place for place, _ in said] == [1, 2, 3, 4, 4]


def test_what_is_no_matter_of_locks_is_raised_at_once() -> None:
    call = Failing(StatementTimeout("late", "57014"))
    with pytest.raises(StatementTimeout):
        until_locked(call, 3, lambda *given: None)
    assert call.calls == 1


def test_a_condition_is_waited_for_as_long_as_was_given() -> None:
    answers = [False, None, 1]
    assert becomes_true(lambda: answers.pop(0), 30) is True
    assert answers == []
    assert becomes_true(lambda: False, 0.1) is False
