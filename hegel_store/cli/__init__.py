"""The command line: ``hegel-store``. Each group of commands has a file; this one joins them."""

from __future__ import annotations

import logging
import sys

import typer

from hegel_store.cli import (
    adoption,
    ageing,
    aliases,
    archive,
    baselines,
    calls,
    database,
    demo,
    dimension,
    doctor,
    dsn,
    erasure,
    importers,
    indexes,
    isolation,
    journal,
    load,
    maintain,
    metrics,
    populations,
    profiles,
    prompts,
    recall,
    reembed,
    roles,
    rollup,
    runs,
    scopes,
    search,
    seed,
    settings,
    usefulness,
    versions,
    watching,
)
from hegel_store.errors import HegelStoreError
from hegel_store.observing.events import logged
from hegel_store.settings import event_format

app = typer.Typer(
    help="The PostgreSQL data layer for loops that train prompts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(database.upgrade)
app.command()(database.downgrade)
app.command()(database.check)
app.command()(doctor.doctor)
app.add_typer(dsn.dsn, name="dsn")
app.command("top")(watching.top_)
app.command("usage-views")(watching.usage_views_)
app.command("locks")(watching.locks_)
app.command("explain")(calls.explain_)
app.command("profile")(calls.profile_)
app.command()(dimension.new_dimension)
app.command()(adoption.adopt)
app.command()(demo.demo)
app.command()(seed.seed)
app.command("load")(load.load)
app.command()(search.search)
app.command()(recall.recall)
app.add_typer(baselines.app, name="baseline")
app.command()(ageing.age)
app.command()(reembed.reembed)
app.command()(rollup.roll_up)
app.command()(maintain.maintain)
app.command()(metrics.metrics)
app.command()(usefulness.refresh_usefulness)
app.command()(journal.replay)
app.command()(journal.dead_letters)
app.command()(archive.export)
app.command("import")(archive.import_)
app.command()(archive.archive)
app.command()(erasure.erase)
app.command()(runs.runs)
app.add_typer(runs.run, name="run")
app.add_typer(settings.settings, name="settings")
app.command("export-scope")(scopes.export_)
app.command("import-scope")(scopes.import_)
app.command("import-mlflow-prompts")(importers.mlflow_prompts)
app.command("import-gepa-run")(importers.gepa_run)
app.command()(profiles.history)
app.command()(profiles.lineage)
app.command()(versions.diff)
app.command()(versions.blame)
app.command()(versions.rollback)
app.command()(aliases.aliases)
app.command()(aliases.promote)
app.command()(aliases.drop_alias)
app.command()(aliases.alias_history)
app.command()(profiles.descendants)
app.command()(prompts.search_prompts)
app.command()(prompts.prompt_index)
app.command()(populations.population)
app.add_typer(indexes.index, name="index")
app.add_typer(roles.roles, name="roles")
app.add_typer(isolation.isolation, name="isolation")


def main() -> None:
    """Run a command; an error of ours is printed in one line, with exit status 1. With HEGEL_EVENTS
    it logs its events."""
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    try:
        with logged(event_format()):
            app()
    except HegelStoreError as error:
        print(f"hegel-store: {error}", file=sys.stderr)
        sys.exit(1)
