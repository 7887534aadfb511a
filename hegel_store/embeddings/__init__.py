"""Embedders: texts in, unit vectors out; caches for them; and rerankers.

Importing this loads no model, no torch and no client of a server.
"""

from hegel_store.embeddings.breaker import CircuitBreaker
from hegel_store.embeddings.budgeted import BudgetedEmbedder
from hegel_store.embeddings.caching import CachedEmbedder
from hegel_store.embeddings.memory_cache import MemoryCache
from hegel_store.embeddings.prewarming import Prewarming
from hegel_store.embeddings.protocol import Embedder
from hegel_store.embeddings.redis_cache import RedisCache
from hegel_store.embeddings.remote import RemoteEmbedder
from hegel_store.embeddings.reranking import CrossEncoderReranker, Reranker
from hegel_store.embeddings.sentence_transformers import SentenceTransformerEmbedder
from hegel_store.embeddings.vector_cache import CacheKey, CacheStatistics, VectorCache

__all__ = [
    "BudgetedEmbedder",
    "CacheKey",
    "CacheStatistics",
    "CachedEmbedder",
    "CircuitBreaker",
    "CrossEncoderReranker",
    "Embedder",
    "MemoryCache",
    "Prewarming",
    "RedisCache",
    "RemoteEmbedder",
    "Reranker",
    "SentenceTransformerEmbedder",
    "VectorCache",
]
