"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

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
