"""Embedders: texts in, unit vectors out; and rerankers. Importing this loads no model, no torch."""

from hegel_store.embeddings.budgeted import BudgetedEmbedder
from hegel_store.embeddings.protocol import Embedder
from hegel_store.embeddings.reranking import CrossEncoderReranker, Reranker
from hegel_store.embeddings.sentence_transformers import SentenceTransformerEmbedder

__all__ = [
    "BudgetedEmbedder",
    "CrossEncoderReranker",
    "Embedder",
    "Reranker",
    "SentenceTransformerEmbedder",
]
