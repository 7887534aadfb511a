"""Repositories: one per aggregate, each on any SQLAlchemy Session, Connection or the store.

And the cache of embeddings that workers share, and the budgets for making them.
"""

from hegel_store.repositories.budgets import Budget
from hegel_store.repositories.embedding_cache import PostgresCache
from hegel_store.repositories.facts import FactRepository
from hegel_store.repositories.labels import LabelRepository
from hegel_store.repositories.populations import PopulationRepository
from hegel_store.repositories.profiles import ProfileRepository
from hegel_store.repositories.retrievals import RetrievalRepository
from hegel_store.repositories.runs import RunRepository
from hegel_store.repositories.scores import ScoreRepository
from hegel_store.repositories.steps import StepRepository

__all__ = [
    "Budget",
    "FactRepository",
    "LabelRepository",
    "PopulationRepository",
    "PostgresCache",
    "ProfileRepository",
    "RetrievalRepository",
    "RunRepository",
    "ScoreRepository",
    "StepRepository",
]
