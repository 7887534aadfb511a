"""Commands for aliases: aliases, promote, drop-alias, alias-history."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from hegel_store.cli.options import Embedded, Limit, Url, plain_console
from hegel_store.cli.references import ScopeProfile, named_profile
from hegel_store.cli.terminal import print_json, visible
from hegel_store.errors import InvalidInput
from hegel_store.models import AliasMove
from hegel_store.repositories.profile_aliases import UNSET
from hegel_store.store import Store, connect

Corpus = Annotated[str, typer.Argument()]
TaskType = Annotated[str, typer.Argument()]
Alias = Annotated[str, typer.Argument()]
Expected = Annotated[
    str | None,
    typer.Option(
        help="Only if it points there now: a version, an alias or an id; 'none': nowhere."
    ),
]
Reason = Annotated[str | None, typer.Option(help="Why; it is written down.")]
By = Annotated[str | None, typer.Option(help="Who; else the database user.")]
Evidence = Annotated[
    str | None, typer.Option(help="A JSON object, or a file of one: what it was decided by.")
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def aliases(
    corpus: Corpus,
    task_type: TaskType,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Show where the aliases of a scope point."""
    with connect(url, embedded=embedded) as store:
        found = store.profiles.aliases(corpus, task_type)
    if as_json:
        print_json([asdict(alias) for alias in found])
        return
    table = Table("alias", "version")
    table.add_column("id", min_width=36)
    table.add_column("since")
    for alias in found:
        table.add_row(
            visible(alias.alias),
            str(alias.version),
            str(alias.profile_id),
            f"{alias.moved_at:%Y-%m-%d %H:%M:%S}",
        )
    plain_console().print(table)


def promote(
    corpus: Corpus,
    task_type: TaskType,
    alias: Alias,
    profile: ScopeProfile,
    expected: Expected = None,
    reason: Reason = None,
    by: By = None,
    evidence: Evidence = None,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Point an alias at a profile of its scope."""
    given = _evidence(evidence)
    with connect(url, embedded=embedded) as store:
        move = store.profiles.set_alias(
            corpus,
            task_type,
            alias,
            named_profile(store, corpus, profile, task_type).id,
            expected=_expected(store, corpus, task_type, expected),
            reason=reason,
            evidence=given,
            moved_by=by,
        )
    _show_move(move, as_json)


def drop_alias(
    corpus: Corpus,
    task_type: TaskType,
    alias: Alias,
    expected: Expected = None,
    reason: Reason = None,
    by: By = None,
    evidence: Evidence = None,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Let an alias point nowhere; its history stays."""
    given = _evidence(evidence)
    with connect(url, embedded=embedded) as store:
        move = store.profiles.drop_alias(
            corpus,
            task_type,
            alias,
            expected=_expected(store, corpus, task_type, expected),
            reason=reason,
            evidence=given,
            moved_by=by,
        )
    _show_move(move, as_json)


def alias_history(
    corpus: Corpus,
    task_type: TaskType,
    alias: Alias,
    limit: Limit = 10,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Show how an alias has moved, the last move first: who, why, and by what evidence."""
    with connect(url, embedded=embedded) as store:
        moves = store.profiles.alias_history(corpus, task_type, alias, limit=limit)
    if as_json:
        print_json([asdict(move) for move in moves])
        return
    table = Table("when", "from", "to", "by")
    for heading in ("reason", "evidence"):
        table.add_column(heading, overflow="fold")
    for move in moves:
        evidence = json.dumps(move.evidence, ensure_ascii=False) if move.evidence else ""
        table.add_row(
            f"{move.moved_at:%Y-%m-%d %H:%M:%S}",
            _place(move.from_version),
            _place(move.to_version),
            *map(visible, (move.moved_by, move.reason or "", evidence)),
        )
    plain_console().print(table)


def _expected(store: Store, corpus: str, task_type: str, expected: str | None) -> Any:
    if expected is None:
        return UNSET
    return None if expected == "none" else named_profile(store, corpus, expected, task_type).id


def _evidence(given: str | None) -> dict[str, Any] | None:
    """The object that is given, or is in the file that is."""
    if given is None:
        return None
    try:
        text = given if given.lstrip().startswith("{") else Path(given).read_text("utf-8-sig")
        evidence = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInput("evidence", f"is no JSON object, nor a file of one: {error}") from None
    if not isinstance(evidence, dict):
        raise InvalidInput("evidence", f"must be a JSON object, not {type(evidence).__name__}")
    return evidence


def _show_move(move: AliasMove, as_json: bool) -> None:
    if as_json:
        print_json(asdict(move))
        return
    before, after = _place(move.from_version), _place(move.to_version)
    print(visible(f"{move.alias}: from {before} to {after}, by {move.moved_by}"))


def _place(version: int | None) -> str:
    return "nowhere" if version is None else f"version {version}"
