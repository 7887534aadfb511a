"""The command for maintenance of what searches weigh facts by: refresh-usefulness."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from hegel_store.cli.options import Embedded, Url
from hegel_store.store import connect


def refresh_usefulness(
    corpus: Annotated[str | None, typer.Option(help="One corpus alone.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Count anew how useful facts have been, by the rewards of the steps that were shown them."""
    with connect(url, embedded=embedded) as store:
        changed = store.retrievals.refresh(corpus_id=corpus)
    print(json.dumps({"changed": changed}) if as_json else f"{changed} facts weigh otherwise")
