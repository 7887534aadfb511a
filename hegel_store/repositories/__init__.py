"""Repositories: one per aggregate, each on any SQLAlchemy Session, Connection or the store.

And the cache of embeddings that workers share.
"""

from hegel_store.repositories.embedding_cache import PostgresCache
from hegel_store.repositories.facts import FactRepository
from hegel_store.repositories.populations import PopulationRepository
from hegel_store.repositories.profiles import ProfileRepository
from hegel_store.repositories.steps import StepRepository

__all__ = [
    "FactRepository",
    "PopulationRepository",
    "PostgresCache",
    "ProfileRepository",
    "StepRepository",
]
