"""Commands that show profiles: history, lineage."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from hegel_store.cli.options import Embedded, Limit, Url, plain_console
from hegel_store.models import PromptProfile
from hegel_store.store import connect


def history(
    corpus: Annotated[str, typer.Argument()],
    task_type: Annotated[str, typer.Argument()],
    limit: Limit = 10,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Show a scope's profiles, newest first."""
    with connect(url, embedded=embedded) as store:
        _show(store.profiles.history(corpus, task_type, limit=limit))


def lineage(
    corpus: Annotated[str, typer.Argument()],
    profile_id: Annotated[UUID, typer.Argument()],
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Show where a profile comes from: itself, then its ancestors by distance."""
    with connect(url, embedded=embedded) as store:
        _show(store.profiles.lineage(corpus, profile_id))


def _show(profiles: Iterable[PromptProfile]) -> None:
    table = Table("version")
    # Whole, to be copied into another command, however narrow the terminal.
    table.add_column("id", min_width=36)
    for heading in ("base", "made", "profile"):
        table.add_column(heading, overflow="fold")
    for profile in profiles:
        table.add_row(
            str(profile.version),
            str(profile.id),
            "" if profile.base_profile_id is None else str(profile.base_profile_id),
            f"{profile.created_at:%Y-%m-%d %H:%M:%S}",
            json.dumps(profile.profile, ensure_ascii=False),
        )
    plain_console().print(table)
