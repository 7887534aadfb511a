"""The command that examines a database: doctor."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from hegel_store.cli.options import Embedded, Url, plain_console
from hegel_store.cli.terminal import print_json, visible
from hegel_store.errors import InvalidInput
from hegel_store.operations.doctor import Report, diagnose
from hegel_store.operations.doctor.address import settings_unusable
from hegel_store.operations.doctor.examining import CHECK_SECONDS
from hegel_store.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def doctor(
    seconds: Annotated[
        float, typer.Option(help="How long a statement may take.", min=0.1, max=600)
    ] = CHECK_SECONDS,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Examine the database, changing nothing. Exits with 0 when all is well, with 1 when somebody
    should look, with 2 when somebody has to act."""
    try:
        report = diagnose(Settings(embedded=embedded), url, seconds=seconds)
    except InvalidInput as error:
        report = Report(findings=[settings_unusable(error)])
    show(report, as_json)


def show(report: Report, as_json: bool) -> None:
    """Print the report, what is worst first, and exit with its status."""
    if as_json:
        print_json(report.to_json())
        raise typer.Exit(report.exit_status)
    console = plain_console()
    table = Table("")
    for heading in ("code", "subject", "seen"):
        table.add_column(heading, overflow="fold")
    for found in report.worst_first():
        table.add_row(found.severity, found.code, visible(found.subject), visible(found.seen))
    console.print(table)
    for found in report.worst_first():
        if found.severity != "ok":
            console.print(
                f"{found.severity} {found.code}: {visible(found.subject)}", soft_wrap=True
            )
            console.print(f"    {visible(found.why)}", soft_wrap=True)
            console.print(f"    {visible(found.remedy)}", soft_wrap=True)
    print(f"{report.severity}: {_counted(report)}")
    raise typer.Exit(report.exit_status)


def _counted(report: Report) -> str:
    severities = [found.severity for found in report.findings]
    return ", ".join(f"{severities.count(name)} {name}" for name in ("act", "look", "ok"))
