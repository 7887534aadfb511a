"""An embedder that stops at the end of an allowance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from hegel_store.embeddings.protocol import Embedder
from hegel_store.models.budgets import Spending
from hegel_store.models.vectors import Vector

CHARACTERS_OF_A_TOKEN = 4
"""About, in English; APIs count by a tokenizer of their own."""


class Allowance(Protocol):
    """What store.budget() gives."""

    def spend(self, tokens: int) -> Spending: ...
    def refund(self, spending: Spending, tokens: int) -> None: ...


def about_tokens(texts: Sequence[str]) -> int:
    """The length of all texts in characters, by four, each rounded up."""
    return sum(-(-len(text) // CHARACTERS_OF_A_TOKEN) for text in texts)


class BudgetedEmbedder:
    """``embedder``, as long as ``budget`` allows.

    The tokens (as ``count_tokens`` has them) are spent before the texts are sent, so that workers
    who ask at the same time do not go past the end together; when embedding fails they are given
    back. Put caches in front of it, so that what they know costs nothing. Raises BudgetExceeded.
    """

    def __init__(
        self,
        embedder: Embedder,
        budget: Allowance,
        *,
        count_tokens: Callable[[Sequence[str]], int] = about_tokens,
    ) -> None:
        self._embedder = embedder
        self._budget = budget
        self._count_tokens = count_tokens

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    @property
    def prefix(self) -> str:
        """What the embedder puts before every text, which a cache in front has to know."""
        return str(getattr(self._embedder, "prefix", None) or "")

    def embed(self, texts: Sequence[str]) -> Vector:
        """Vectors of unit length, float32, shape (len(texts), dimensions)."""
        tokens = self._count_tokens(texts)
        spending = self._budget.spend(tokens)
        try:
            return self._embedder.embed(texts)
        except BaseException:
            self._budget.refund(spending, tokens)
            raise
