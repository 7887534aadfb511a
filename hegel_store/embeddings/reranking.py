"""Rerankers: models that read a query and a fact together."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from hegel_store.errors import ConfigurationError, InvalidInput

Scores = npt.NDArray[np.float64]


@runtime_checkable
class Reranker(Protocol):
    """Says how well each text answers a query.

    ``score`` returns an array of shape (len(texts),); higher is better.
    """

    def score(self, query: str, texts: Sequence[str]) -> Scores: ...


class CrossEncoderReranker:
    """A sentence-transformers CrossEncoder, loaded at the first use. Safe for threads.

    ``model`` is a name or a folder. Raises ConfigurationError when the ``embeddings`` extra or the
    weights are missing.
    """

    def __init__(self, model: str, *, batch_size: int = 32, device: str | None = None) -> None:
        if find_spec("sentence_transformers") is None:
            raise ConfigurationError(
                "sentence-transformers is not installed: pip install 'hegel_store[embeddings]'"
            )
        self._source = model
        self._batch_size = batch_size
        self._device = device
        self._loading = threading.Lock()
        self._model: Any = None

    def score(self, query: str, texts: Sequence[str]) -> Scores:
        """The model's score of each pair, shape (len(texts),)."""
        if not texts:
            return np.empty(0)
        pairs = [(query, text) for text in texts]
        scores = self._loaded().predict(
            pairs, batch_size=self._batch_size, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(scores, dtype=np.float64)

    def _loaded(self) -> Any:
        with self._loading:
            if self._model is None:
                from sentence_transformers import CrossEncoder

                try:
                    self._model = CrossEncoder(
                        self._source,
                        device=self._device,
                        local_files_only=Path(self._source).is_dir(),
                    )
                except (OSError, ValueError) as error:
                    raise ConfigurationError(
                        f"the model {self._source!r} cannot be loaded: {error}"
                    ) from error
        return self._model


def checked_scores(reranker: Reranker, query: str, texts: Sequence[str]) -> Scores:
    """The reranker's scores; raises InvalidInput when it breaks its contract."""
    scores = np.asarray(reranker.score(query, texts), dtype=np.float64)
    if scores.shape != (len(texts),) or not np.isfinite(scores).all():
        raise InvalidInput(
            "reranker", f"returned shape {scores.shape}, not {len(texts)} finite numbers"
        )
    return scores
