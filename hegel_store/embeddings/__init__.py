"""Embedders: texts in, unit vectors out; and rerankers. Importing this loads no model, no torch."""

from hegel_store.embeddings.breaker import CircuitBreaker
from hegel_store.embeddings.protocol import Embedder
from hegel_store.embeddings.remote import RemoteEmbedder
from hegel_store.embeddings.reranking import CrossEncoderReranker, Reranker
from hegel_store.embeddings.sentence_transformers import SentenceTransformerEmbedder

__all__ = [
    "CircuitBreaker",
    "CrossEncoderReranker",
    "Embedder",
    "RemoteEmbedder",
    "Reranker",
    "SentenceTransformerEmbedder",
]
