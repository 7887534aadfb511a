"""Tasks that change rows, a batch in a transaction: each may be stopped after any batch, and the
next run goes on with what is left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, TextClause

from hegel_store.archive import archive_month, months_older_than
from hegel_store.giving_way import PutOff
from hegel_store.operations.maintenance import statements
from hegel_store.operations.maintenance.work import ENDS, Found, TimeIsUp, Work
from hegel_store.operations.row_security import statements as row_security
from hegel_store.repositories import step_rollup_statements
from hegel_store.repositories.usefulness_statements import PRIOR_STEPS, REFRESH

CHEAP_BYTES = 128 * 2**20
"""Of retrievals, about a million: all of them are read to count the usefulness of facts anew."""

BEFORE_ALL = {"after_corpus": "", "after_id": "00000000-0000-0000-0000-000000000000"}
WORDS_FROM = 250
"""Facts: of fewer, the planner's own statistics tell as much."""


def make_months(work: Work) -> Found:
    """Months of steps before they begin, so that no writer has to make one."""
    values = {"ahead": work.rules.months_ahead}
    with work.transaction() as connection:
        months = connection.execute(statements.MISSING_MONTHS, values).scalars().all()
    names = [f"{month:%Y-%m}" for month in months]
    if not months:
        return Found("nothing due", f"this month and {work.rules.months_ahead} more are there")
    why = f"{', '.join(names)} not there yet"
    if work.dry_run:
        return Found("due", why)
    for month in months:
        with work.transaction() as connection:
            connection.execute(statements.MAKE_MONTH, {"month": month})
    return Found("done", why, [f"made {name}" for name in names])


def expire_facts(work: Work) -> Found:
    """Facts whose ``expires_at`` has passed are deleted, and kept for searches of the past."""
    return _facts(work, statements.EXPIRED, statements.EXPIRE, {}, "expired facts", "deleted")


def purge_facts(work: Work) -> Found:
    """Facts that were deleted long ago are removed for good, their verdicts with them."""
    after = work.rules.purge_after
    if after is None:
        return Found("nothing due", "deleted facts are kept, as no time is given")
    why = f"facts deleted {_days(after)} ago or earlier"
    return _facts(work, statements.PURGED, statements.PURGE, {"after": after}, why, "removed")


def give_back_claims(work: Work) -> Found:
    """Evaluations of workers that died, and what their runs have paid for them."""
    values = {"after": work.rules.leases_after}
    return _counted(
        work,
        statements.COUNT_LATE,
        statements.GIVE_BACK,
        values,
        "claims whose lease ran out long ago",
        "claims given back",
    )


def forget_queries(work: Work) -> Found:
    """Counted queries that nobody asks any more."""
    after = work.rules.queries_after
    if after is None:
        return Found("nothing due", "queries are kept, as no time is given")
    why = f"queries last asked {_days(after)} ago or earlier"
    return _counted(
        work,
        statements.COUNT_QUERIES,
        statements.FORGET_QUERIES,
        {"after": after},
        why,
        "queries forgotten",
    )


def trim_vectors(work: Work) -> Found:
    """Vectors in the shared cache that nobody uses, and those beyond the bound."""
    rules = work.rules
    values = {"after": rules.vectors_after, "vectors": rules.vectors}
    with work.transaction() as connection:
        row = connection.execute(statements.COUNT_VECTORS, values).one()
    excess = max(row.old or 0, row.beyond or 0)
    if not excess:
        return Found("nothing due", "no cached vector is old, or beyond the bound")
    why = f"{row.old:,} vectors were not used for long, {row.beyond or 0:,} are beyond the bound"
    if work.dry_run:
        return Found("due", why)

    # The least recently used are the old ones, too.
    left = excess

    def forget(connection: Connection) -> int:
        nonlocal left
        batch = {"batch": min(left, rules.batch)}
        gone = int(connection.execute(statements.FORGET_VECTORS, batch).scalar_one())
        left -= gone
        return gone if left else 0

    return _until_done(work, forget, why, lambda: f"{excess - left:,} vectors forgotten")


def fold_writes(work: Work) -> Found:
    """What tells kept answers that their corpus has changed: rows that add up, in one each."""
    return _counted(
        work,
        statements.COUNT_WRITES,
        statements.FOLD_WRITES,
        {},
        "rows more than one for each corpus that is written to",
        "rows folded",
    )


def roll_up(work: Work) -> Found:
    """Sums of rewards: months that are not counted, and rows that logging has added."""
    with work.transaction() as connection:
        months = connection.execute(step_rollup_statements.UNCOUNTED).scalars().all()
        several = connection.execute(statements.COUNT_SUMS).scalar_one()
    if not months and not several:
        return Found("nothing due", "every sum is one row, and every month counted")
    why = f"{several:,} sums are in several rows, {len(months)} months not counted"
    if work.dry_run:
        return Found("due", why)
    did: list[str] = []
    try:
        for month in months:
            with work.transaction() as connection:
                connection.execute(step_rollup_statements.TAKE_TURNS)
                connection.execute(step_rollup_statements.COUNT_MONTH, {"month": month})
            did.append(f"counted {month:%Y-%m}")
            work.give_way()
    except ENDS as end:
        return Found.so_far(end, why, did)
    folded = 0

    def fold(connection: Connection) -> int:
        nonlocal folded
        connection.execute(step_rollup_statements.TAKE_TURNS)
        values = {"batch": work.rules.batch}
        rows = int(connection.execute(step_rollup_statements.FOLD, values).scalar_one())
        folded += rows
        return rows

    return _until_done(work, fold, why, lambda: f"{folded:,} rows folded", did)


def archive_months(work: Work) -> Found:
    """Old months of steps, to files. A month that was begun is finished, however long it takes."""
    after, folder = work.rules.archive_after, work.rules.archive_to
    if after is None or folder is None:
        return Found("nothing due", "months are kept, as no folder is given")
    months = months_older_than(work.source, after)
    if not months:
        return Found("nothing due", f"no month is older than {after} months")
    why = f"{len(months)} months are older than {after} months"
    if work.dry_run:
        return Found("due", why, [f"{month.first_day:%Y-%m} ({month.state})" for month in months])
    did: list[str] = []
    try:
        for month in months:
            work.give_way()
            done = archive_month(work.source, month.first_day, folder, give_way=False)
            did.append(f"{month.first_day:%Y-%m}: {done.steps:,} steps in {done.path}")
    except (PutOff, TimeIsUp) as end:
        return Found.so_far(end, why, did)
    return Found("done", why, did)


def refresh_usefulness(work: Work) -> Found:
    """What searches weigh facts by, where counting it is cheap."""
    with work.transaction() as connection:
        row = connection.execute(statements.RETRIEVED).one()
        if not row.is_there:
            return Found("nothing due", "nothing was logged of what steps were shown")
        if row.bytes > CHEAP_BYTES:
            why = f"{row.bytes / 2**20:,.0f} MB of retrievals are for `refresh-usefulness`"
            return Found("nothing due", why)
        values = {"corpus_id": None, "prior": PRIOR_STEPS}
        changed = int(connection.execute(REFRESH, values).rowcount)
        if work.dry_run:
            connection.rollback()
    if not changed:
        return Found("nothing due", "no reward has changed how useful a fact has been")
    why = f"rewards have changed how useful {changed:,} facts have been"
    return Found("due", why) if work.dry_run else Found("done", why, [f"{changed:,} facts counted"])


def count_words(work: Work) -> Found:
    """In how many facts each word is, which ranking reads, after a load that nobody told of."""
    with work.transaction() as connection:
        row = connection.execute(statements.WORDS).one()
        corpora = connection.execute(statements.MISCOUNTED, {"least": WORDS_FROM}).scalars().all()
    counted = row.counted or 0
    is_off = row.facts >= WORDS_FROM and abs(row.facts - counted) > 0.1 * counted
    if not is_off and not corpora:
        return Found("nothing due", "the words are counted of as many facts as there are")
    why = f"the words are counted of {counted:,.0f} facts, of {row.facts:,.0f}"
    if not is_off:
        why = f"the words of {len(corpora)} corpora are counted of other numbers of facts"
    if work.dry_run:
        return Found("due", why)
    did = []
    try:
        if is_off:
            with work.transaction() as connection:
                connection.execute(statements.COUNT_WORDS)
            did.append("words counted")
        for corpus in corpora:
            work.give_way()
            with work.transaction() as connection:
                connection.execute(row_security.BIND, {"corpus_id": corpus})
                connection.execute(row_security.COUNT)
            did.append(f"words of {corpus} counted")
    except ENDS as end:
        return Found.so_far(end, why, did)
    return Found("done", why, did)


def _facts(
    work: Work, condition: str, change: TextClause, values: dict[str, Any], why: str, did: str
) -> Found:
    with work.transaction() as connection:
        due = connection.execute(statements.count_facts(condition), values).scalar_one()
    if not due:
        return Found("nothing due", f"no {why}")
    if work.dry_run:
        return Found("due", f"{due:,} {why}")
    changed, after = 0, dict(BEFORE_ALL)

    def step(connection: Connection) -> int:
        nonlocal changed, after
        given = values | after | {"batch": work.rules.batch}
        rows = connection.execute(change, given).all()
        changed += len(rows)
        if rows:
            after = {"after_corpus": rows[-1].corpus_id, "after_id": rows[-1].id}
        return len(rows)

    return _until_done(work, step, f"{due:,} {why}", lambda: f"{changed:,} {did}")


def _counted(
    work: Work,
    count: TextClause,
    change: TextClause,
    values: dict[str, Any],
    why: str,
    did: str,
) -> Found:
    with work.transaction() as connection:
        due = connection.execute(count, values).scalar_one()
    if not due:
        return Found("nothing due", f"no {why}")
    if work.dry_run:
        return Found("due", f"{due:,} {why}")
    changed = 0

    def step(connection: Connection) -> int:
        nonlocal changed
        given = values | {"batch": work.rules.batch}
        rows = int(connection.execute(change, given).scalar_one())
        changed += rows
        return rows

    return _until_done(work, step, f"{due:,} {why}", lambda: f"{changed:,} {did}")


def _until_done(
    work: Work,
    step: Callable[[Connection], int],
    why: str,
    told: Callable[[], str],
    before: list[str] | None = None,
) -> Found:
    """Batches, each in a transaction, until one finds nothing or the time is up."""
    try:
        while True:
            with work.transaction() as connection:
                if not step(connection):
                    return Found("done", why, [*(before or ()), told()])
            work.give_way()
    except ENDS as end:
        return Found.so_far(end, why, [*(before or ()), told()])


def _days(span: timedelta) -> str:
    return f"{span / timedelta(days=1):g} days"
