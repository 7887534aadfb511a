"""Embedders: texts in, unit vectors out. Importing this loads no model and no torch."""

from hegel_store.embeddings.protocol import Embedder
from hegel_store.embeddings.sentence_transformers import SentenceTransformerEmbedder

__all__ = ["Embedder", "SentenceTransformerEmbedder"]
