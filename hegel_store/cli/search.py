"""The search command."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from hegel_store.cli.options import Embedded, Limit, Url, load_embedder, plain_console
from hegel_store.errors import ConfigurationError
from hegel_store.models import FactFilter
from hegel_store.search.fusion import Mode
from hegel_store.store import connect


def search(
    query: Annotated[str, typer.Argument(help="Any text.")],
    corpus: Annotated[str | None, typer.Option(help="Only this corpus.")] = None,
    category: Annotated[list[str] | None, typer.Option(help="Only these categories.")] = None,
    mode: Annotated[Mode, typer.Option(help="How to search.")] = "hybrid",
    limit: Limit = 5,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Search the facts, with all-MiniLM-L6-v2 where the `embeddings` extra is installed."""
    console = plain_console()
    embedder, missing = (None, None) if mode == "text" else load_embedder()
    if mode == "vector" and missing is not None:
        raise ConfigurationError(missing)
    with connect(url, embedded=embedded, embedder=embedder) as store:
        result = store.facts.search(
            query,
            corpus_id=corpus,
            limit=limit,
            mode=mode,
            filters=FactFilter(categories=category),
        )
    table = Table("score", "vector", "text", "category", "fact")
    for hit in result:
        table.add_row(
            f"{hit.score:.3f}",
            "" if hit.vector_rank is None else f"#{hit.vector_rank}",
            "" if hit.text_rank is None else f"#{hit.text_rank}",
            hit.fact.category,
            hit.fact.content,
        )
    console.print(table)
    console.print(f"{len(result)} of {result.candidates} candidates")
    if result.degraded:
        console.print(f"from text alone: {missing or f'no {result.degraded}'}")
