"""Where profiles come from, and what has become of them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import TextClause

from hegel_store.database import translated
from hegel_store.models import LineageEdge, LineageGraph, LineageNode, PromptProfile
from hegel_store.models.checks import check_id, check_integer, check_name
from hegel_store.models.lineage import LineageDirection
from hegel_store.repositories import profile_lineage_statements as statements
from hegel_store.repositories.profile_reading import ProfileReading
from hegel_store.repositories.profile_rows import found_profile, profile_of


class ProfileLineage(ProfileReading):
    """The part of ProfileRepository that follows parents and children."""

    def lineage(self, corpus_id: str, profile_id: UUID) -> Sequence[PromptProfile]:
        """The profile itself, then its ancestors over all parents by distance, newer first.

        Each profile appears once, at its shortest distance. One statement. Raises NotFound.
        """
        check_name("corpus_id", corpus_id)
        key = check_id("profile_id", profile_id)
        with translated():
            rows = self._session.execute(
                statements.LINEAGE, {"corpus_id": corpus_id, "profile_id": key, "depth": None}
            ).all()
        if not rows:
            found_profile(None, corpus_id, key)
        return [profile_of(row) for row in rows]

    def ancestry(
        self, corpus_id: str, profile_id: UUID, *, depth: int | None = None
    ) -> LineageGraph:
        """The profile and its ancestors over all parents, with what each one was rewarded with.

        ``depth`` is how many generations back, None for all, 0 for the profile alone. Documents are
        not read. One statement. Raises InvalidInput and NotFound.
        """
        return self._graph(statements.ANCESTRY, "ancestors", corpus_id, profile_id, depth)

    def descendants(
        self, corpus_id: str, profile_id: UUID, *, depth: int | None = None
    ) -> LineageGraph:
        """The profile and all that was made from it, as in ancestry()."""
        return self._graph(statements.DESCENDANTS, "descendants", corpus_id, profile_id, depth)

    def _graph(
        self,
        statement: TextClause,
        direction: LineageDirection,
        corpus_id: str,
        profile_id: UUID,
        depth: int | None,
    ) -> LineageGraph:
        check_name("corpus_id", corpus_id)
        key = check_id("profile_id", profile_id)
        if depth is not None:
            check_integer("depth", depth)
        values = {"corpus_id": corpus_id, "profile_id": key, "depth": depth}
        with translated():
            rows = self._session.execute(statement, values).all()
        if not rows:
            found_profile(None, corpus_id, key)
        inside = {row.id for row in rows}
        return LineageGraph(
            corpus_id=corpus_id,
            profile_id=key,
            direction=direction,
            nodes=[
                LineageNode(
                    id=row.id,
                    task_type=row.task_type,
                    version=row.version,
                    created_at=row.created_at,
                    distance=row.distance,
                    content_hash=row.content_hash,
                    aliases=tuple(row.aliases),
                    steps=row.steps,
                    rewards=row.rewards,
                    average_reward=row.average_reward,
                )
                for row in rows
            ],
            edges=[
                LineageEdge(parent_id=parent, child_id=row.id, position=position)
                for row in rows
                for parent, position in zip(row.parents or (), row.positions or (), strict=True)
                if parent in inside
            ],
        )
