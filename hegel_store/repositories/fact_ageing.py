"""Facts that were not seen for a while age, a few at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from hegel_store.database import Autocommit, Executor, translated
from hegel_store.errors import InvalidInput, TransactionOpen
from hegel_store.giving_way import Pace
from hegel_store.models.ageing import Aged, AgeingRule
from hegel_store.models.checks import check_integer, check_name, check_number

MOST_AT_ONCE = 1000
"""Rows that are locked together, and for how long replicas and writers wait for them."""

# A category has a rule of its own, or that of all others; without either its facts stay as they
# are. Facts only grow older here: what makes them fresh is to be seen again.
AGEING = """
    SELECT fact.corpus_id, fact.id, due.freshness
    FROM hegel_facts AS fact
    CROSS JOIN LATERAL (
        SELECT ageing_after, stale_after
        FROM unnest(
            CAST(:categories AS text[]),
            CAST(:ageing AS interval[]),
            CAST(:stale AS interval[])
        ) AS given (category, ageing_after, stale_after)
        WHERE given.category = fact.category OR given.category IS NULL
        ORDER BY given.category NULLS LAST
        LIMIT 1
    ) AS rule
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN fact.last_seen_at < now() - rule.stale_after THEN 'stale'
            WHEN fact.last_seen_at < now() - rule.ageing_after THEN 'ageing'
            ELSE 'fresh'
        END AS freshness
    ) AS due
    WHERE fact.deleted_at IS NULL
      AND (fact.freshness, due.freshness)
          IN (('fresh', 'ageing'), ('fresh', 'stale'), ('ageing', 'stale'))
      AND (CAST(:corpus_id AS text) IS NULL OR fact.corpus_id = :corpus_id)"""
COUNT = text(
    f"""
    SELECT
        count(*) FILTER (WHERE freshness = 'ageing') AS ageing,
        count(*) FILTER (WHERE freshness = 'stale') AS stale
    FROM ({AGEING}) AS due
    """
)
# From where the last batch ended, so that all batches together read the table once.
AGE = text(
    f"""
    WITH due AS MATERIALIZED (
        {AGEING}
          AND (fact.corpus_id, fact.id) > (:after_corpus, CAST(:after_id AS uuid))
        ORDER BY fact.corpus_id, fact.id
        LIMIT :batch
        FOR NO KEY UPDATE OF fact
    ),
    aged AS (
        UPDATE hegel_facts AS fact SET freshness = due.freshness
        FROM due
        WHERE fact.corpus_id = due.corpus_id AND fact.id = due.id
    )
    SELECT corpus_id, id, freshness FROM due ORDER BY corpus_id, id
    """
)
BEFORE_ALL = {"after_corpus": "", "after_id": "00000000-0000-0000-0000-000000000000"}


class FactAgeing:
    """The part of FactRepository that maintenance calls."""

    _session: Executor

    def age(
        self,
        rules: Sequence[AgeingRule],
        *,
        corpus_id: str | None = None,
        batch: int = 1000,
        pause: float = 0.0,
        dry_run: bool = False,
    ) -> Aged:
        """Turn facts ageing and stale that were not seen for as long as the rules say.

        For maintenance, on the store: ``batch`` facts (1..1000) at a time, each batch committed,
        with ``pause`` seconds in between. Facts only grow older by this; adding one again makes it
        fresh. ``dry_run`` changes nothing, and counts.

        Raises InvalidInput, and TransactionOpen on anything but the store.
        """
        session = self._session
        if not isinstance(session, Autocommit):
            raise TransactionOpen("facts age in transactions of their own: call store.facts.age()")
        values = _values(rules, corpus_id)
        check_integer("batch", batch, minimum=1, maximum=MOST_AT_ONCE)
        if check_number("pause", pause) < 0:
            raise InvalidInput("pause", "must not be negative")
        with translated():
            if dry_run:
                row = session.execute(COUNT, values).one()
                return Aged(ageing=row.ageing, stale=row.stale)
            counts = {"ageing": 0, "stale": 0}
            values |= BEFORE_ALL | {"batch": batch}
            pace = Pace(session, pause)
            pace.begin()
            while rows := session.execute(AGE, values).all():
                for row in rows:
                    counts[row.freshness] += 1
                if len(rows) < batch:
                    break
                values |= {"after_corpus": rows[-1].corpus_id, "after_id": rows[-1].id}
                pace.rest()
        return Aged(**counts)


def _values(rules: Sequence[AgeingRule], corpus_id: str | None) -> dict[str, Any]:
    if not rules or not all(isinstance(rule, AgeingRule) for rule in rules):
        raise InvalidInput("rules", "must be AgeingRules, at least one")
    categories = [rule.category for rule in rules]
    if len(set(categories)) < len(categories):
        raise InvalidInput("rules", "must be one for each category")
    return {
        "categories": categories,
        "ageing": [rule.ageing_after for rule in rules],
        "stale": [rule.stale_after for rule in rules],
        "corpus_id": None if corpus_id is None else check_name("corpus_id", corpus_id),
    }
