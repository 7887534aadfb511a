"""The command for maintenance of the facts' freshness: age."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from hegel_store.cli.options import Embedded, Url
from hegel_store.errors import InvalidInput
from hegel_store.models import AgeingRule
from hegel_store.store import connect


def age(
    ageing_after: Annotated[float, typer.Option(help="Days since a fact was last seen.", min=0)],
    stale_after: Annotated[float, typer.Option(help="Days since a fact was last seen.", min=0)],
    category: Annotated[
        list[str] | None,
        typer.Option(help="CATEGORY=AGEING,STALE: other days for a category; repeatable."),
    ] = None,
    corpus: Annotated[str | None, typer.Option(help="Only this corpus.")] = None,
    batch: Annotated[int, typer.Option(help="Facts to a transaction.")] = 1000,
    pause: Annotated[float, typer.Option(help="Seconds between two of them.")] = 0.0,
    dry_run: Annotated[bool, typer.Option(help="Only count.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Turn facts ageing, and stale, that were not seen for so many days."""
    rules = [_rule(ageing_after, stale_after), *map(_own_rule, category or [])]
    with connect(url, embedded=embedded) as store:
        aged = store.facts.age(rules, corpus_id=corpus, batch=batch, pause=pause, dry_run=dry_run)
    if as_json:
        print(json.dumps(asdict(aged) | {"dry_run": dry_run}))
    else:
        would = "would turn" if dry_run else "turned"
        print(f"{aged.ageing} facts {would} ageing, and {aged.stale} stale")


def _own_rule(given: str) -> AgeingRule:
    category, _, days = given.rpartition("=")
    ageing, _, stale = days.partition(",")
    try:
        return _rule(float(ageing), float(stale), category)
    except ValueError:
        raise InvalidInput(
            "category", f"must be CATEGORY=AGEING,STALE, not {given!r:.80}"
        ) from None


def _rule(ageing: float, stale: float, category: str | None = None) -> AgeingRule:
    try:
        spans = timedelta(days=ageing), timedelta(days=stale)
    except OverflowError:
        raise InvalidInput("stale_after", "is too many days") from None
    return AgeingRule(ageing_after=spans[0], stale_after=spans[1], category=category)
