"""The repositories in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg.pq import TransactionStatus
from sqlalchemy.orm import Session

from hegel_store.database import committing, translated
from hegel_store.errors import DatabaseError
from hegel_store.failures import SPOILT
from hegel_store.repositories import (
    FactRepository,
    LabelRepository,
    PopulationRepository,
    ProfileRepository,
    RetrievalRepository,
    RunRepository,
    ScoreRepository,
    StepRepository,
)


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """The repositories on one session, in one transaction."""

    session: Session
    profiles: ProfileRepository
    steps: StepRepository
    populations: PopulationRepository
    facts: FactRepository
    labels: LabelRepository
    retrievals: RetrievalRepository
    runs: RunRepository
    scores: ScoreRepository


def commit(session: Session) -> None:
    """Commit what was done in it, if anything was.

    Raises DatabaseError for a transaction that an error has spoilt, and OutcomeUnknown.
    """
    if not session.in_transaction():
        return
    with translated():
        driver: Any = session.connection().connection.driver_connection
    # The server would answer the COMMIT of a spoilt transaction with ROLLBACK, and no error.
    if driver.info.transaction_status == TransactionStatus.INERROR:
        raise DatabaseError(
            "an error inside the block spoilt its transaction: nothing of it is stored", SPOILT
        )
    with translated(), committing():
        session.commit()
