"""The command for maintenance of the sums of rewards: roll-up."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from hegel_store.cli.options import Embedded, Url
from hegel_store.store import connect


def roll_up(
    batch: Annotated[int, typer.Option(help="Sums to a transaction.")] = 1000,
    pause: Annotated[float, typer.Option(help="Seconds between two of them.")] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Fold what logging has added to the sums of rewards, and count months that are not counted."""
    with connect(url, embedded=embedded) as store:
        done = store.steps.roll_up(batch=batch, pause=pause)
    months = [month.strftime("%Y-%m") for month in done.months]
    if as_json:
        print(json.dumps({"months": months, "folded": done.folded}))
    else:
        print(f"{done.folded} rows folded, {len(months)} months counted")
