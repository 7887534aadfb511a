"""The commands about the server's settings: settings snapshot, plan, apply, rollback."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import platformdirs
import typer
from rich.table import Table
from sqlalchemy import Engine

from hegel_store.cli.baselines import (
    EXIT_STATUS,
    Model,
    Watch,
    Watched,
    show_findings,
    told,
    watching,
)
from hegel_store.cli.options import Embedded, Url, plain_console
from hegel_store.cli.terminal import print_json
from hegel_store.errors import InvalidInput, PermissionDenied
from hegel_store.models.baselines import GuardReport
from hegel_store.models.server_settings import (
    AppliedSettings,
    Machine,
    PlannedSetting,
    SettingChange,
    Stage,
    Storage,
    amount,
)
from hegel_store.operations import tuning
from hegel_store.operations.guarded_changes import guarded_settings
from hegel_store.operations.tuning.statements import alter
from hegel_store.store import connect

BY_HAND = 5
"""The exit status where the role may not change what should be changed."""

settings = typer.Typer(no_args_is_help=True, help="Look at the server's settings and change them.")

Json = Annotated[bool, typer.Option("--json", help="For programs.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be executed, and do not.")]
Restart = Annotated[
    bool, typer.Option("--restart", help="Restart the embedded server where that is needed.")
]
Memory = Annotated[
    str | None, typer.Option(help="The machine's, as 16GB; else that of this one, if it is here.")
]
Cores = Annotated[int | None, typer.Option(help="The machine's processor cores; likewise.", min=1)]
Disk = Annotated[Storage, typer.Option(help="What the data lie on.")]
Before = Annotated[
    Path | None, typer.Option("--snapshot", help="Where what was before is written to.")
]


@settings.command()
def snapshot(
    path: Annotated[Path, typer.Argument(help="The file; an older one is replaced.")],
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Write the settings to a file, a line each."""
    with connect(url, embedded=embedded) as store:
        server = tuning.read_settings(store.engine)
    tuning.write_snapshot(path, server)
    shown = {"path": str(path), "settings": len(server.settings), "altered": server.shows_altered}
    if as_json:
        print_json(shown)
    else:
        print(f"{len(server.settings)} settings in {path}")


@settings.command()
def plan(
    memory: Memory = None,
    cores: Cores = None,
    storage: Disk = "ssd",
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Say what would suit the machine better, by stage, and why."""
    with connect(url, embedded=embedded) as store:
        machine = _machine(store.engine, memory, cores)
        planned = tuning.plan_settings(tuning.read_settings(store.engine), machine, storage=storage)
    if as_json:
        print_json({"machine": asdict(machine), "settings": [asdict(each) for each in planned]})
        return
    print(f"for {machine.memory / 2**30:.1f} GiB of memory and {machine.cores} cores")
    _show_plan(planned)


@settings.command()
def apply(
    stage: Annotated[Stage, typer.Argument(help="A, B or C, as plan says.")],
    memory: Memory = None,
    cores: Cores = None,
    storage: Disk = "ssd",
    before: Before = None,
    restart: Restart = False,
    baseline: Watch = None,
    model: Model = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Give the server the settings of a stage, after a snapshot to go back to.

    Exits with status 5, and says what to set by hand, where the role may not.
    """
    with watching(baseline, model, url, embedded) as (store, watched):
        engine = store.engine
        server = tuning.read_settings(engine)
        planned = tuning.plan_settings(
            server, _machine(engine, memory, cores), [stage], storage=storage
        )
        changes = tuning.changes_to(server, {each.name: each.wanted for each in planned})
        _change(engine, changes, before or _default(stage), restart, dry_run, as_json, watched)


@settings.command()
def rollback(
    path: Annotated[Path, typer.Argument(help="A snapshot.")],
    before: Before = None,
    restart: Restart = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Set and reset what differs from a snapshot, after another snapshot.

    Exits with status 5, and says what to set by hand, where the role may not.
    """
    to = tuning.read_snapshot(path)
    with connect(url, embedded=embedded) as store:
        changes = tuning.changes_back(tuning.read_settings(store.engine), to)
        _change(store.engine, changes, before or _default("rollback"), restart, dry_run, as_json)


def _change(
    engine: Engine,
    changes: Sequence[SettingChange],
    before: Path,
    restart: bool,
    dry_run: bool,
    as_json: bool,
    watched: Watched | None = None,
) -> None:
    if dry_run or not changes:
        _show_changes(changes, dry_run, as_json)
        return
    if before.exists():
        raise InvalidInput("snapshot", f"{before} is there already, and is not written over")
    before.parent.mkdir(parents=True, exist_ok=True)
    tuning.write_snapshot(before, tuning.read_settings(engine))
    report = None
    try:
        if watched is None:
            done = tuning.apply_changes(engine, changes, restart=restart)
        else:
            values = {each.name: each.wanted for each in changes if each.wanted is not None}
            done, report = guarded_settings(
                watched.baselines, watched.name, engine, values, restart=restart
            )
    except PermissionDenied as error:
        _show_by_hand(changes, error, as_json)
        before.unlink()
        raise typer.Exit(BY_HAND) from None
    _show_applied(done, before, as_json, report)
    if report is not None and report.reverted:
        raise typer.Exit(EXIT_STATUS["breach"])


def _machine(engine: Engine, memory: str | None, cores: int | None) -> Machine:
    here = None if memory is not None and cores is not None else tuning.read_machine(engine)
    if memory is not None:
        size = amount(memory, "B")
        if size is None:
            raise InvalidInput("memory", f"must be a size, as 16GB, not {memory!r:.40}")
        found = int(size)
    elif here is not None:
        found = here.memory
    else:
        raise InvalidInput("memory", "is not known, as the server is not on this machine: say it")
    if cores is None and here is None:
        raise InvalidInput("cores", "are not known, as the server is not on this machine: say it")
    return Machine(memory=found, cores=cores or here.cores)  # type: ignore[union-attr]


def _default(what: str) -> Path:
    home = Path(platformdirs.user_data_dir("hegel_store", appauthor=False))
    moment = datetime.now(UTC)
    return home / "settings" / f"before-{what}-{moment:%Y%m%dT%H%M%S%f}.jsonl"


def _show_plan(planned: Sequence[PlannedSetting]) -> None:
    if not planned:
        print("nothing would suit it better")
        return
    rows = (
        (each.stage, each.name, each.now, each.wanted, each.needs_restart, each.why)
        for each in planned
    )
    _table(("stage", "setting", "now", "wanted", "restart", "why"), rows)


def _show_changes(changes: Sequence[SettingChange], dry_run: bool, as_json: bool) -> None:
    statements = [alter(each.name, each.wanted) for each in changes]
    if as_json:
        print_json({"dry_run": dry_run, "statements": statements, "settings": []})
        return
    for statement in statements:
        print(f"{statement};")
    if not statements:
        print("nothing to change")


def _show_by_hand(changes: Sequence[SettingChange], error: Exception, as_json: bool) -> None:
    wanted = {each.name: each.wanted for each in changes}
    if as_json:
        print_json({"by_hand": wanted, "reason": str(error)})
        return
    print(f"this role may not change settings ({error}): set in the provider's console")
    for name, value in wanted.items():
        print(f"  {name} = {value}" if value is not None else f"  {name}: back to the default")


def _show_applied(
    done: AppliedSettings, before: Path, as_json: bool, report: GuardReport | None
) -> None:
    if as_json:
        shown = {
            "snapshot": str(before),
            "restarted": done.restarted,
            "needs_restart": done.needs_restart,
            "settings": [asdict(each) for each in done.settings],
        }
        print_json(shown if report is None else shown | {"guard": told(report)})
        return
    rows = (
        (each.name, each.before, each.wanted or "(reset)", each.now, each.outcome)
        for each in done.settings
    )
    _table(("setting", "before", "wanted", "now", "outcome"), rows)
    if done.needs_restart:
        print("the server has to be restarted for some of them")
    if report is not None:
        show_findings(report.findings)
    if report is not None and report.reverted:
        print("taken back: searches fell below the red line")
    else:
        print(f"back with: hegel-store settings rollback {before}")


def _table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    table = Table()
    for heading in headings:
        # Whole, to be copied, however narrow the terminal.
        table.add_column(heading, overflow="fold", no_wrap=heading in ("setting", "outcome"))
    for row in rows:
        table.add_row(*({True: "yes", False: ""}.get(cell, cell) for cell in row))
    plain_console().print(table)
