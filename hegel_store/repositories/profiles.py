"""Prompt profiles: append, read, lineage, search and aliases."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Executable,
    Row,
    Select,
    desc,
    func,
    literal_column,
    select,
    text,
)

from hegel_store.database import Executor, translated
from hegel_store.errors import HegelStoreError, InvalidInput, NotFound, ProfileConflict
from hegel_store.models import PromptProfile
from hegel_store.models.checks import check_id, check_integer, check_json, check_name, check_text
from hegel_store.models.identifiers import uuid7
from hegel_store.schema import profile_aliases, prompt_profiles
from hegel_store.schema.profiles import PROMPT_TSVECTORS, SOURCE_TSVECTOR


class _Unset:
    """The default of ``expected``: do not compare."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset()

# The document is read from its source text: jsonb has forgotten the order of its keys.
COLUMNS = tuple(column for column in prompt_profiles.columns if column.name != "profile")
COLUMN_LIST = ", ".join(f"profile.{column.name}" for column in COLUMNS)


def append_statement(expected_version: int | None) -> Executable:
    """Take the scope's next version and insert the profile with its parents, in one statement.

    The scope's counter row is the lock, so writers queue and no version is skipped or taken
    twice; the clock is read after the lock is had, so that newest by time is newest by version.
    It returns no row when ``expected_version`` is not the current one.
    """
    if expected_version:
        take_number = """
            UPDATE hegel_scopes SET
                last_version = last_version + 1,
                last_created_at = greatest(
                    clock_timestamp(), last_created_at + interval '1 microsecond')
            WHERE corpus_id = :corpus_id AND task_type = :task_type
              AND last_version = :expected_version
            RETURNING last_version, last_created_at
        """
    else:
        only_when_empty = "" if expected_version is None else "WHERE scope.last_version = 0"
        take_number = f"""
            INSERT INTO hegel_scopes AS scope
                (corpus_id, task_type, last_version, last_created_at)
            VALUES (:corpus_id, :task_type, 1, clock_timestamp())
            ON CONFLICT (corpus_id, task_type) DO UPDATE SET
                last_version = scope.last_version + 1,
                last_created_at = greatest(
                    clock_timestamp(), scope.last_created_at + interval '1 microsecond')
            {only_when_empty}
            RETURNING last_version, last_created_at
        """
    return text(
        f"""
        WITH number AS ({take_number}),
        profile AS (
            INSERT INTO hegel_prompt_profiles (
                corpus_id, id, task_type, version, base_profile_id, source, metadata,
                created_at, updated_at)
            SELECT
                :corpus_id, :id, :task_type, last_version, CAST(:base_profile_id AS uuid),
                :source, CAST(:metadata AS jsonb), last_created_at, last_created_at
            FROM number
            RETURNING *
        ),
        parents AS (
            INSERT INTO hegel_profile_parents (corpus_id, profile_id, parent_id, position)
            SELECT profile.corpus_id, profile.id, parent.id, parent.position - 1
            FROM profile,
                unnest(CAST(:parents AS uuid[])) WITH ORDINALITY AS parent (id, position)
        )
        SELECT {COLUMN_LIST} FROM profile
        """
    )


def history_statement(corpus_id: str, task_type: str, limit: int | None) -> Select[Any]:
    """The scope's profiles, newest first: a walk of idx_..._corpus_task_created."""
    return (
        select(*COLUMNS)
        .where(prompt_profiles.c.corpus_id == corpus_id, prompt_profiles.c.task_type == task_type)
        .order_by(desc(prompt_profiles.c.created_at), desc(prompt_profiles.c.version))
        .limit(limit)
    )


def get_statement(corpus_id: str, profile_id: UUID) -> Select[Any]:
    """One profile by its primary key."""
    return select(*COLUMNS).where(
        prompt_profiles.c.corpus_id == corpus_id, prompt_profiles.c.id == profile_id
    )


LINEAGE = text(
    f"""
    WITH RECURSIVE ancestry (id, depth) AS (
        SELECT CAST(:profile_id AS uuid), 0
        UNION
        SELECT parents.parent_id, ancestry.depth + 1
        FROM ancestry
        JOIN hegel_profile_parents AS parents
          ON parents.corpus_id = :corpus_id AND parents.profile_id = ancestry.id
    )
    SELECT {COLUMN_LIST}
    FROM (SELECT id, min(depth) AS depth FROM ancestry GROUP BY id) AS nearest
    JOIN hegel_prompt_profiles AS profile
      ON profile.corpus_id = :corpus_id AND profile.id = nearest.id
    ORDER BY nearest.depth, profile.created_at DESC, profile.id
    """
)


def search_statement(
    words: str, corpus_id: str | None, role: str | None, limit: int
) -> Select[Any]:
    """Profiles whose prompts match ``words`` (web search syntax), best first, ties by id.

    The worker's and the reviewer's prompts and the whole document have indexes of their own; the
    prompt of another role is found through the document's index and then looked at.
    """
    query = func.websearch_to_tsquery(literal_column("'english'::regconfig"), words)
    vector: ColumnElement[Any]
    if role is None:
        vector = literal_column(SOURCE_TSVECTOR)
    elif role in PROMPT_TSVECTORS:
        vector = literal_column(PROMPT_TSVECTORS[role])
    else:
        prompt = prompt_profiles.c.profile[(role, "system_prompt")].astext
        vector = func.to_tsvector(literal_column("'english'::regconfig"), func.left(prompt, 100000))
    statement = select(*COLUMNS).where(vector.op("@@")(query))
    if corpus_id is not None:
        statement = statement.where(prompt_profiles.c.corpus_id == corpus_id)
    return statement.order_by(
        desc(func.ts_rank(vector, query)), prompt_profiles.c.corpus_id, prompt_profiles.c.id
    ).limit(limit)


def by_alias_statement(corpus_id: str, task_type: str, alias: str) -> Select[Any]:
    """The profile an alias points at."""
    return select(*COLUMNS).join(
        profile_aliases,
        (profile_aliases.c.corpus_id == prompt_profiles.c.corpus_id)
        & (profile_aliases.c.profile_id == prompt_profiles.c.id)
        & (profile_aliases.c.corpus_id == corpus_id)
        & (profile_aliases.c.task_type == task_type)
        & (profile_aliases.c.alias == alias),
    )


# One statement: the target must belong to the scope, the alias must be where the caller thinks,
# and the move is written down with who made it. Two racing movers meet at the alias's row.
SET_ALIAS = text(
    """
    WITH target AS (
        SELECT id FROM hegel_prompt_profiles
        WHERE corpus_id = :corpus_id AND task_type = :task_type AND id = :profile_id
    ),
    before AS (
        SELECT profile_id FROM hegel_profile_aliases
        WHERE corpus_id = :corpus_id AND task_type = :task_type AND alias = :alias
        FOR UPDATE
    ),
    moved AS (
        INSERT INTO hegel_profile_aliases AS current (corpus_id, task_type, alias, profile_id)
        SELECT :corpus_id, :task_type, :alias, target.id
        FROM target LEFT JOIN before ON true
        WHERE NOT :compare OR before.profile_id IS NOT DISTINCT FROM CAST(:expected AS uuid)
        ON CONFLICT (corpus_id, task_type, alias) DO UPDATE
            SET profile_id = excluded.profile_id, updated_at = clock_timestamp()
            WHERE NOT :compare OR current.profile_id = CAST(:expected AS uuid)
        RETURNING profile_id
    ),
    history AS (
        INSERT INTO hegel_profile_alias_moves
            (corpus_id, id, task_type, alias, from_profile_id, to_profile_id, reason)
        SELECT :corpus_id, :move_id, :task_type, :alias, (SELECT profile_id FROM before),
               moved.profile_id, CAST(:reason AS text)
        FROM moved
    )
    SELECT
        EXISTS (SELECT FROM target) AS known,
        EXISTS (SELECT FROM moved) AS moved,
        (SELECT profile_id FROM before) AS current
    """
)

ANNOTATE = text(
    f"""
    UPDATE hegel_prompt_profiles AS profile SET
        performance_stats = performance_stats || CAST(:performance_stats AS jsonb),
        metadata = metadata || CAST(:metadata AS jsonb),
        updated_at = clock_timestamp()
    WHERE corpus_id = :corpus_id AND id = :profile_id
    RETURNING {COLUMN_LIST}
    """
)


class ProfileRepository:
    """The versioned, immutable prompt profiles of every scope (corpus, task type).

    ``session`` is any SQLAlchemy Session or Connection; nothing is committed here.
    """

    def __init__(self, session: Executor) -> None:
        self._session = session

    def append(
        self,
        corpus_id: str,
        task_type: str,
        profile: Mapping[str, Any],
        *,
        base: UUID | PromptProfile | None = None,
        parents: Iterable[UUID | PromptProfile] = (),
        expected_version: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> PromptProfile:
        """Store ``profile`` as the scope's next version and return it.

        ``base`` is the first parent, ``parents`` any further ones (of this corpus; without a base
        the first of them is the base). ``expected_version`` makes the append conditional on the
        scope's current version, 0 meaning that it has none yet. Writers to one scope queue.

        Raises InvalidInput, NotFound for an unknown parent, and ProfileConflict, carrying the
        current version, for a stale ``expected_version``. Nothing is stored then.
        """
        ancestors = _ancestors(base, parents)
        if expected_version is not None:
            check_integer("expected_version", expected_version)
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "task_type": check_name("task_type", task_type),
            "id": uuid7(),
            "base_profile_id": ancestors[0] if ancestors else None,
            "source": check_json("profile", profile),
            "metadata": check_json("metadata", metadata or {}),
            "parents": ancestors,
        }
        if expected_version:
            values["expected_version"] = expected_version
        named = ", ".join(map(str, ancestors))
        missing: dict[str, HegelStoreError] = {
            constraint: NotFound("profile", f"{named} in corpus {corpus_id!r}", "base")
            for constraint in (
                "fk_hegel_prompt_profiles_corpus_id_base_profile_id",
                "fk_hegel_profile_parents_corpus_id_parent_id",
            )
        }
        with translated(missing):
            row = self._session.execute(append_statement(expected_version), values).one_or_none()
        if row is None:
            current = self.latest(corpus_id, task_type)
            raise ProfileConflict(
                f"scope ({corpus_id!r}, {task_type!r})",
                expected_version,
                0 if current is None else current.version,
            )
        return _profile(row)

    def latest(self, corpus_id: str, task_type: str) -> PromptProfile | None:
        """The scope's newest profile, None when it has none. One index probe."""
        newest = self.history(corpus_id, task_type, limit=1)
        return newest[0] if newest else None

    def get(self, corpus_id: str, profile_id: UUID) -> PromptProfile:
        """One profile. Raises NotFound."""
        key = check_id("profile_id", profile_id)
        with translated():
            row = self._session.execute(
                get_statement(check_name("corpus_id", corpus_id), key)
            ).one_or_none()
        return _found(row, corpus_id, key)

    def history(
        self, corpus_id: str, task_type: str, *, limit: int | None = None
    ) -> Sequence[PromptProfile]:
        """The scope's profiles, newest first; all of them when ``limit`` is None."""
        check_name("corpus_id", corpus_id)
        check_name("task_type", task_type)
        if limit is not None:
            check_integer("limit", limit)
        with translated():
            rows = self._session.execute(history_statement(corpus_id, task_type, limit)).all()
        return [_profile(row) for row in rows]

    def lineage(self, corpus_id: str, profile_id: UUID) -> Sequence[PromptProfile]:
        """The profile itself, then its ancestors over all parents by distance, newer first.

        Each profile appears once, at its shortest distance. One statement. Raises NotFound.
        """
        check_name("corpus_id", corpus_id)
        key = check_id("profile_id", profile_id)
        with translated():
            rows = self._session.execute(LINEAGE, {"corpus_id": corpus_id, "profile_id": key}).all()
        if not rows:
            _found(None, corpus_id, key)
        return [_profile(row) for row in rows]

    def search(
        self,
        text: str,
        *,
        corpus_id: str | None = None,
        role: str | None = None,
        limit: int = 20,
    ) -> Sequence[PromptProfile]:
        """Profiles that mention ``text``, best first.

        ``text`` is in web search syntax (words, "phrases", or, -not), stemmed as English.
        ``role`` restricts it to that role's ``system_prompt``; None looks at the whole document.
        """
        check_text("text", text)
        if corpus_id is not None:
            check_name("corpus_id", corpus_id)
        if role is not None:
            check_name("role", role)
        check_integer("limit", limit)
        with translated():
            rows = self._session.execute(search_statement(text, corpus_id, role, limit)).all()
        return [_profile(row) for row in rows]

    def set_alias(
        self,
        corpus_id: str,
        task_type: str,
        alias: str,
        profile_id: UUID,
        *,
        expected: UUID | _Unset | None = UNSET,
        reason: str | None = None,
    ) -> None:
        """Point ``alias`` at a profile of this scope, and write the move down.

        ``expected`` makes it conditional: the profile the alias points at now, None meaning that
        it points nowhere yet. Raises InvalidInput for the reserved alias 'latest', NotFound for a
        profile that is not of this scope, ProfileConflict when ``expected`` is stale.
        """
        if check_name("alias", alias) == "latest":
            raise InvalidInput("alias", "'latest' is reserved: it is always the newest version")
        if reason is not None:
            check_text("reason", reason)
        compare = not isinstance(expected, _Unset)
        before = check_id("expected", expected) if compare and expected is not None else None
        key = check_id("profile_id", profile_id)
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "task_type": check_name("task_type", task_type),
            "alias": alias,
            "profile_id": key,
            "compare": compare,
            "expected": before,
            "reason": reason,
            "move_id": uuid7(),
        }
        with translated():
            outcome = self._session.execute(SET_ALIAS, values).one()
        if not outcome.known:
            raise NotFound(
                "profile", f"{key} in scope ({corpus_id!r}, {task_type!r})", "profile_id"
            )
        if not outcome.moved:
            now = self.by_alias(corpus_id, task_type, alias)
            raise ProfileConflict(f"alias {alias!r}", before, now.id if now is not None else None)

    def by_alias(self, corpus_id: str, task_type: str, alias: str) -> PromptProfile | None:
        """The profile ``alias`` points at, None when it points nowhere; 'latest' is computed."""
        if check_name("alias", alias) == "latest":
            return self.latest(corpus_id, task_type)
        check_name("corpus_id", corpus_id)
        check_name("task_type", task_type)
        with translated():
            row = self._session.execute(
                by_alias_statement(corpus_id, task_type, alias)
            ).one_or_none()
        return None if row is None else _profile(row)

    def annotate(
        self,
        corpus_id: str,
        profile_id: UUID,
        *,
        performance_stats: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> PromptProfile:
        """Merge keys into a profile's statistics and metadata, the two things that may change.

        Raises InvalidInput and NotFound.
        """
        key = check_id("profile_id", profile_id)
        values = {
            "corpus_id": check_name("corpus_id", corpus_id),
            "profile_id": key,
            "performance_stats": check_json("performance_stats", performance_stats or {}),
            "metadata": check_json("metadata", metadata or {}),
        }
        with translated():
            row = self._session.execute(ANNOTATE, values).one_or_none()
        return _found(row, corpus_id, key)


def _ancestors(
    base: UUID | PromptProfile | None, parents: Iterable[UUID | PromptProfile]
) -> list[UUID]:
    given = [("base", base)] if base is not None else []
    given += [("parents", parent) for parent in parents]
    ids = [
        parent.id if isinstance(parent, PromptProfile) else check_id(field, parent)
        for field, parent in given
    ]
    return list(dict.fromkeys(ids))


def _found(row: Row[Any] | None, corpus_id: str, profile_id: UUID) -> PromptProfile:
    if row is None:
        raise NotFound("profile", f"{profile_id} in corpus {corpus_id!r}", "profile_id")
    return _profile(row)


def _profile(row: Row[Any]) -> PromptProfile:
    values = dict(row._mapping)
    values["profile"] = json.loads(values.pop("source"))
    values["content_hash"] = bytes(values["content_hash"]).hex()
    return PromptProfile(**values)
