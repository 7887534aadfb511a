"""Which version a sentence of a prompt comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from hegel_store.database import translated
from hegel_store.errors import InvalidInput, NotFound
from hegel_store.models import BlamedSentence, PromptProfile
from hegel_store.models.checks import check_id, check_name, check_text
from hegel_store.prompts.sentences import normalised, sentences
from hegel_store.repositories import profile_blame_statements as statements
from hegel_store.repositories.profile_reading import ProfileReading
from hegel_store.repositories.profile_rows import profile_of


class ProfileBlame(ProfileReading):
    """The part of ProfileRepository that says who wrote a sentence."""

    def blame(
        self, corpus_id: str, profile_id: UUID, *, role: str | None = None
    ) -> Sequence[BlamedSentence]:
        """Each sentence of the profile's prompts, with the profile that first had it.

        That is the earliest one among the profile and its ancestors over all parents, whatever
        became of the sentence in between: an ancestor before its descendants, of two lines the
        older profile. Sentences are cut as hegel_store.prompts.sentences() does, and are the same
        when their words are, whatever the blanks. Each role is looked at by itself: a sentence that
        moved to another role is new there. ``role`` asks for one only.

        Roles are in the order of the document, with those whose ``system_prompt`` is a text. One
        statement, that reads the prompts of all ancestors. Raises NotFound, for a role without a
        prompt as well.
        """
        key = check_id("profile_id", profile_id)
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "profile_id": key,
            "role": None if role is None else check_name("role", role),
        }
        with translated():
            rows = self._session.execute(statements.ANCESTRAL_PROMPTS, values).all()
        asked = next((row for row in rows if row.id == key), None)
        if asked is None:
            raise NotFound("profile", f"{key} in corpus {corpus_id!r}", "profile_id")
        prompts: Mapping[str, str] = asked.prompts or {}
        if role is not None and role not in prompts:
            raise NotFound("role", f"{role!r} with a prompt in profile {key}", "role")
        oldest_first = list(_by_descent(rows))
        order = [name for name in json.loads(asked.source) if name in prompts]
        return [
            blamed
            for name in order
            for blamed in _blamed(name, sentences(prompts[name]), oldest_first)
        ]

    def first_with(
        self, corpus_id: str, task_type: str, sentence: str, *, role: str | None = None
    ) -> PromptProfile | None:
        """The scope's first version with ``sentence`` in a prompt, None when there is none.

        Any part of a prompt will do, and each character counts, blanks and line breaks too.
        ``role`` restricts it to that role's ``system_prompt``; None looks at those of all roles.
        Versions are read one after another up to that one. Raises InvalidInput, for a blank
        sentence as well.
        """
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "task_type": check_name("task_type", task_type),
            "sentence": check_text("sentence", sentence),
            "role": None if role is None else check_name("role", role),
        }
        if not sentence.strip():
            raise InvalidInput("sentence", "must not be empty or blank")
        with translated():
            row = self._session.execute(statements.FIRST_WITH, values).one_or_none()
        return None if row is None else profile_of(row)


def _by_descent(rows: Sequence[Row[Any]]) -> Iterator[Row[Any]]:
    """Parents before children, and otherwise the older one first (Kahn's algorithm).

    Time alone would not do: the clocks of two task types need not agree.
    """
    children: dict[UUID, list[Row[Any]]] = {row.id: [] for row in rows}
    missing = {row.id: len(row.parents) for row in rows}
    for row in rows:
        for parent in row.parents:
            children[parent].append(row)

    def entry(row: Row[Any]) -> tuple[Any, ...]:
        return row.created_at, row.version, row.id, row

    ready = [entry(row) for row in rows if not missing[row.id]]
    heapify(ready)
    while ready:
        row = heappop(ready)[-1]
        yield row
        for child in children[row.id]:
            missing[child.id] -= 1
            if not missing[child.id]:
                heappush(ready, entry(child))


def _blamed(
    role: str, pieces: Sequence[str], oldest_first: Sequence[Row[Any]]
) -> Iterator[BlamedSentence]:
    """The sentences with the first row that has each of them."""
    wanted = {normalised(piece) for piece in pieces}
    first: dict[str, Row[Any]] = {}
    # A sentence lies in one line, and most versions leave most lines alone.
    read: set[str] = set()
    for row in oldest_first:
        prompt = (row.prompts or {}).get(role)
        if not prompt:
            continue
        fresh = set(prompt.split("\n")) - read
        read |= fresh
        for line in fresh:
            for sentence in wanted.intersection(map(normalised, sentences(line) or [""])):
                first.setdefault(sentence, row)
        if len(first) == len(wanted):
            break
    for piece in pieces:
        origin = first[normalised(piece)]
        yield BlamedSentence(
            role=role,
            text=piece,
            profile_id=origin.id,
            task_type=origin.task_type,
            version=origin.version,
            created_at=origin.created_at,
        )
