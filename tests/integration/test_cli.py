"""The commands, as a person types them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
from rich.cells import cell_len

from hegel_store import cli, migrate
from hegel_store.cli import demo, options
from hegel_store.embeddings import SentenceTransformerEmbedder
from hegel_store.errors import ConfigurationError
from hegel_store.models import NewFact

COMMAND = Path(sys.executable).parent / "hegel-store"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Call the command line in this process: exit status, output, errors."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hegel-store", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out, output.err

    return call


def test_upgrade_check_downgrade(run, empty_url):
    status, _, errors = run("check", "--url", empty_url)
    assert (status, errors.count("\n")) == (1, 1)
    assert "hegel-store upgrade" in errors
    head = migrate.known_revisions()[-1]
    assert f"is at revision {head}" in run("upgrade", "--url", empty_url)[1]
    status, output, _ = run("check", "--url", empty_url)
    assert status == 0
    assert f"revision {head}" in output
    assert "is at revision base" in run("downgrade", "base", "--yes", "--url", empty_url)[1]
    assert run("check", "--url", empty_url)[0] == 1


def test_downgrade_asks_first(run, url):
    asked = subprocess.run(
        [COMMAND, "downgrade", "base", "--url", url], input="n\n", capture_output=True, text=True
    )
    assert asked.returncode == 1
    assert run("check", "--url", url)[0] == 0


def test_an_error_is_one_line_without_a_password(run):
    status, output, errors = run("check", "--url", "postgresql://me:hush@127.0.0.1:1/nowhere")
    assert (status, output) == (1, "")
    assert errors.startswith("hegel-store: cannot connect to postgresql://me:***@127.0.0.1:1/")
    assert "hush" not in errors
    assert "Traceback" not in errors


def test_nothing_named_and_nothing_allowed_is_refused(run):
    status, _, errors = run("check", "--no-embedded")
    assert status == 1
    assert "no database is named" in errors


def test_search_shows_what_it_found_and_how(run, store, url):
    store.facts.add_many(
        [
            NewFact(corpus_id="c", content="Port 5432 is PostgreSQL's.", category="ports"),
            NewFact(corpus_id="c", content="Port 80 is for the web.", category="other"),
        ]
    )
    status, output, _ = run("search", "port 5432", "--mode", "text", "--url", url)
    assert status == 0
    assert output.index("5432") < output.index("Port 80")
    assert "2 of 2 candidates" in output
    _, output, _ = run("search", "port", "--category", "other", "--mode", "text", "--url", url)
    assert "PostgreSQL" not in output
    assert "1 of 1 candidates" in output


def test_history_and_lineage_show_versions(run, store, url):
    first = store.profiles.append("c", "qa", {"worker": {"system_prompt": "Be brief. 🚢"}})
    second = store.profiles.append("c", "qa", {"worker": {}}, base=first)
    other = store.profiles.append("c", "qa", {"other": 1})
    _, output, _ = run("history", "c", "qa", "--url", url)
    assert [output.count(str(p.id)) for p in (first, second, other)] == [2, 1, 1]
    assert "Be brief. 🚢" in output
    _, output, _ = run("lineage", "c", str(second.id), "--url", url)
    assert str(other.id) not in output
    status, _, errors = run("lineage", "c", str(first.id).replace("0", "1"), "--url", url)
    assert status == 1
    assert "there is no profile" in errors


def test_versions_are_a_few_lines_each_on_a_narrow_terminal(run, store, url, monkeypatch):
    prompt = "Answer briefly, name the source, and say so where there is none. 🚢 " * 12
    first = store.profiles.append("c", "qa", {"worker": {"system_prompt": prompt}})
    second = store.profiles.append("c", "qa", {"worker": {"system_prompt": "B" * 500}}, base=first)
    store.profiles.set_alias("c", "qa", "champion", second.id)
    monkeypatch.setenv("COLUMNS", "80")
    for command in (["history", "c", "qa"], ["lineage", "c", str(second.id)]):
        lines = run(*command, "--url", url)[1].splitlines()
        assert [len(lines), max(map(cell_len, lines)) <= 80] == [9, True], lines
        assert lines[0] == f"v2  {second.id}  {second.created_at:%Y-%m-%d %H:%M:%S}"
        assert lines[1] == f"    from {first.id}"
        assert lines[4].startswith("    BBBB")
        assert lines[4].endswith("…")
        assert "Answer briefly" in lines[6]
    _, output, _ = run("lineage", "c", str(second.id), "--depth", "1", "--url", url)
    assert output.splitlines()[1::2] == [
        "    distance 0, steps 0, [champion]",
        "    distance 1, steps 0",
    ]
    newest, oldest = json.loads(run("history", "c", "qa", "--json", "--url", url)[1])
    assert newest["base_profile_id"] == oldest["id"] == str(first.id)
    assert oldest["profile"] == first.profile


def test_brackets_and_colons_are_shown_as_they_are(run, store, url):
    """Prompts for models are full of what a terminal library takes for markup."""
    store.facts.add_many(
        NewFact(corpus_id="c", content=content)
        for content in ("the prompt ends with [/INST] token", "the prompt smiles :smile:")
    )
    status, output, _ = run("search", "prompt", "--mode", "text", "--url", url)
    assert status == 0
    assert "the prompt ends with [/INST] token" in output
    assert "the prompt smiles :smile:" in output

    prompt = {"worker": {"system_prompt": "use [bold]x, then [/INST]"}}
    profile = store.profiles.append("c", "qa", prompt)
    for arguments in (["history", "c", "qa"], ["lineage", "c", str(profile.id)]):
        status, output, _ = run(*arguments, "--url", url)
        assert status == 0
        assert "use [bold]x, then [/INST]" in output


def test_an_address_in_brackets_is_shown_as_it_is(run, empty_url):
    address = f"{empty_url}&application_name=[bold]x[/INST]"
    for command in ("upgrade", "check"):
        status, output, _ = run(command, "--url", address)
        assert status == 0
        assert "[bold]x[/INST]" in unquote(output)


def test_search_goes_on_without_a_model_and_says_why(run, store, url, monkeypatch):
    """Weights that are not there are found missing only when the model is loaded."""

    class Unloadable(SentenceTransformerEmbedder):
        def __init__(self) -> None:
            pass

        @property
        def dimensions(self) -> int:
            raise ConfigurationError("the model 'x' cannot be loaded: no such folder")

    monkeypatch.setattr(options, "SentenceTransformerEmbedder", Unloadable)
    store.facts.add_many([NewFact(corpus_id="c", content="Port 5432 is PostgreSQL's.")])
    status, output, _ = run("search", "port", "--url", url)
    assert status == 0
    assert "5432" in output
    assert "from text alone: the model 'x' cannot be loaded" in output
    status, _, errors = run("search", "port", "--mode", "vector", "--url", url)
    assert (status, errors.count("\n")) == (1, 1)
    assert "the model 'x' cannot be loaded" in errors
    status, output, _ = run("seed", "--steps", "0", "--url", url)
    assert status == 0
    assert "without vectors: the model 'x' cannot be loaded" in output


@pytest.mark.parametrize(
    ("called", "shown"),
    [
        ("hegel-store", "hegel-store"),
        (".venv/bin/hegel-store", ".venv/bin/hegel-store"),
        ("{here}/.venv/bin/hegel-store", ".venv/bin/hegel-store"),
        ("./hegel-store", "./hegel-store"),
        ("{here}/on-the-path/hegel-store", "hegel-store"),
        ("/elsewhere/bin/hegel-store", "/elsewhere/bin/hegel-store"),
    ],
)
def test_the_tool_is_named_as_it_can_be_called_again(called, shown, tmp_path, monkeypatch):
    tool = tmp_path / "on-the-path" / "hegel-store"
    tool.parent.mkdir()
    tool.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tool.parent))
    monkeypatch.chdir(tmp_path)
    assert demo.called_as(called.format(here=tmp_path)) == shown


@pytest.mark.parametrize("arguments", [["lineage", "c", "nonsense"], ["search"], ["--wrong"]])
def test_a_wrong_call_is_explained(run, arguments):
    status, _, errors = run(*arguments)
    assert status == 2
    assert "Usage" in errors


def test_help_names_every_option():
    shown = subprocess.run([COMMAND, "search", "--help"], capture_output=True, text=True)
    assert shown.returncode == 0
    for option in ("--corpus", "--category", "--mode", "--limit", "--url", "--embedded"):
        assert option in shown.stdout
