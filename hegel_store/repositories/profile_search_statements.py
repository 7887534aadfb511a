"""The statements that look inside prompts.

All of them find first, in ``matched``, and go by time or rank afterwards: a walk of the profiles by
time, which a LIMIT would tempt the planner to, would parse every prompt on its way.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from sqlalchemy import TextClause, text

from hegel_store.repositories.profile_statements import COLUMN_LIST
from hegel_store.schema.profiles import PROMPT_TSVECTORS, PROMPTS_JSON, SOURCE_TSVECTOR

SearchMode = Literal["words", "substring"]
Filter = Literal["corpus_id", "task_type", "containing", "latest_only"]

RANKED = 200
"""How many matches are ranked, the newest, or as many as are asked for if these are more. Ranking
one parses its prompts again, which takes a good part of a millisecond for 5 KB."""

WORDS = "websearch_to_tsquery('english'::regconfig, :text)"
OTHER_TSVECTOR = (
    "to_tsvector('english'::regconfig, "
    "left(jsonb_extract_path_text(profile, :role, 'system_prompt'), 100000))"
)
FILTERS: dict[Filter, str] = {
    "corpus_id": "corpus_id = :corpus_id",
    "task_type": "task_type = :task_type",
    "containing": "profile @> CAST(:containing AS jsonb)",
    "latest_only": "(corpus_id, task_type, version) IN "
    "(SELECT corpus_id, task_type, last_version FROM hegel_scopes)",
}
# What querytree() leaves of the search: all but words that must not be there.
HEADLINES = """
    SELECT jsonb_object_agg(
        role,
        ts_headline(
            'english'::regconfig, translate(left(prompt, 100000), :marks, '   '),
            CAST(querytree(websearch_to_tsquery('english'::regconfig, :text)) AS tsquery),
            CASE WHEN length(prompt) <= :short THEN :whole ELSE :passages END
        )
    )
    FROM (
        SELECT key AS role, value ->> 'system_prompt' AS prompt FROM jsonb_each(hit.profile)
    ) AS roles
    WHERE prompt IS NOT NULL"""


def by_words(
    role: str | None, filters: Collection[Filter], *, highlights: bool = False
) -> TextClause:
    """Profiles whose prompts match :text (web search syntax), best first, ties by id.

    The worker's and the reviewer's prompts and the whole document have indexes of their own; for
    another role the prompts are read, as far as the filters let them be. Parameters: text, limit,
    ranked, those of the filters, and role, if there is one without an index or with highlights.
    With highlights also marks, short, whole and passages, and a column of the marked prompts.
    """
    vector = SOURCE_TSVECTOR if role is None else PROMPT_TSVECTORS.get(role, OTHER_TSVECTOR)
    of_role = "" if role is None else " AND role = :role"
    headlines = f"({HEADLINES}{of_role})" if highlights else "NULL"
    return text(
        f"""
    WITH {_matched([f"{vector} @@ {WORDS}"], filters)},
    newest AS MATERIALIZED (
        SELECT corpus_id, id FROM matched ORDER BY created_at DESC, corpus_id, id LIMIT :ranked
    ),
    hit AS MATERIALIZED (
        SELECT profile.*, ts_rank({vector}, {WORDS}) AS score
        FROM newest JOIN hegel_prompt_profiles AS profile USING (corpus_id, id)
        ORDER BY score DESC, corpus_id, id LIMIT :limit
    )
    SELECT {HIT_COLUMNS}, score, {headlines} AS marked
    FROM hit ORDER BY score DESC, corpus_id, id
    """
    )


def by_substring(
    role: str | None, filters: Collection[Filter], *, match_case: bool = False
) -> TextClause:
    """Profiles with :pattern in a role's prompt, newest first.

    The condition on the prompts of all roles, as JSON, can use the index for substrings where there
    is one. It lets a profile through in which :json_pattern, which is the pattern with the escapes
    of JSON, stands across two prompts, or "n" in the escape of a line break; so the prompts
    themselves are looked at as well. Parameters: pattern, json_pattern, limit, role if there is
    one, and those of the filters.
    """
    like = "LIKE" if match_case else "ILIKE"
    if role is None:
        exact = f"""EXISTS (
            SELECT FROM jsonb_each(profile) AS role
            WHERE jsonb_typeof(role.value -> 'system_prompt') = 'string'
              AND role.value ->> 'system_prompt' {like} :pattern
        )"""
    else:
        exact = f"""
            jsonb_typeof(jsonb_extract_path(profile, :role, 'system_prompt')) = 'string'
            AND jsonb_extract_path_text(profile, :role, 'system_prompt') {like} :pattern"""
    return _by_time([f"{PROMPTS_JSON} {like} :json_pattern", exact], filters)


def by_filters(filters: Collection[Filter]) -> TextClause:
    """Profiles that pass the filters, newest first. Parameters: limit and theirs."""
    return _by_time([], filters)


def _by_time(conditions: Sequence[str], filters: Collection[Filter]) -> TextClause:
    return text(
        f"""
    WITH {_matched(conditions, filters)},
    newest AS MATERIALIZED (
        SELECT corpus_id, id FROM matched ORDER BY created_at DESC, corpus_id, id LIMIT :limit
    )
    SELECT {COLUMN_LIST}
    FROM newest JOIN hegel_prompt_profiles AS profile USING (corpus_id, id)
    ORDER BY profile.created_at DESC, profile.corpus_id, profile.id
    """
    )


def _matched(conditions: Sequence[str], filters: Collection[Filter]) -> str:
    every = [*conditions, *(FILTERS[name] for name in FILTERS if name in filters)]
    return f"""matched AS MATERIALIZED (
        SELECT corpus_id, id, created_at FROM hegel_prompt_profiles WHERE {" AND ".join(every)}
    )"""


HIT_COLUMNS = COLUMN_LIST.replace("profile.", "hit.")
