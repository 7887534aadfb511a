"""The index for substrings of prompts: made where the server can, refused in words where not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text

from hegel_store.database import GIVES_WAY
from hegel_store.errors import ServerUnsupported
from hegel_store.evaluation_flag import EvaluationFlag
from hegel_store.migrate.comparing import include_object
from hegel_store.operations.prompt_index import PromptIndex, PromptIndexStatus
from hegel_store.repositories import ProfileRepository
from hegel_store.repositories import profile_search_statements as statements
from hegel_store.schema import metadata, prompt_profiles, scopes
from hegel_store.schema.declaring import declared
from hegel_store.schema.profiles import PROMPTS_JSON, SUBSTRING_INDEX
from hegel_store.store import Store
from tests.commands import run
from tests.debian import debian_server
from tests.plans import explain, nodes


def require_absent(status: PromptIndexStatus) -> None:
    assert (status.installed, status.state, status.bytes) == (False, "absent", None)


def test_server_without_the_extension_is_told_of_in_words(store: Store, url: str) -> None:
    index = store.prompt_index()
    require_absent(index.status())
    for dry_run in (True, False):
        with pytest.raises(ServerUnsupported, match="right without it"):
            index.add(dry_run=dry_run)
    assert index.drop() == []
    require_absent(index.status())
    assert "not installed on this server" in run("prompt-index", "--url", url)
    told = json.loads(run("prompt-index", "drop", "--dry-run", "--json", "--url", url))
    assert told == {
        "available": None,
        "installed": False,
        "state": "absent",
        "bytes": None,
        "statements": [],
    }


def test_comparison_leaves_the_index_out_whatever_it_is_made_with(store: Store) -> None:
    """Of the same expression, with an operator class that every server has."""
    with store.engine.begin() as connection:
        for name in (SUBSTRING_INDEX, "idx_hegel_prompt_profiles_stray"):
            connection.execute(
                text(f"CREATE INDEX {name} ON hegel_prompt_profiles (md5({PROMPTS_JSON}))")
            )
        context = MigrationContext.configure(
            connection,
            opts={"include_object": include_object, "version_table": "hegel_store_version"},
        )
        named = {
            item[1].name
            for item in compare_metadata(context, metadata)
            if isinstance(item, tuple) and item[0] == "remove_index"
        }
    assert "idx_hegel_prompt_profiles_stray" in named
    assert SUBSTRING_INDEX not in named


@pytest.fixture(scope="module")
def debian() -> Iterator[str]:
    """The folder of a running server's socket. It is too old for the package, and has no pgvector:
    it gets the tables of profiles alone."""
    with debian_server() as folder:
        yield folder


@pytest.fixture
def engine(debian: str) -> Iterator[Engine]:
    """The tables of profiles in a schema of their own, with some profiles in them."""
    made = create_engine(
        f"postgresql+psycopg://postgres@/postgres?host={debian}&options=-csearch_path%3Dhome"
    )
    with made.begin() as connection:
        connection.execute(text("CREATE SCHEMA home"))
        for name in ("uuidv7", "content_hash", "source_tsvector"):
            connection.exec_driver_sql(function(f"hegel_{name}"))
        scopes.create(connection)
        prompt_profiles.create(connection)
        connection.execute(text(FILL))
    yield made
    with made.begin() as connection:
        connection.execute(text("DROP SCHEMA home CASCADE"))
        connection.execute(text("DROP EXTENSION IF EXISTS pg_trgm CASCADE"))
    made.dispose()


def function(name: str) -> str:
    """The statement that makes one of our functions."""
    (found,) = [item for item in declared(metadata).functions if item.name == name]
    return found.statement


FILL = """
    INSERT INTO hegel_prompt_profiles (corpus_id, version, source)
    SELECT 'news', n, json_build_object(
        'worker', json_build_object('system_prompt', md5(n::text) || ' line' || chr(10) || 'Ätsch'),
        'judge', json_build_object('system_prompt', repeat(md5(n::text || 'x') || ' ', 5))
    )::text
    FROM generate_series(1, 3000) AS n"""


def test_index_is_added_used_and_dropped(engine: Engine) -> None:
    index = PromptIndex(engine)
    require_absent(index.status())
    assert index.status().available is not None
    planned = index.add(dry_run=True)
    require_absent(index.status())
    assert index.add() == planned
    status = index.status()
    assert (status.installed, status.state) == (True, "valid")
    assert status.bytes > 8192
    assert index.add() == []
    assert "CONCURRENTLY" in index.drop(dry_run=True)[0]
    assert index.status() == status
    assert len(index.drop()) == 1
    assert index.drop() == []
    assert index.status().state == "absent"
    assert index.status().installed


def test_building_it_waits_for_the_end_of_an_evaluation(engine: Engine) -> None:
    stopping = PromptIndex(engine.execution_options(**{GIVES_WAY: "stop"}))
    adding = threading.Thread(target=stopping.add, daemon=True)

    def connect() -> psycopg.Connection:
        return psycopg.connect(engine.url.set(drivername="postgresql").render_as_string())

    with EvaluationFlag(connect).raised():
        assert stopping.add(dry_run=True), "says what it would do, and waits for nobody"
        adding.start()
        adding.join(0.5)
        assert adding.is_alive()
        require_absent(stopping.status())
        PromptIndex(engine).add()  # one that is to go on, and what the other then finds
    adding.join(20)
    assert not adding.is_alive()
    assert stopping.status().state == "valid"


SEARCHES = [
    {"text": "C4CA4238A0B923820DCC509A6F75849B line\nätsch"},
    {"text": "c4ca4238a0b923820dcc509a6f75849b", "role": "worker"},
    {"text": "c4ca4238a0b923820dcc509a6f75849b", "role": "judge"},
    {"text": "c4ca4238", "match_case": True},
    {"text": "C4CA4238", "match_case": True},
    {"text": "e\nä"},
    {"text": "e\\n"},
    {"text": "%", "limit": 5},
    {"text": "a", "limit": 5},
]


def test_searches_find_the_same_with_and_without(engine: Engine) -> None:
    def every() -> list[list[object]]:
        with engine.connect() as connection:
            repository = ProfileRepository(connection)
            return [
                [hit.profile.id for hit in repository.find(mode="substring", **asked)]
                for asked in SEARCHES
            ]

    without = every()
    assert [len(found) for found in without] == [1, 1, 0, 1, 0, 20, 0, 0, 5]
    PromptIndex(engine).add()
    assert every() == without


@pytest.mark.parametrize("match_case", [False, True], ids=["any case", "match case"])
@pytest.mark.parametrize("role", [None, "worker"])
def test_statements_can_use_the_index(engine: Engine, match_case: bool, role: str | None) -> None:
    PromptIndex(engine).add()
    values = {"pattern": "%c4ca4238a0b9%", "json_pattern": "%c4ca4238a0b9%", "limit": 20}
    values |= {} if role is None else {"role": role}
    with engine.connect() as connection:
        statement = statements.by_substring(role, [], match_case=match_case)
        plan = explain(connection, statement, values)
    (scan,) = [node for node in nodes(plan) if node["Node Type"] == "Bitmap Index Scan"]
    assert scan["Index Name"] == SUBSTRING_INDEX
    assert scan["Actual Rows"] < 10


def test_what_an_interrupted_build_left_is_replaced(engine: Engine, debian: str) -> None:
    index = PromptIndex(engine)
    index.add()
    with psycopg.connect(f"host={debian} user=postgres", autocommit=True) as connection:
        connection.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass",
            [f"home.{SUBSTRING_INDEX}"],
        )
    assert index.status().state == "invalid"
    assert [statement.split()[0] for statement in index.add()] == ["DROP", "CREATE"]
    assert index.status().state == "valid"
