"""The commands diff, rollback and blame, as a person types them."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from hegel_store.errors import InvalidInput, NotFound, ProfileConflict
from hegel_store.models import PromptProfile
from hegel_store.prompts import diff_profiles
from hegel_store.store import Store
from tests.commands import run

pytestmark = pytest.mark.any_server

RULES = "".join(f"Rule {n}.\n" for n in range(1, 31))
FIRST = {
    "worker": {"system_prompt": f"Be [bold]brief[/bold].\n{RULES}Stop\x1b[2J here."},
    "n": 0.0,
    "gone": ["x"],
}
SECOND = {
    "worker": {"system_prompt": f"Be very [bold]brief[/bold].\n{RULES}Stop\x9b here.\u202e"},
    "n": 1,
    "new": {"a": ":smile:\x07"},
}


@pytest.fixture
def pair(store: Store) -> tuple[PromptProfile, PromptProfile]:
    first = store.profiles.append("news", "qa", FIRST)
    return first, store.profiles.append("news", "qa", SECOND, base=first)


def require_harmless(shown: str) -> None:
    assert not set("\x07\x9b\u202e") & set(shown)
    assert "\x1b[2J" not in shown


def test_profiles_are_named_by_id_version_and_alias(store, url, pair):
    first, second = pair
    store.profiles.set_alias("news", "qa", "production", first.id)
    other = store.profiles.append("news", "summarise@home", SECOND)
    store.profiles.set_alias("news", "summarise@home", "2", other.id)
    expected = diff_profiles(first, second).to_json()
    for old, new in (
        (first.id, second.id),
        ("qa@1", "qa@2"),
        ("qa@production", "qa@latest"),
        (f"{{{first.id}}}".upper(), "qa@0002"),
    ):
        assert json.loads(run("diff", "news", old, new, "--json", "--url", url)) == expected
    assert "no differences" in run("diff", "news", "qa@2", "summarise@home@1", "--url", url)
    for unknown, error in (
        (uuid4(), NotFound),
        ("qa@3", NotFound),
        ("qa@canary", NotFound),
        ("summarise@home@2", NotFound),  # a version, never an alias
        ("qa@99999999999", NotFound),
        ("2", InvalidInput),
        ("qa@", InvalidInput),
        ("@1", InvalidInput),
    ):
        with pytest.raises(error):
            run("diff", "news", unknown, "qa@2", "--url", url)


def test_a_difference_is_readable_without_a_terminal(url, pair):
    shown = run("diff", "news", "qa@1", "qa@2", "--url", url)
    require_harmless(shown)
    assert "\x1b" not in shown
    assert shown == (
        "worker.system_prompt (changed)\n"
        "Be{+ very+} [bold]brief[/bold].\nRule 1.\nRule 2.\n⋯ 26 lines\n"
        "Rule 29.\nRule 30.\nStop[-␛[2J-]{+�+} here.{+�+}\n\n"
        "n (changed)\n[-0.0-]{+1+}\n\n"
        "gone[0] (removed)\n[-x-]\n\n"
        "new.a (added)\n{+:smile:␇+}\n"
    )


@pytest.mark.parametrize("colour", [True, False])
def test_on_a_terminal_words_are_struck_and_underlined(url, pair, monkeypatch, colour):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    if not colour:
        monkeypatch.setenv("NO_COLOR", "1")
    shown = run("diff", "news", "qa@1", "qa@2", "--url", url)
    require_harmless(shown)
    assert "{+" not in shown
    struck, underlined = ("\x1b[9;31m", "\x1b[4;32m") if colour else ("\x1b[9m", "\x1b[4m")
    assert f"{struck}0.0\x1b[0m{underlined}1\x1b[0m" in shown
    assert f"Be{underlined} very\x1b[0m [bold]brief" in shown


def test_a_difference_as_diff_writes_it(url, pair):
    shown = run("diff", "news", "qa@1", "qa@2", "--unified", "--url", url)
    require_harmless(shown)
    assert shown.startswith(
        "--- worker.system_prompt\tqa version 1\n+++ worker.system_prompt\tqa version 2\n"
        "@@ -1,4 +1,4 @@\n-Be [bold]brief[/bold].\n+Be very [bold]brief[/bold].\n Rule 1.\n"
    )
    assert run("diff", "news", "qa@1", "qa@1", "-u", "--url", url) == ""


def test_an_earlier_version_is_restored(store, url, pair):
    first, _ = pair
    with pytest.raises(ProfileConflict):
        run("rollback", "news", "qa", 1, "--expected-version", 1, "--url", url)
    with pytest.raises(NotFound):
        run("rollback", "news", "qa", 3, "--url", url)
    said = run(
        *("rollback", "news", "qa", 1, "--expected-version", 2, "--reason", "worse", "--url", url)
    )
    latest = store.profiles.latest("news", "qa")
    assert said == f"version 3 restores version 1: {latest.id}\n"
    assert latest.content_hash == first.content_hash
    assert latest.metadata["restores"]["reason"] == "worse"
    made = json.loads(run("rollback", "news", "qa", first.id, "--json", "--url", url))
    assert (made["version"], made["profile"]) == (4, FIRST)
    assert made["metadata"]["restores"] == {"profile_id": str(first.id), "version": 1}


def test_blame_shows_where_sentences_come_from(url, pair, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    shown = run("blame", "news", "qa@2", "--url", url)
    require_harmless(shown)
    assert "\x1b" not in shown
    lines = shown.splitlines()
    assert next(line for line in lines if "very [bold]brief[/bold]." in line).count("qa@2") == 1
    assert next(line for line in lines if "Rule 17." in line).count("qa@1") == 1
    found = json.loads(run("blame", "news", "qa@2", "--role", "worker", "--json", "--url", url))
    assert "".join(each["text"] for each in found) == SECOND["worker"]["system_prompt"]
    assert [each["version"] for each in found] == [2, *[1] * 30, 2]
    with pytest.raises(NotFound):
        run("blame", "news", "qa@2", "--role", "judge", "--url", url)
