"""The command `population`, as a person types it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from hegel_store.cli import app
from hegel_store.store import Store

pytestmark = pytest.mark.any_server


def shown(*arguments: str) -> str:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["population", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_fittest_are_shown_as_a_table_and_as_json(store: Store, url: str) -> None:
    a, b, c = (store.profiles.append("news", "qa", {}).id for _ in range(3))
    store.populations.add("news", "qa", a, fitness=0.25, objectives={"tokens": 12})
    store.populations.place("news", "qa", b, "1-2", 0.75, island=3)
    store.populations.add("news", "qa", c, fitness=9.0, population="other")
    table = shown("news", "qa", "--url", url)
    lines = [line for line in table.splitlines() if str(a) in line or str(b) in line]
    assert [str(b) in lines[0], str(a) in lines[1]] == [True, True]
    assert "0.75" in lines[0]
    assert "1-2" in lines[0]
    assert '{"tokens": 12}' in lines[1]
    assert str(c) not in table
    found = json.loads(shown("news", "qa", "--json", "--url", url))
    assert [(row["profile_id"], row["fitness"]) for row in found] == [
        (str(b), 0.75),
        (str(a), 0.25),
    ]
    assert (found[0]["island"], found[0]["holds_cell"], found[0]["evicted_at"]) == (3, True, None)
    (one,) = json.loads(shown("news", "qa", "--json", "--island", "0", "--url", url))
    assert one["profile_id"] == str(a)
    (one,) = json.loads(shown("news", "qa", "--json", "-n", "1", "--url", url))
    assert one["profile_id"] == str(b)
    (one,) = json.loads(shown("news", "qa", "--json", "--population", "other", "--url", url))
    assert one["profile_id"] == str(c)
    assert shown("news", "none", "--json", "--url", url) == "[]\n"
