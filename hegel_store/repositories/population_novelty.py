"""Novelty: whether a candidate is anything new to a population, asked before it is paid for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row
from sqlalchemy.orm import Session

from hegel_store.database import Executor, translated
from hegel_store.embeddings.long_texts import embed_whole
from hegel_store.embeddings.protocol import maker_of
from hegel_store.errors import EmbedderMissing, EmbeddingSpaceMismatch, InvalidInput
from hegel_store.models import PromptProfile
from hegel_store.models.checks import check_id, check_integer, check_number
from hegel_store.models.novelty import Neighbour, Proposal
from hegel_store.models.profiles import content_hash
from hegel_store.models.spaces import Maker
from hegel_store.models.vectors import Vector, unit_vector, vector_text
from hegel_store.repositories import population_novelty_statements as statements
from hegel_store.repositories.fact_models import UNNAMED_MODEL
from hegel_store.repositories.population_rows import scope_of
from hegel_store.repositories.spaces import Spaces
from hegel_store.repositories.transactions import atomic

MAX_LEASE = 7 * 24 * 3600.0


class PopulationNovelty:
    """The part of PopulationRepository that tells what is new.

    Candidates are compared by the cosine of the vectors of their prompts (``system_prompt`` of each
    role). The vectors of a population are by one model, the one of its first proposal.
    """

    _session: Executor
    _spaces: Spaces

    def propose(
        self,
        corpus_id: str,
        task_type: str,
        candidate: PromptProfile | Mapping[str, Any],
        *,
        threshold: float,
        population: str = "default",
        island: int | None = None,
        lease: float = 600.0,
        embedding: Any = None,
    ) -> Proposal:
        """Claim a candidate, unless a live member or another worker's claim is near it.

        Near is a cosine of ``threshold`` (above 0, at most 1) or more, or equal content. Members
        are those of ``island``, or of all; claims count on all of them. Of two near candidates that
        are proposed at the same moment one is new. A claim ends by add(..., proposal=), by
        withdraw(), or after ``lease`` seconds; then nobody knows of the candidate any more.

        The prompts are embedded by the store's embedder, before the statement, unless ``embedding``
        is given. One statement, and three in a transaction where another worker has stored
        something meanwhile. It compares with every vector of the population.

        Raises InvalidInput, EmbedderMissing, EmbeddingSpaceMismatch for a population whose vectors
        another model made, and what the embedder does.
        """
        values = scope_of(corpus_id, task_type, population)
        values["island"] = None if island is None else check_integer("island", island)
        if not 0 < check_number("threshold", threshold) <= 1:
            raise InvalidInput("threshold", f"must be above 0 and at most 1, not {threshold}")
        values["distance"] = 1 - threshold
        if not 0 < check_number("lease", lease) <= MAX_LEASE:
            raise InvalidInput("lease", f"must be above 0 and at most {MAX_LEASE:.0f} seconds")
        values["lease"] = lease
        digest, document = _content(corpus_id, candidate)
        values["content_hash"] = bytes.fromhex(digest)
        maker, vector = self._vector(document, embedding)
        values |= asdict(maker) | {"embedding": vector_text(vector)}
        with translated():
            row = self._session.execute(statements.PROPOSE, values).one()
        _require_same(row, maker, values)
        if row.claim is None and row.similarity is None:
            with atomic(self._session) as connection:
                _hold(connection, values)
                row = connection.execute(statements.PROPOSE, values).one()
            _require_same(row, maker, values)
        return _proposal(values, digest, row)

    def withdraw(self, proposal: Proposal) -> bool:
        """End a claim whose candidate becomes no member; whether it was still held.

        Whoever proposes the same again is told that it is new.
        """
        if proposal.claim is None:
            return False
        values = _scope(proposal) | {"claim": proposal.claim}
        with translated():
            held = self._session.execute(statements.WITHDRAW, values).scalar_one_or_none()
        return bool(held)

    def embed_members(
        self,
        corpus_id: str,
        task_type: str,
        *,
        population: str = "default",
        anew: bool = False,
        batch: int = 200,
    ) -> int:
        """Give live members that have no vector theirs; how many got one.

        Members that were added without a proposal have none, and propose() does not see them.
        Those without prompts get none. Each batch is embedded outside of the transaction that
        stores it. ``anew`` lets the store's model take the place of another one: its vectors are
        forgotten first, and all claims with them.

        Raises InvalidInput, EmbedderMissing, EmbeddingSpaceMismatch and what the embedder does.
        """
        values = scope_of(corpus_id, task_type, population)
        values["batch"] = check_integer("batch", batch, minimum=1, maximum=10_000)
        embedder = self._spaces.preferred
        if embedder is None:
            raise EmbedderMissing("there is no embedder to embed members with")
        maker = maker_of(embedder)
        values |= asdict(maker)
        self._take_place(values, maker, anew)
        stored, after = 0, None
        while True:
            with translated():
                rows = self._session.execute(
                    statements.WITHOUT_VECTOR, values | {"after": after}
                ).all()
            if not rows:
                return stored
            after = rows[-1].profile_id
            able = [(row, prompts_of(row.profile)) for row in rows]
            able = [(row, prompts) for row, prompts in able if prompts]
            vectors = embed_whole(embedder, [prompts for _, prompts in able])
            values |= {
                "profiles": [row.profile_id for row, _ in able],
                "hashes": [bytes(row.content_hash) for row, _ in able],
                "embeddings": [vector_text(vector) for vector in vectors],
            }
            with atomic(self._session) as connection:
                _require_same(_hold(connection, values), maker, values)
                stored += connection.execute(statements.STORE_VECTORS, values).scalar_one()

    def _take_place(self, values: dict[str, Any], maker: Maker, anew: bool) -> None:
        with atomic(self._session) as connection:
            found = _hold(connection, values)
            if not anew:
                _require_same(found, maker, values)
            elif _maker(found) != maker:
                connection.execute(statements.FORGET_VECTORS, values)
                connection.execute(statements.CHANGE_MAKER, values)

    def _vector(self, document: Mapping[str, Any], embedding: Any) -> tuple[Maker, Vector]:
        embedder = self._spaces.preferred
        if embedding is not None:
            vector = unit_vector("embedding", embedding)
            if embedder is None:
                return Maker(UNNAMED_MODEL, len(vector)), vector
            if len(vector) != embedder.dimensions:
                raise InvalidInput(
                    "embedding",
                    f"has {len(vector)} dimensions, the embedder {embedder.dimensions}",
                )
            return maker_of(embedder), vector
        if embedder is None:
            raise EmbedderMissing("a proposal needs an embedder or an embedding")
        prompts = prompts_of(document)
        if not prompts:
            raise InvalidInput("candidate", "has no prompt that could be compared")
        (vector,) = embed_whole(embedder, [prompts])
        return maker_of(embedder), vector


def settle(
    session: Session | Connection, proposal: Proposal, values: Mapping[str, Any], profile_id: UUID
) -> None:
    """Make a claim's vector that of the member which the candidate has become.

    Raises InvalidInput for the proposal of another population, or of other content.
    """
    scope = _scope(proposal)
    if proposal.claim is None:
        raise InvalidInput("proposal", "was near a neighbour, and claims nothing")
    if any(values[name] != scope[name] for name in scope):
        raise InvalidInput("proposal", f"is one of population {proposal.population!r}")
    scope |= {"claim": proposal.claim, "profile_id": check_id("profile_id", profile_id)}
    stored = session.execute(statements.SETTLE, scope).scalar_one()
    if bytes(stored).hex() != proposal.content_hash:
        raise InvalidInput("proposal", f"has other content than profile {profile_id}")


def prompts_of(document: Mapping[str, Any]) -> str:
    """The prompts of all roles as one text, in the order of the roles' names."""
    found = [
        role["system_prompt"]
        for _, role in sorted(document.items())
        if isinstance(role, Mapping) and isinstance(role.get("system_prompt"), str)
    ]
    return "\n\n".join(prompt for prompt in found if prompt.strip())


def _content(
    corpus_id: str, candidate: PromptProfile | Mapping[str, Any]
) -> tuple[str, Mapping[str, Any]]:
    if isinstance(candidate, PromptProfile):
        if candidate.corpus_id != corpus_id:
            raise InvalidInput("candidate", f"is a profile of corpus {candidate.corpus_id!r}")
        return candidate.content_hash, candidate.profile
    return content_hash(candidate, "candidate"), candidate


def _scope(proposal: Proposal) -> dict[str, Any]:
    return scope_of(proposal.corpus_id, proposal.task_type, proposal.population)


def _hold(connection: Session | Connection, values: Mapping[str, Any]) -> Row[Any]:
    """The population's row, made where there is none, locked until the transaction ends."""
    connection.execute(statements.MAKE_SPACE, values)
    return connection.execute(statements.HOLD_SPACE, values).one()


def _maker(row: Row[Any]) -> Maker | None:
    """What makes the vectors; None of a population that has none yet."""
    if row.model is None:
        return None
    return Maker(row.model, row.dimensions, row.normalised, row.prefix)


def _require_same(row: Row[Any], maker: Maker, values: Mapping[str, Any]) -> None:
    stored = _maker(row)
    if stored is not None and stored != maker:
        raise EmbeddingSpaceMismatch(
            f"population {values['population']!r}",
            stored.told_from(maker),
            maker.told_from(stored),
            values["corpus_id"],
        )


def _proposal(values: Mapping[str, Any], digest: str, row: Row[Any]) -> Proposal:
    neighbour = None
    if row.similarity is not None:
        neighbour = Neighbour(
            profile_id=row.profile_id, island=row.island, similarity=float(row.similarity)
        )
    return Proposal(
        corpus_id=values["corpus_id"],
        task_type=values["task_type"],
        population=values["population"],
        content_hash=digest,
        claim=row.claim,
        leased_until=row.leased_until,
        neighbour=neighbour,
    )
