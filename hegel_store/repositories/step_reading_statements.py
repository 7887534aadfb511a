"""The statements that read steps, built without a session."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, cast, desc, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import TSQUERY

from hegel_store.schema import training_steps
from hegel_store.schema.steps import ANSWERS_TSVECTOR, QUERY_TSVECTOR
from hegel_store.search.snippets import GAP, PASSAGES, SHORT, START, STOP, WHOLE

COLUMNS = tuple(training_steps.columns)
STEPS = training_steps.c
NEWEST_FIRST = (desc(STEPS.created_at), desc(STEPS.id))

ENGLISH: ColumnElement[Any] = literal_column("'english'::regconfig")


def recent(corpus_id: str, task_type: str, limit: int) -> Select[Any]:
    """The scope's steps, newest first; stops in the newest months."""
    return (
        select(*COLUMNS)
        .where(STEPS.corpus_id == corpus_id, STEPS.task_type == task_type)
        .order_by(*NEWEST_FIRST)
        .limit(limit)
    )


def by_profile(corpus_id: str, profile_id: UUID, limit: int) -> Select[Any]:
    """The steps that a profile answered, newest first."""
    return (
        select(*COLUMNS)
        .where(
            STEPS.corpus_id == corpus_id,
            STEPS.old_profile_id == profile_id,
        )
        .order_by(*NEWEST_FIRST)
        .limit(limit)
    )


def by_run(corpus_id: str, run_id: str, limit: int) -> Select[Any]:
    """The steps of a run in order of time: a walk of idx_hegel_training_steps_run."""
    return (
        select(*COLUMNS)
        .where(STEPS.corpus_id == corpus_id, STEPS.run_id == run_id)
        .order_by(STEPS.created_at, STEPS.id)
        .limit(limit)
    )


def get(
    corpus_id: str,
    step_id: UUID,
    earliest: datetime | None = None,
    latest: datetime | None = None,
) -> Select[Any]:
    """The newest step of an id; the times, both included, leave out the months around them."""
    statement = select(*COLUMNS).where(STEPS.corpus_id == corpus_id, STEPS.id == step_id)
    if earliest is not None:
        statement = statement.where(STEPS.created_at >= earliest)
    if latest is not None:
        statement = statement.where(STEPS.created_at <= latest)
    return statement.order_by(desc(STEPS.created_at)).limit(1)


def failures(
    corpus_id: str,
    task_type: str,
    profile_id: UUID | None,
    since: datetime | None,
    limit: int,
) -> Select[Any]:
    """The scope's steps with a reward, lowest first, ties newest first."""
    statement = select(*COLUMNS).where(
        STEPS.corpus_id == corpus_id,
        STEPS.task_type == task_type,
        STEPS.reward.is_not(None),
    )
    if profile_id is not None:
        statement = statement.where(STEPS.old_profile_id == profile_id)
    if since is not None:
        statement = statement.where(STEPS.created_at >= since)
    return statement.order_by(STEPS.reward, *NEWEST_FIRST).limit(limit)


def search(words: str, corpus_id: str | None, task_type: str | None, limit: int) -> Select[Any]:
    """Steps whose query or answers match ``words`` (web search syntax), newest first."""
    wanted = func.websearch_to_tsquery(ENGLISH, words)
    statement = select(*COLUMNS).where(
        or_(
            literal_column(QUERY_TSVECTOR).op("@@")(wanted),
            literal_column(ANSWERS_TSVECTOR).op("@@")(wanted),
        )
    )
    if corpus_id is not None:
        statement = statement.where(STEPS.corpus_id == corpus_id)
    if task_type is not None:
        statement = statement.where(STEPS.task_type == task_type)
    return statement.order_by(*NEWEST_FIRST).limit(limit)


def search_highlighted(
    words: str, corpus_id: str | None, task_type: str | None, limit: int
) -> Select[Any]:
    """search(), and of each step that it returns the snippets of its three texts.

    The snippets are made outside of the limit, as making one reads the whole text again. Marked is
    what querytree() leaves of the search: all but words that must not be there.
    """
    hits = search(words, corpus_id, task_type, limit).subquery("hit")
    wanted = cast(func.querytree(func.websearch_to_tsquery(ENGLISH, words)), TSQUERY)

    def snippet(column: ColumnElement[Any], length: int) -> ColumnElement[Any]:
        # The text as it is indexed, without the marks, should one have come with it.
        indexed = func.translate(func.left(column, length), START + STOP + GAP, "   ")
        options = case((func.length(column) <= SHORT, WHOLE), else_=PASSAGES)
        return func.ts_headline(ENGLISH, indexed, wanted, options)

    return select(
        hits,
        snippet(hits.c.query, 100_000).label("query_snippet"),
        snippet(hits.c.predicted_answer, 50_000).label("predicted_answer_snippet"),
        snippet(hits.c.gold_answer, 50_000).label("gold_answer_snippet"),
    ).order_by(desc(hits.c.created_at), desc(hits.c.id))
