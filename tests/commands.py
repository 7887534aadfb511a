"""Calling the command line in the test's own process."""

from __future__ import annotations

from typer.testing import CliRunner

from hegel_store.cli import app


def run(*arguments: object) -> str:
    """What the command prints; an error of it is raised."""
    done = CliRunner().invoke(app, [*map(str, arguments)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout
