"""The statements that look inside prompts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, desc, func, literal_column, select

from hegel_store.repositories.profile_statements import COLUMNS
from hegel_store.schema import prompt_profiles
from hegel_store.schema.profiles import PROMPT_TSVECTORS, SOURCE_TSVECTOR


def search(words: str, corpus_id: str | None, role: str | None, limit: int) -> Select[Any]:
    """Profiles whose prompts match ``words`` (web search syntax), best first, ties by id.

    The worker's and the reviewer's prompts and the whole document have indexes of their own; for
    another role the prompts are read (all of them, or those of the corpus).
    """
    query = func.websearch_to_tsquery(literal_column("'english'::regconfig"), words)
    vector: ColumnElement[Any]
    if role is None:
        vector = literal_column(SOURCE_TSVECTOR)
    elif role in PROMPT_TSVECTORS:
        vector = literal_column(PROMPT_TSVECTORS[role])
    else:
        prompt = func.jsonb_extract_path_text(prompt_profiles.c.profile, role, "system_prompt")
        vector = func.to_tsvector(literal_column("'english'::regconfig"), func.left(prompt, 100000))
    statement = select(*COLUMNS).where(vector.op("@@")(query))
    if corpus_id is not None:
        statement = statement.where(prompt_profiles.c.corpus_id == corpus_id)
    return statement.order_by(
        desc(func.ts_rank(vector, query)), prompt_profiles.c.corpus_id, prompt_profiles.c.id
    ).limit(limit)
