"""Removing a corpus, and all that is derived from it, for good."""

from hegel_store.operations.erasing.database import CorpusErasure, HashedCache

__all__ = ["CorpusErasure", "HashedCache"]
