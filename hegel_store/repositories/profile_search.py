"""Search inside prompts."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from sqlalchemy import Row

from hegel_store.database import translated
from hegel_store.errors import InvalidInput
from hegel_store.models import ProfileHit, PromptProfile
from hegel_store.models.checks import (
    MAX_SEARCH_BYTES,
    check_choice,
    check_integer,
    check_json,
    check_name,
    check_text,
)
from hegel_store.repositories import profile_search_statements as statements
from hegel_store.repositories.profile_reading import ProfileReading
from hegel_store.repositories.profile_rows import profile_of
from hegel_store.repositories.profile_search_statements import RANKED, SearchMode
from hegel_store.search.snippets import (
    GAP,
    PASSAGES,
    SHORT,
    START,
    STOP,
    WHOLE,
    mark_substring,
    snippet,
)

MARKING = {"marks": START + STOP + GAP, "short": SHORT, "whole": WHOLE, "passages": PASSAGES}


class ProfileSearch(ProfileReading):
    """The part of ProfileRepository that looks inside prompts.

    A role is a key of the document, and its prompt is what it has as ``system_prompt``.
    """

    def search(
        self,
        text: str,
        *,
        corpus_id: str | None = None,
        task_type: str | None = None,
        role: str | None = None,
        limit: int = 20,
    ) -> Sequence[PromptProfile]:
        """Profiles that mention ``text``, best first, equally good ones by id.

        ``text`` is in web search syntax (words, "phrases", or, -not), stemmed as English.
        ``role`` restricts it to that role's ``system_prompt``; None looks at the whole document. Of
        more matches than 200, and than ``limit``, the newest are ranked.
        """
        values = _scope(corpus_id, task_type, role, limit)
        values["text"] = check_text("text", text, max_bytes=MAX_SEARCH_BYTES)
        statement = statements.by_words(role, _given(values))
        with translated():
            rows = self._session.execute(statement, values | {"ranked": max(RANKED, limit)}).all()
        return [_hit(row)[0] for row in rows]

    def find(
        self,
        text: str | None = None,
        *,
        mode: SearchMode = "words",
        match_case: bool = False,
        containing: Mapping[str, Any] | None = None,
        corpus_id: str | None = None,
        task_type: str | None = None,
        role: str | None = None,
        latest_only: bool = False,
        limit: int = 20,
        start: str = "<mark>",
        stop: str = "</mark>",
        escape: Callable[[str], str] = html.escape,
    ) -> Sequence[ProfileHit]:
        """Profiles by what their prompts say and their documents contain, with highlights.

        - ``mode="words"`` finds and ranks as search() does.
        - ``mode="substring"`` finds ``text`` as it stands, in a prompt that is a text: every
          character means itself, a line break or a quote too. Newest first. Letters of both cases
          are equal unless ``match_case``, as the database's locale says. It reads every prompt that
          the other conditions let through, unless there is an index for it
          (hegel_store.operations.prompt_index).
        - ``containing`` is a part of the document, as of jsonb's @>: objects may have more keys,
          arrays more elements. Without a text, newest first.
        - ``latest_only`` leaves out all but the newest profile of each scope.

        Highlights are marked and escaped as in steps.search_highlighted(). Those of a substring are
        marked where Python finds letters equal, which is where the server does, but for few letters
        of few languages.

        Raises InvalidInput.
        """
        values = _scope(corpus_id, task_type, role, limit)
        check_choice("mode", mode, get_args(SearchMode))
        check_text("start", start)
        check_text("stop", stop)
        if not callable(escape):
            raise InvalidInput("escape", f"must be callable, not {type(escape).__name__}")
        if containing is not None:
            values["containing"] = check_json("containing", containing)
        filters = _given(values)
        if latest_only:
            filters.add("latest_only")
        if text is None:
            if containing is None:
                raise InvalidInput("text", "must be given, unless `containing` is")
            if role is not None:
                raise InvalidInput("role", "is where a text is looked for, and there is none")
            statement = statements.by_filters(filters)
        else:
            check_text("text", text, max_bytes=MAX_SEARCH_BYTES)
            if mode == "substring":
                if not text:
                    raise InvalidInput("text", "must not be empty")
                values |= {"pattern": _pattern(text), "json_pattern": _pattern(_in_json(text))}
                statement = statements.by_substring(role, filters, match_case=match_case)
            else:
                values |= MARKING | {"text": text, "ranked": max(RANKED, limit)}
                statement = statements.by_words(role, filters, highlights=True)
        if match_case and (text is None or mode == "words"):
            raise InvalidInput("match_case", "is for substrings")
        with translated():
            rows = self._session.execute(statement, values).all()
        hits = []
        for row in rows:
            profile, score, marked = _hit(row)
            prompts = _prompts(profile, role)
            if mode == "substring" and text is not None:
                marked = {
                    name: mark_substring(prompt, text, match_case=match_case)
                    for name, prompt in prompts.items()
                    if isinstance(prompt, str)
                }
            shown = {name: snippet(marked.get(name), start, stop, escape) for name in prompts}
            highlights = {name: piece for name, piece in shown.items() if piece is not None}
            hits.append(ProfileHit(profile=profile, score=score, highlights=highlights))
        return hits


def _scope(
    corpus_id: str | None, task_type: str | None, role: str | None, limit: int
) -> dict[str, Any]:
    names = {"corpus_id": corpus_id, "task_type": task_type, "role": role}
    values: dict[str, Any] = {
        name: check_name(name, value) for name, value in names.items() if value is not None
    }
    return values | {"limit": check_integer("limit", limit)}


def _given(values: Mapping[str, Any]) -> set[statements.Filter]:
    return {name for name in statements.FILTERS if name in values}


def _hit(row: Row[Any]) -> tuple[PromptProfile, float | None, Mapping[str, str | None]]:
    """The profile of a row, its score, and what the server has marked."""
    values = dict(row._mapping)
    score, marked = values.pop("score", None), values.pop("marked", None)
    return profile_of(values), score, marked or {}


def _prompts(profile: PromptProfile, role: str | None) -> dict[str, Any]:
    """What the roles, or this one, have as prompts."""
    return {
        name: value["system_prompt"]
        for name, value in profile.profile.items()
        if isinstance(value, dict) and "system_prompt" in value and role in (None, name)
    }


def _in_json(text: str) -> str:
    """``text`` as it stands in JSON that PostgreSQL has written."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _pattern(text: str) -> str:
    """The pattern of LIKE for anything with ``text`` in it."""
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return f"%{text}%"
