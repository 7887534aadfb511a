"""The search command."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hegel_store.cli.options import Embedded, Limit, Url
from hegel_store.embeddings import SentenceTransformerEmbedder
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
    console = Console()
    wanted = mode != "text" and find_spec("sentence_transformers") is not None
    embedder = SentenceTransformerEmbedder() if wanted else None
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
    console.print(f"{len(result)} of {result.candidates} candidates", highlight=False)
    if result.degraded:
        console.print(f"from text alone: no {result.degraded}", highlight=False)
