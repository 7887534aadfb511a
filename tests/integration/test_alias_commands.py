"""The commands for aliases, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hegel_store.errors import InvalidInput, NotFound, ProfileConflict
from hegel_store.store import Store
from tests.commands import run

pytestmark = pytest.mark.any_server

HOSTILE = "tidy\x1b[2Jup\x07 [bold]\x9b31m"


@pytest.fixture
def scope(store: Store) -> tuple[str, str]:
    for n in range(3):
        store.profiles.append("news", "qa", {"n": n})
    return "news", "qa"


def test_promote_names_profiles_by_version_alias_and_id(store, url, scope, tmp_path: Path):
    place = ("--url", url)
    first, second, third = reversed(store.profiles.history(*scope))
    said = run("promote", *scope, "production", 1, "--expected", "none", *place)
    assert said.startswith("production: from nowhere to version 1, by ")
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps({"reward": [0.5, 0.75], "on": "🦔"}), encoding="utf-8-sig")
    made = json.loads(
        run(
            *("promote", *scope, "production", second.id, "--expected", "production"),
            *("--reason", "better", "--by", "Zoë", "--evidence", file, "--json", *place),
        )
    )
    move = store.profiles.alias_history(*scope, "production")[0]
    assert (made["id"], made["moved_at"]) == (str(move.id), move.moved_at.isoformat())
    assert (move.from_profile_id, move.to_profile_id) == (first.id, second.id)
    assert (move.reason, move.moved_by) == ("better", "Zoë")
    assert move.evidence == {"reward": [0.5, 0.75], "on": "🦔"}
    run("promote", *scope, "canary", "latest", "--evidence", ' {"n": 0.0}', *place)
    assert store.profiles.by_alias(*scope, "canary") == third
    assert store.profiles.alias_history(*scope, "canary")[0].evidence == {"n": 0.0}


def test_what_is_refused_moves_nothing(store, url, scope, tmp_path: Path):
    other = store.profiles.append("news", "summarise", {})
    run("promote", *scope, "production", "2", "--url", url)
    for arguments, error in (
        (("production", "3", "--expected", "1"), ProfileConflict),
        (("production", "3", "--expected", "none"), ProfileConflict),
        (("production", "7"), NotFound),
        (("production", "canary"), NotFound),
        (("production", other.id), NotFound),
        (("latest", "3"), InvalidInput),
        (("production", "3", "--evidence", tmp_path / "nowhere.json"), InvalidInput),
        (("production", "3", "--evidence", "{"), InvalidInput),
        (("production", "3", "--evidence", tmp_path), InvalidInput),
    ):
        with pytest.raises(error):
            run("promote", *scope, *arguments, "--url", url)
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(InvalidInput) as caught:
        run(
            *("promote", *scope, "production", "3", "--url", url),
            "--evidence",
            tmp_path / "list.json",
        )
    assert caught.value.field == "evidence"
    assert len(store.profiles.alias_history(*scope, "production")) == 1


def test_aliases_and_their_history_are_shown(store, url, scope, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    for version in (1, 3):
        profile = store.profiles.get_version(*scope, version)
        store.profiles.set_alias(
            *scope,
            "production",
            profile.id,
            reason=HOSTILE,
            moved_by=HOSTILE,
            evidence={"n": HOSTILE},
        )
    store.profiles.set_alias(*scope, "canary", profile.id)
    shown = run("aliases", *scope, "--url", url)
    assert shown.index("canary") < shown.index("production")
    assert str(profile.id) in shown
    listed = json.loads(run("aliases", *scope, "--json", "--url", url))
    assert [(each["alias"], each["version"]) for each in listed] == [
        ("canary", 3),
        ("production", 3),
    ]
    shown = run("alias-history", *scope, "production", "--url", url)
    assert "tidy␛[2Jup␇ [bold]�31m" in shown
    assert not set("\x1b\x07\x9b") & set(shown)
    assert shown.index("version 3") < shown.index("nowhere")
    assert "nowhere" not in run("alias-history", *scope, "production", "-n", 1, "--url", url)
    moves = json.loads(run("alias-history", *scope, "production", "--json", "--url", url))
    assert [(each["from_version"], each["to_version"]) for each in moves] == [(1, 3), (None, 1)]
    assert moves[0]["reason"] == moves[0]["evidence"]["n"] == HOSTILE


def test_an_alias_is_taken_away(store, url, scope):
    run("promote", *scope, "canary", "2", "--url", url)
    with pytest.raises(ProfileConflict):
        run("drop-alias", *scope, "canary", "--expected", "1", "--url", url)
    said = run(
        "drop-alias",
        *scope,
        "canary",
        "--expected",
        "2",
        "--reason",
        "no",
        "--by",
        "me",
        "--url",
        url,
    )
    assert said == "canary: from version 2 to nowhere, by me\n"
    assert store.profiles.by_alias(*scope, "canary") is None
    assert store.profiles.alias_history(*scope, "canary")[0].reason == "no"
    with pytest.raises(NotFound):
        run("drop-alias", *scope, "canary", "--url", url)
    assert json.loads(run("aliases", *scope, "--json", "--url", url)) == []
