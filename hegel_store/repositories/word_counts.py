"""When it is counted anew in how many facts each word is, which ranks rest on.

Of all facts after one large load: autovacuum takes a minute. Of the corpus that a store is bound to
when what the store has added to it comes to a tenth, in one call or in many.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from hegel_store.database import Autocommit, translated
from hegel_store.errors import HegelStoreError

logger = logging.getLogger("hegel_store.facts")

LEAST = 50
"""Fewer facts change no ranks to speak of."""
SHARE = 0.1
"""As hegel_count_corpus_words() has it."""

ESTIMATED_FACTS = text("SELECT reltuples FROM pg_class WHERE oid = 'hegel_facts'::regclass")
COUNT_WORDS = text("SELECT hegel_count_words()")
COUNT_CORPUS_WORDS = text("SELECT hegel_count_corpus_words(:added)")
# Of any word: the table itself need not be granted to who is bound.
COUNTED_FACTS = text("SELECT facts FROM hegel_documents_in_corpus(ARRAY['a'])")

_GROWTH = "hegel_corpus_growth"
_ADDED = "hegel_facts_added"


@dataclass(slots=True)
class _Growth:
    """Facts ``added`` to a corpus since its words were counted, and at how many they are ``due``.

    Without a lock: what two threads add in the same moment may be counted later.
    """

    added: int = 0
    due: float = LEAST
    is_known: bool = False


def refresh(session: Autocommit, added: int) -> None:
    """Count what so many more facts make worth it. The facts are stored, so that nothing is raised
    but logged."""
    refresh_corpus(session, added)
    if added < LEAST:
        return
    try:
        with translated():
            if added >= SHARE * session.execute(ESTIMATED_FACTS).scalar_one():
                session.execute(COUNT_WORDS)
    except HegelStoreError as error:
        _complain(error)


def refresh_corpus(session: Autocommit, added: int) -> None:
    """Of the corpus alone that the store is bound to, if it is."""
    if session.corpus is None or not added:
        return
    growth: _Growth = session.info.setdefault(_GROWTH, _Growth())
    growth.added += added
    if growth.added < growth.due:
        return
    # Taken first: where counting fails it is not tried again with every fact.
    total, growth.added = growth.added, 0
    try:
        with translated():
            session.execute(COUNT_CORPUS_WORDS, {"added": total})
            counted = session.execute(COUNTED_FACTS).scalar_one()
    except HegelStoreError as error:
        _complain(error)
        return
    if not growth.is_known and total < SHARE * counted:
        growth.added += total  # too few for the counts that there were
    growth.due, growth.is_known = max(LEAST, SHARE * counted), True


def remember(session: Session | Connection, added: int) -> None:
    """Keep for added_in() what a unit of work has added."""
    if isinstance(session, Session):
        session.info[_ADDED] = added_in(session) + added


def added_in(session: Session) -> int:
    """Facts that were added in it."""
    added: int = session.info.get(_ADDED, 0)
    return added


def _complain(error: HegelStoreError) -> None:
    logger.warning("word counts stay as they are: %s", error)
