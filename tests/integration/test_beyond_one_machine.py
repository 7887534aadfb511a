"""What the page on distributing by corpus says of tables and statements, by the statements."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Engine, Executable, event
from sqlalchemy.dialects import postgresql

import hegel_store
from hegel_store import archive, following, importers, operations, repositories, search, transfer
from hegel_store.archive import StepFilter
from hegel_store.archive import statements as archive_statements
from hegel_store.importers import gepa_runs, mlflow_prompts
from hegel_store.models import FactFilter, NewFact
from hegel_store.models.spaces import Maker, Place
from hegel_store.operations import reembed_statements
from hegel_store.repositories import (
    population_front_statements,
    profile_position_statements,
    profile_search_statements,
    profile_statements,
    run_statements,
    step_analysis_statements,
    step_reading_statements,
    step_rollup_statements,
)
from hegel_store.schema import metadata, training_steps
from hegel_store.search.near import near_statement
from hegel_store.search.statement import Search, build
from hegel_store.store import Store, connect
from hegel_store.transfer import statements as transfer_statements
from hegel_store.transfer.tables import TABLES
from tests.embedders import HashingEmbedder
from tests.integration.test_documentation import run
from tests.samples import MAY, Steps
from tests.sharding import DISTRIBUTED, VIEWS, without_corpus

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/explanation/beyond-one-machine.md").read_text()
FAN_OUTS = re.findall(r"^\| `([\w.]+)` \| `([\w.]+)` \|", PAGE, re.MULTILINE)
"""The page's list: the statement, and the function that sends it."""

PACKAGES = (archive, following, importers, operations, repositories, search, transfer)
MODULES = [
    importlib.import_module(f"{package.__name__}.{found.name}")
    for package in PACKAGES
    for found in pkgutil.iter_modules(package.__path__)
]
SLOT = "embedding_384"
ID = UUID("deadbeef-dead-7eef-beef-deadbeefdead")
MOMENT = datetime(2024, 5, 17, tzinfo=UTC)
PLACE = Place("fast", SLOT, Maker("m", 384, True, ""))
HOW = {"place": PLACE, "limit": 7, "filters": FactFilter()}
VECTOR = np.full(384, 0.05, dtype=np.float32)


def sql(statement: Executable | str) -> str:
    if isinstance(statement, str):
        return statement
    return str(statement.compile(dialect=postgresql.psycopg.dialect()))


def constants() -> dict[str, str]:
    """The statements that are written down, by the module that does so and their names there."""
    found: dict[str, str] = {}
    seen = set()
    for module in sorted(MODULES, key=lambda each: not each.__name__.endswith("statements")):
        for name, value in vars(module).items():
            if isinstance(value, Executable) and not inspect.isclass(value) and value not in seen:
                seen.add(value)
                found[f"{module.__name__.rpartition('.')[2]}.{name}"] = sql(value)
    return found


def made(corpus: str | None) -> Iterator[tuple[str, Executable | str]]:
    """Those that are made, with a corpus or, where they may be, without one."""
    several = profile_search_statements.FILTERS
    each = set(several) if corpus is not None else set(several) - {"corpus_id"}
    prompts = profile_search_statements
    yield "profile_search_statements.by_words", prompts.by_words("w", each)
    yield "profile_search_statements.by_substring", prompts.by_substring(None, each)
    yield "profile_search_statements.by_filters", prompts.by_filters(each)
    readings = step_reading_statements
    yield "step_reading_statements.search", readings.search("w", corpus, None, 7)
    yield "step_reading_statements.search", readings.search_highlighted("w", corpus, None, 7)
    wanted = StepFilter() if corpus is None else StepFilter(corpus_id=corpus)
    yield "statements.steps_of", archive_statements.steps_of(training_steps, wanted)
    for mode in ("text", "vector", "hybrid"):
        given = None if mode == "text" else VECTOR
        asked = Search(query="w", corpus_id=corpus, mode=mode, embedding=given, **HOW)
        yield "statement.build", build(asked)[0]
    if corpus is None:
        yield "near.near_statement", near_statement(SLOT)
        yield "statements.hold_aliases", transfer_statements.hold_aliases()
        yield "statements.alias_elsewhere", transfer_statements.alias_elsewhere()
        yield "statements.drop_aliases", transfer_statements.drop_aliases()
        yield (
            "step_rollup_statements.reward_summary",
            step_rollup_statements.reward_summary(("day",)),
        )


def of_a_corpus() -> Iterator[tuple[str, Executable | str]]:
    """Those that are made of a corpus alone."""
    yield from made("c")
    positions, readings = profile_position_statements, step_reading_statements
    for statement in (
        profile_statements.get("c", ID),
        profile_statements.get_version("c", "qa", 1),
        *(profile_statements.append(expected) for expected in (None, 0, 1)),
        positions.newest_version("c", "qa"),
        positions.aliased_version("c", "qa", "a"),
        positions.newer("c", "qa", 1, 2),
        positions.newest("c", "qa", 1),
        positions.aliased("c", "qa", "a", 1),
        readings.recent("c", "qa", 1),
        readings.by_profile("c", ID, 1),
        readings.by_run("c", "r", 1),
        readings.get("c", ID),
        readings.get("c", ID, MOMENT, MOMENT),
        readings.failures("c", "qa", ID, MOMENT, 1),
        step_analysis_statements.compare(ID, ID, MOMENT, MOMENT, "c", "qa", "t"),
        step_analysis_statements.moving_average("c", "qa", 1, MOMENT, MOMENT, "t"),
        *(run_statements.save_state(expected) for expected in (None, 1)),
        *(population_front_statements.front(count) for count in (1, 3)),
        *(population_front_statements.prune(count) for count in (1, 3)),
        reembed_statements.count(SLOT),
        reembed_statements.lacking(SLOT),
        reembed_statements.missing(SLOT),
        reembed_statements.store(SLOT),
        reembed_statements.empty(SLOT),
        reembed_statements.release(SLOT),
        mlflow_prompts.imported("c", "qa"),
        gepa_runs.imported("c", "qa", "r"),
        transfer_statements.scopes_reached("c", "qa"),
        transfer_statements.take_scopes(),
        transfer_statements.taken_version(),
        transfer_statements.stray_parent(),
        transfer_statements.other_parents(),
        transfer_statements.move_aliases(),
    ):
        yield "", statement
    for carried in TABLES.values():
        yield carried.name, transfer_statements.rows_of(carried, "c", ["qa"])
        yield carried.name, transfer_statements.count(carried, "c", ["qa"])
        yield carried.name, transfer_statements.add(carried)
        for name in carried.references:
            yield carried.name, transfer_statements.unresolved(carried, name)
    for name in transfer_statements.COMPARED:
        yield name.name, transfer_statements.differing(name)


def test_every_statement_that_is_written_down_names_its_corpus_or_is_listed():
    listed = {name for name, _ in FAN_OUTS}
    found = constants()
    assert len(found) > 100
    fanning = {name for name, text in found.items() if without_corpus(text)}
    assert fanning <= listed, "not on the page"
    assert {name for name in listed if name in found} <= fanning, "on the page, and no fan-out"


def test_every_statement_that_is_made_of_a_corpus_names_it():
    statements = list(of_a_corpus())
    assert len(statements) > 60
    for name, statement in statements:
        assert without_corpus(sql(statement)) == set(), (name, sql(statement))


def test_every_statement_that_is_made_without_a_corpus_is_listed():
    listed = {name for name, _ in FAN_OUTS}
    names = set()
    for name, statement in made(None):
        assert without_corpus(sql(statement)), "it does name one: take it from the list"
        names.add(name)
    assert names | (listed & set(constants())) == listed, "nothing else is on the page"
    assert names <= listed
    for _, caller in FAN_OUTS:
        module, name = caller.split(".")
        found = [each for each in MODULES if each.__name__.endswith(f".{module}")]
        assert any(f"def {name}(" in inspect.getsource(each) for each in found), caller


Sent = list[tuple[str, frozenset[str]]]
"""Statements, and the functions that were under way."""


@contextmanager
def recorded() -> Iterator[Sent]:
    sent: Sent = []

    def note(connection, cursor, statement, *rest: object) -> None:
        names, frame = set(), sys._getframe(1)
        at: FrameType | None = frame
        while at is not None:
            module = at.f_globals.get("__name__", "")
            names.add(f"{module.rpartition('.')[2]}.{at.f_code.co_name}")
            if module.startswith("alembic."):
                return
            at = at.f_back
        if re.match(r"\s*(WITH|SELECT|INSERT|UPDATE|DELETE)\b", statement):
            sent.append((statement, frozenset(names)))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def require_listed(sent: Sent, minimum: int) -> None:
    """Every one of them names its corpus, or comes from a function that the page lists."""
    callers = {caller for _, caller in FAN_OUTS}
    texts = {statement: names for statement, names in sent if "hegel_" in statement}
    assert len(texts) >= minimum
    for statement, names in texts.items():
        unnamed = without_corpus(statement)
        assert not unnamed or callers & names, f"{unnamed} in {statement}"


@pytest.mark.parametrize(
    ("page", "minimum"),
    [
        ("labels", 5),
        ("ageing", 3),
        ("populations", 10),
        ("read-the-log", 8),
        ("retrievals", 8),
        ("runs", 10),
        ("search-prompts", 4),
    ],
)
def test_what_a_page_s_examples_send_names_its_corpus_or_is_listed(
    url, monkeypatch, tmp_path, page, minimum
):
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("HEGEL_SPOOL_DIRECTORY", str(tmp_path))
    store = connect(url, embedder=HashingEmbedder())
    with recorded() as sent:
        run(
            f"docs/how-to/{page}.md",
            hegel_store=hegel_store,
            store=store,
            api=HashingEmbedder(),
            count=len,
        )
    require_listed(sent, minimum)


def test_what_training_sends_names_its_corpus_or_is_listed(url, tmp_path):
    """The rest of the store: what a loop does all day, of one corpus."""
    with (
        hegel_store.connect(url, embedder=HashingEmbedder(), result_cache=True) as store,
        recorded() as sent,
    ):
        _train(store)
    require_listed(sent, 25)


def _train(store: Store) -> None:
    new = Steps(store)
    base = new.profile
    store.learn(new(reward=0.0), {"n": 2}, expected_version=1)
    store.steps.log_many(
        [new(query=str(n), created_at=MAY + timedelta(seconds=n)) for n in range(20)]
    )
    store.profiles.annotate("news", base.id, performance_stats={"accuracy": 0.5})
    store.profiles.rollback("news", "qa", 1)
    added = store.facts.add_many(
        [NewFact(corpus_id="news", content=f"Hedgehogs, {n}", label="Animals") for n in range(5)]
    )
    for mode in ("hybrid", "vector", "text"):
        store.facts.search("hedgehog", corpus_id="news", mode=mode)
        store.facts.search("hedgehog", mode=mode)  # in every corpus
    store.facts.similar_to("news", added.ids[0])
    store.facts.forget("news", added.ids[0])
    store.facts.get("news", added.ids[1])
    store.facts.verdicts("news")
    budget = store.budget("news", tokens=100)
    budget.refund(budget.spend(10), 5)
    store.steps.search("hedgehog")
    store.steps.reward_summary()
    store.steps.roll_up()
    store.populations.add("news", "qa", base.id, fitness=0.5)
    store.populations.fittest("news", "qa")
    store.profiles.search("hedgehog")
    store.runs.stalled(timedelta(hours=1))


def test_the_page_has_every_table_where_it_belongs():
    keyed = {name for name, table in metadata.tables.items() if "corpus_id" in table.columns}
    distributed = re.findall(r"create_distributed_table\(\s*'(\w+)',\s*'corpus_id'", PAGE)
    reference = re.findall(r"create_reference_table\('(\w+)'\)", PAGE)
    assert set(distributed) == keyed == DISTRIBUTED - VIEWS
    assert set(reference) == set(metadata.tables) - keyed
    assert len(distributed) + len(reference) == len(metadata.tables)
    # A table is distributed before those that point to it.
    for place, name in enumerate(distributed):
        for foreign in metadata.tables[name].foreign_keys:
            target = foreign.column.table.name
            assert target == name or distributed.index(target) < place, (name, target)


@pytest.mark.parametrize(
    ("statement", "unnamed"),
    [
        ("SELECT 1 FROM hegel_facts WHERE corpus_id = %(c)s", set()),
        ("SELECT 1 FROM hegel_facts WHERE id = %(c)s", {"hegel_facts"}),
        ("SELECT corpus_id FROM hegel_facts ORDER BY corpus_id", {"hegel_facts"}),
        ("SELECT 1 FROM hegel_facts WHERE corpus_id = %(c)s OR id = 'x'", {"hegel_facts"}),
        ("SELECT 1 FROM hegel_facts WHERE corpus_id > %(c)s", {"hegel_facts"}),
        ("SELECT 1 FROM hegel_facts WHERE (corpus_id, id) = (%(c)s, 'x')", set()),
        (
            "SELECT 1 FROM hegel_facts AS f JOIN hegel_labels AS l ON l.corpus_id = f.corpus_id"
            " WHERE f.corpus_id = %(c)s",
            set(),
        ),
        (
            "SELECT 1 FROM hegel_facts AS f JOIN hegel_labels AS l ON l.id = f.label_id"
            " WHERE f.corpus_id = %(c)s",
            {"hegel_labels"},
        ),
        (
            "SELECT 1 FROM hegel_facts AS f JOIN hegel_labels AS l ON l.corpus_id = f.corpus_id",
            {"hegel_facts", "hegel_labels"},
        ),
        (
            "SELECT 1 FROM hegel_facts AS f WHERE EXISTS (SELECT FROM hegel_labels AS l"
            " WHERE l.corpus_id = f.corpus_id AND l.corpus_id = %(c)s)",
            {"hegel_facts"},
        ),
        (
            "SELECT 1 FROM hegel_facts AS f WHERE f.corpus_id = %(c)s"
            " AND EXISTS (SELECT FROM hegel_labels AS l WHERE l.corpus_id = f.corpus_id)",
            set(),
        ),
        (
            "UPDATE hegel_facts SET intent = 'x' FROM hegel_labels AS l"
            " WHERE l.corpus_id = %(c)s AND l.id = label_id",
            {"hegel_facts"},
        ),
        (
            "SELECT 1 FROM hegel_facts AS f LEFT JOIN hegel_labels AS l"
            " ON l.corpus_id = %(c)s AND f.corpus_id = %(c)s",
            {"hegel_facts"},
        ),
        (
            "SELECT 1 FROM hegel_facts JOIN hegel_labels USING (corpus_id)"
            " JOIN hegel_runs AS r ON r.run_id = 'x' WHERE hegel_facts.corpus_id = %(c)s",
            {"hegel_runs"},
        ),
        (
            "SELECT 1 FROM hegel_prompt_profiles WHERE corpus_id = %(c)s AND (corpus_id, version)"
            " IN (SELECT corpus_id, last_version FROM hegel_scopes)",
            set(),
        ),
        (
            "SELECT 1 FROM hegel_prompt_profiles WHERE corpus_id = %(c)s AND version"
            " IN (SELECT last_version FROM hegel_scopes)",
            {"hegel_scopes"},
        ),
        ("DELETE FROM hegel_facts WHERE id = %(c)s", {"hegel_facts"}),
        ("INSERT INTO hegel_labels (id, name) VALUES (%(i)s, 'x')", {"hegel_labels"}),
        ("INSERT INTO hegel_labels (corpus_id, name) VALUES (%(c)s, 'x')", set()),
        (
            "INSERT INTO hegel_labels (corpus_id, name) SELECT corpus_id, content FROM hegel_facts",
            {"hegel_facts"},
        ),
        ("SELECT 1 FROM hegel_latest_profiles", {"hegel_latest_profiles"}),
    ],
)
def test_a_statement_without_its_corpus_is_noticed(statement, unnamed):
    assert without_corpus(statement) == unnamed
