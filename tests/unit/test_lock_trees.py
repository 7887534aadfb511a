"""Trees of who waits for whom, of any shape that a server may tell."""

from __future__ import annotations

from hegel_store.operations.watching.locks import LockTree, Waiter, trees


def waiter(pid: int, *blocked_by: int) -> Waiter:
    nothing = dict.fromkeys(Waiter.__slots__)
    return Waiter(**(nothing | {"pid": pid, "blocked_by": blocked_by}))


def shape(found: list[LockTree]) -> list[object]:
    return [(tree.session.pid, shape(tree.waiting)) for tree in found]


def made(*sessions: Waiter) -> list[object]:
    return shape(trees({one.pid: one for one in sessions}))


def test_who_waits_for_several_stands_below_each_of_them():
    assert made(waiter(1), waiter(2), waiter(3, 1, 2), waiter(4, 3)) == [
        (1, [(3, [(4, [])])]),
        (2, [(3, [(4, [])])]),
    ]


def test_a_circle_begins_at_its_lowest_process_and_ends():
    assert made(waiter(7, 9), waiter(9, 7), waiter(11, 9)) == [(7, [(9, [(11, [])])])]


def test_a_prepared_transaction_has_no_process_and_is_named():
    (tree,) = trees({5: waiter(5, 0)})
    assert shape([tree]) == [(0, [(5, [])])]
    assert "pg_prepared_xacts" in tree.session.state


def test_who_has_gone_meanwhile_blocks_nobody():
    assert made(waiter(5, 99)) == []
