"""The log of training steps, read back."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Executable

from hegel_store.database import Executor, translated
from hegel_store.errors import InvalidInput, NotFound
from hegel_store.models import StepHit, TrainingStep
from hegel_store.models.checks import (
    MAX_SEARCH_BYTES,
    check_id,
    check_integer,
    check_moment,
    check_name,
    check_text,
)
from hegel_store.models.identifiers import uuid7_time
from hegel_store.repositories import step_reading_statements as statements
from hegel_store.repositories.step_reading_statements import COLUMNS
from hegel_store.search.snippets import snippet

MILLISECOND = timedelta(microseconds=999)
"""From the first to the last moment that a UUIDv7 may stand for."""


class StepReading:
    """The reading half of StepRepository."""

    _session: Executor

    def get(
        self, corpus_id: str, step_id: UUID, created_at: datetime | None = None
    ) -> TrainingStep:
        """One step. Raises NotFound.

        ``created_at`` says which month it is in. Without it, the time inside a UUIDv7 does, as in
        every id made here; a step of another id or another time is looked for in all months of the
        corpus, and of several the newest is returned.
        """
        check_name("corpus_id", corpus_id)
        step_id = check_id("step_id", step_id)
        if created_at is not None:
            moment = check_moment("created_at", created_at)
            found = self._read(statements.get(corpus_id, step_id, moment, moment))
        else:
            found = self._near_its_id(corpus_id, step_id) or self._read(
                statements.get(corpus_id, step_id)
            )
        if not found:
            raise NotFound("step", f"{step_id} in corpus {corpus_id!r}", "step_id")
        return found[0]

    def recent(self, corpus_id: str, task_type: str, *, limit: int = 50) -> Sequence[TrainingStep]:
        """The scope's newest steps, newest first."""
        check_name("corpus_id", corpus_id)
        check_name("task_type", task_type)
        check_integer("limit", limit)
        return self._read(statements.recent(corpus_id, task_type, limit))

    def by_profile(
        self, corpus_id: str, profile_id: UUID, *, limit: int = 50
    ) -> Sequence[TrainingStep]:
        """The newest steps that a profile answered, newest first."""
        check_name("corpus_id", corpus_id)
        profile_id = check_id("profile_id", profile_id)
        check_integer("limit", limit)
        return self._read(statements.by_profile(corpus_id, profile_id, limit))

    def by_run(self, corpus_id: str, run_id: str, *, limit: int = 1000) -> Sequence[TrainingStep]:
        """The first steps of a run, in order of time, equal times by id."""
        check_name("corpus_id", corpus_id)
        check_name("run_id", run_id)
        check_integer("limit", limit)
        return self._read(statements.by_run(corpus_id, run_id, limit))

    def failures(
        self,
        corpus_id: str,
        task_type: str,
        *,
        profile_id: UUID | None = None,
        since: datetime | None = None,
        limit: int = 20,
    ) -> Sequence[TrainingStep]:
        """The scope's steps of the lowest rewards, lowest first, equal ones newest first.

        Of one profile, if ``profile_id`` is given; ``since`` is inclusive. A step without a reward
        is none.
        """
        check_name("corpus_id", corpus_id)
        check_name("task_type", task_type)
        if profile_id is not None:
            profile_id = check_id("profile_id", profile_id)
        if since is not None:
            since = check_moment("since", since)
        check_integer("limit", limit)
        return self._read(statements.failures(corpus_id, task_type, profile_id, since, limit))

    def search(
        self,
        text: str,
        *,
        corpus_id: str | None = None,
        task_type: str | None = None,
        limit: int = 20,
    ) -> Sequence[TrainingStep]:
        """Steps whose query or answers mention ``text`` (web search syntax), newest first.

        Of long texts the beginning is searchable: 100,000 characters of a query, 50,000 of each
        answer.
        """
        _check_search(text, corpus_id, task_type, limit)
        return self._read(statements.search(text, corpus_id, task_type, limit))

    def search_highlighted(
        self,
        text: str,
        *,
        corpus_id: str | None = None,
        task_type: str | None = None,
        limit: int = 20,
        start: str = "<mark>",
        stop: str = "</mark>",
        escape: Callable[[str], str] = html.escape,
    ) -> Sequence[StepHit]:
        """The steps of search(), with snippets of their texts in which the words are marked.

        A snippet is a text of up to 300 characters, or one or two passages of about 20 words of a
        longer one, with " ... " between them, out of what is searchable of it. ``start`` and
        ``stop`` are put around each word of the search, as they are given; not around words that
        must not be there (-word). What the server takes for a tag is a blank in a passage.

        What stands between and around the markers goes through ``escape``: by default the
        characters & < > " and ' become entities, so that with the default markers a snippet is safe
        as the content of an HTML element or in a quoted attribute. For a terminal give
        ``escape=str``; control characters other than tab and line feed are blanks in any case. The
        texts in ``step`` are as they were logged, escaped in no way.

        Snippets are made of the steps that are returned, in the time that it took to index them:
        some 20 ms for 100,000 characters, many times that where every other word is marked.
        """
        _check_search(text, corpus_id, task_type, limit)
        check_text("start", start)
        check_text("stop", stop)
        if not callable(escape):
            raise InvalidInput("escape", f"must be callable, not {type(escape).__name__}")
        with translated():
            rows = self._session.execute(
                statements.search_highlighted(text, corpus_id, task_type, limit)
            ).all()
        return [
            StepHit(
                step=TrainingStep(**{column.name: row._mapping[column.name] for column in COLUMNS}),
                query=snippet(row.query_snippet, start, stop, escape),
                predicted_answer=snippet(row.predicted_answer_snippet, start, stop, escape),
                gold_answer=snippet(row.gold_answer_snippet, start, stop, escape),
            )
            for row in rows
        ]

    def _near_its_id(self, corpus_id: str, step_id: UUID) -> Sequence[TrainingStep]:
        """The step of this id that has the time of it, if the id has any."""
        try:
            moment = uuid7_time(step_id)
        except ValueError:
            return []
        return self._read(statements.get(corpus_id, step_id, moment, moment + MILLISECOND))

    def _read(self, statement: Executable, values: Any = None) -> Sequence[TrainingStep]:
        with translated():
            rows = self._session.execute(statement, values).all()
        return [TrainingStep(**row._mapping) for row in rows]


def _check_search(text: str, corpus_id: str | None, task_type: str | None, limit: int) -> None:
    check_text("text", text, max_bytes=MAX_SEARCH_BYTES)
    if corpus_id is not None:
        check_name("corpus_id", corpus_id)
    if task_type is not None:
        check_name("task_type", task_type)
    check_integer("limit", limit)
