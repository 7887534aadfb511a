"""What several commands share: options, the console, the embedder."""

from __future__ import annotations

import importlib
import sys
from typing import Annotated

import typer
from rich.console import Console

from hegel_store.embeddings import Embedder, SentenceTransformerEmbedder
from hegel_store.errors import ConfigurationError

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        help="The database; else DATABASE_URL, POSTGRES_DSN, and then the embedded server.",
    ),
]
Embedded = Annotated[
    bool,
    typer.Option(
        "--embedded/--no-embedded", help="Allow the embedded server when nothing is named."
    ),
]
Limit = Annotated[int, typer.Option("--limit", "-n", help="How many to show.", min=1)]


def plain_console() -> Console:
    """A console that shows texts as they are: prompts and facts are full of [/INST] and :name:."""
    return Console(markup=False, emoji=False, highlight=False)


def named_embedder(name: str) -> Embedder:
    """A sentence-transformers model by its name or folder, or an embedder of your own as
    ``module:attribute``. Raises ConfigurationError."""
    module, colon, attribute = name.partition(":")
    if not colon or not module.replace(".", "").isidentifier():
        return SentenceTransformerEmbedder(name)
    sys.path.insert(0, "")  # as `python -m` does: modules of the folder this is called in
    try:
        embedder = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"the embedder {name!r} cannot be loaded: {error}") from error
    if not isinstance(embedder, Embedder):
        raise ConfigurationError(f"{name!r} is no embedder: name, dimensions and embed()")
    return embedder


def load_embedder() -> tuple[SentenceTransformerEmbedder, None] | tuple[None, str]:
    """The model, loaded, and None; or None and the reason why there is none."""
    try:
        embedder = SentenceTransformerEmbedder()
        # Loads the weights now, while a command can still do without them.
        _ = embedder.dimensions
    except ConfigurationError as error:
        return None, str(error)
    return embedder, None
