"""The command that folds the sums of rewards."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from hegel_store.cli import app
from hegel_store.store import Store
from tests.samples import Steps


def test_the_command_folds_what_logging_has_added(store: Store, new: Steps, url: str) -> None:
    for _ in range(3):
        store.steps.log(new(reward=1.0))
    done = CliRunner().invoke(app, ["roll-up", "--url", url])
    assert (done.exit_code, done.output) == (0, "3 rows folded, 0 months counted\n")
    done = CliRunner().invoke(app, ["roll-up", "--json", "--url", url])
    assert json.loads(done.output) == {"months": [], "folded": 0}
