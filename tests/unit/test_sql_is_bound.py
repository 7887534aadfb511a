"""No value of a user is part of a statement's text: all of them are bound parameters."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from datetime import UTC, datetime
from itertools import product
from types import ModuleType
from typing import get_args
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Executable, TextClause, TextualSelect
from sqlalchemy.dialects import postgresql

from hegel_store import (
    archive,
    evaluation_flag,
    giving_way,
    importers,
    replicas,
    repositories,
    transfer,
)
from hegel_store.archive import StepFilter
from hegel_store.archive import statements as archive_statements
from hegel_store.importers import gepa_runs, mlflow_prompts
from hegel_store.integrations import gepa, openevolve
from hegel_store.integrations.dspy.recording import programs_of
from hegel_store.models import FactFilter
from hegel_store.models.rewards import Grouping
from hegel_store.models.spaces import Maker, Place
from hegel_store.models.vectors import DIMENSIONS, key_function, size_of, slots_for
from hegel_store.operations import (
    baselines,
    doctor,
    erasing,
    maintenance,
    row_security,
    tuning,
    vector_indexes,
    watching,
)
from hegel_store.operations import roles as role_operations
from hegel_store.operations.doctor import bloat
from hegel_store.operations.erasing import statements as erasing_statements
from hegel_store.operations.erasing.statements import CorpusTable
from hegel_store.operations.maintenance import indexes as maintained_indexes
from hegel_store.operations.maintenance import statements as maintenance_statements
from hegel_store.operations.roles import statements as role_statements
from hegel_store.operations.tuning import statements as tuning_statements
from hegel_store.operations.vector_indexes import statements as index_statements
from hegel_store.operations.watching import usage_statements
from hegel_store.repositories import (
    fact_writing,
    population_front_statements,
    profile_position_statements,
    profile_search_statements,
    profile_statements,
    run_statements,
    step_analysis_statements,
    step_reading_statements,
    step_rollup_statements,
)
from hegel_store.schema import training_steps
from hegel_store.search.near import near_statement
from hegel_store.search.statement import Search, build
from hegel_store.transfer import statements as transfer_statements
from hegel_store.transfer.tables import TABLES

SENTINEL = "s3nt1nel'\"\\;--%s:x"
IDENTIFIER = UUID("deadbeef-dead-7eef-beef-deadbeefdead")
MOMENT = datetime(2345, 6, 7, 8, 9, 10, tzinfo=UTC)
LATER = MOMENT.replace(year=2346)
NUMBER = 987_654
SHARE = 0.7654321
SLOTS = [slot for size in DIMENSIONS for slot in slots_for("slot", size)]

MODULES = [
    importlib.import_module(f"{package.__name__}.{found.name}")
    for package in (
        repositories,
        replicas,
        archive,
        transfer,
        importers,
        gepa,
        openevolve,
        baselines,
        doctor,
        row_security,
        erasing,
        maintenance,
        tuning,
        role_operations,
        vector_indexes,
        watching,
    )
    for found in pkgutil.iter_modules(package.__path__)
] + [evaluation_flag, giving_way]

# As it would look in a text that holds it, whatever surrounds it.
TRACES = ("s3nt1nel", "deadbeef", "2345", str(NUMBER), str(SHARE))


def sql(statement: Executable) -> str:
    return str(statement.compile(dialect=postgresql.psycopg.dialect()))


def require_clean(statement: Executable) -> None:
    compiled = sql(statement)
    found = [trace for trace in TRACES if trace in compiled]
    assert not found, compiled


def bound(statement: Executable) -> set[object]:
    compiled = statement.compile(dialect=postgresql.psycopg.dialect())
    return {value for value in compiled.params.values() if not isinstance(value, list)}


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (profile_statements.get(SENTINEL, IDENTIFIER), 2),
        (profile_statements.get_version(SENTINEL, SENTINEL + "2", NUMBER), 3),
        (profile_position_statements.newest_version(SENTINEL, SENTINEL + "2"), 2),
        (
            profile_position_statements.aliased_version(SENTINEL, SENTINEL + "2", SENTINEL + "3"),
            3,
        ),
        (profile_position_statements.newer(SENTINEL, SENTINEL + "2", NUMBER, 10 * NUMBER), 4),
        (profile_position_statements.newest(SENTINEL, SENTINEL + "2", NUMBER), 3),
        (
            profile_position_statements.aliased(SENTINEL, SENTINEL + "2", SENTINEL + "3", NUMBER),
            4,
        ),
        (step_reading_statements.recent(SENTINEL, SENTINEL + "2", NUMBER), 3),
        (step_reading_statements.search(SENTINEL, SENTINEL + "2", SENTINEL + "3", NUMBER), 4),
        (step_reading_statements.search(SENTINEL, None, None, NUMBER), 2),
        (step_reading_statements.search_highlighted(SENTINEL, SENTINEL, SENTINEL, NUMBER), 2),
        (step_reading_statements.by_profile(SENTINEL, IDENTIFIER, NUMBER), 3),
        (step_reading_statements.by_run(SENTINEL, SENTINEL + "2", NUMBER), 3),
        (step_reading_statements.get(SENTINEL, IDENTIFIER), 2),
        (step_reading_statements.get(SENTINEL, IDENTIFIER, MOMENT, LATER), 4),
        (
            step_reading_statements.failures(SENTINEL, SENTINEL + "2", IDENTIFIER, MOMENT, NUMBER),
            5,
        ),
        (run_statements.save_state(NUMBER), 0),
        (
            archive_statements.steps_of(
                training_steps,
                StepFilter(
                    corpus_id=SENTINEL,
                    task_type=SENTINEL + "2",
                    run_id=SENTINEL + "3",
                    since=MOMENT,
                    until=MOMENT.replace(year=2346),
                ),
            ),
            5,
        ),
        (mlflow_prompts.imported(SENTINEL, SENTINEL + "2"), 2),
        (transfer_statements.scopes_reached(SENTINEL, SENTINEL + "2"), 2),
        (
            step_analysis_statements.compare(
                IDENTIFIER, SENTINEL, MOMENT, LATER, SENTINEL + "2", SENTINEL + "3", SENTINEL + "4"
            ),
            7,
        ),
        (
            step_analysis_statements.moving_average(
                SENTINEL, SENTINEL + "2", NUMBER, MOMENT, LATER, SENTINEL + "3"
            ),
            6,
        ),
    ],
)
def test_values_are_bound_in_statements_made_from_them(statement: Executable, values: int) -> None:
    require_clean(statement)
    sentinels = {
        value
        for value in bound(statement)
        if any(trace in str(value) for trace in (*TRACES, "2346"))
    }
    assert len(sentinels) == values, "each value is there, as a parameter"


@pytest.mark.parametrize("table", TABLES)
def test_statements_that_move_scopes_hold_none_of_their_values(table: str) -> None:
    carried = TABLES[table]
    for made_of in (transfer_statements.rows_of, transfer_statements.count):
        statement = made_of(carried, SENTINEL, [SENTINEL + "2"])
        require_clean(statement)
        given = list(statement.compile().params.values())
        assert given.count(SENTINEL) == given.count([SENTINEL + "2"]) == 1
    made = [
        transfer_statements.take_scopes(),
        transfer_statements.taken_version(),
        transfer_statements.alias_elsewhere(),
        *map(transfer_statements.differing, transfer_statements.COMPARED),
        transfer_statements.add(carried),
        *(transfer_statements.unresolved(carried, name) for name in carried.references),
    ]
    for statement in made:
        values = statement.compile(dialect=postgresql.psycopg.dialect()).params.values()
        assert set(values) <= {1}, "made of tables alone, but for a limit"


def test_what_a_run_is_known_by_is_bound() -> None:
    statement = gepa_runs.imported(SENTINEL, SENTINEL + "2", SENTINEL + "3")
    require_clean(statement)
    given = list(statement.compile().params.values())
    assert {"gepa": {"run": SENTINEL + "3"}} in given
    statement = programs_of(SENTINEL, SENTINEL + "2", SENTINEL + "3", NUMBER)
    require_clean(statement)
    assert {"dspy": {"run": SENTINEL + "3"}} in statement.compile().params.values()


def searches() -> list[Search]:
    given = FactFilter(
        categories=[SENTINEL],
        labels=[SENTINEL],
        min_confidence=SHARE,
        freshness=["stale"],
        intents=[SENTINEL],
        metadata={SENTINEL: SENTINEL},
        created_after=MOMENT,
        created_before=MOMENT,
        as_of=MOMENT,
    )
    return [
        Search(
            query=SENTINEL,
            corpus_id=corpus,
            limit=9_876,
            mode=mode,
            filters=filters,
            vector_weight=SHARE,
            length_normalisation=SHARE,
            freshness_weight=SHARE,
            usefulness_weight=SHARE,
            candidates=9_875,
            fusion=fusion,
            language="yiddish",
            embedding=None if mode == "text" else np.full(size_of(slot), SHARE, dtype=np.float32),
            place=Place(SENTINEL, slot, Maker(SENTINEL, size_of(slot), True, SENTINEL)),
        )
        for corpus, mode, filters, fusion, slot in product(
            (None, SENTINEL),
            ("text", "vector", "hybrid"),
            (given, FactFilter()),
            ("convex", "rrf"),
            SLOTS,
        )
    ]


def test_searches_hold_none_of_their_values() -> None:
    for search in searches():
        statement, parameters = build(search)
        require_clean(statement)
        compiled = sql(statement)
        assert not [trace for trace in ("9876", "9875", "yiddish", "stale") if trace in compiled]
        named = set(statement.compile().params)
        assert named == set(parameters), "every parameter is given, and none in vain"
        if search.mode != "vector":
            assert parameters["query"] == SENTINEL
        if search.corpus_id is not None:
            assert parameters["corpus_id"] == SENTINEL


def test_summaries_of_all_groups_take_their_values_by_name() -> None:
    for count in range(5):
        statement = step_rollup_statements.reward_summary(get_args(Grouping)[:count])
        assert not set("{%") & set(str(statement))
        assert set(statement.compile().params) == {
            "since",
            "until",
            "corpus_id",
            "task_type",
            "step_type",
        }


def test_searches_inside_prompts_take_their_values_by_name() -> None:
    every = set(profile_search_statements.FILTERS)
    scope = {"corpus_id", "task_type", "containing", "limit"}
    marking = {"marks", "short", "whole", "passages"}
    for role in (None, "worker", SENTINEL):
        of_role = set() if role is None else {"role"}
        highlighted = profile_search_statements.by_words(role, every, highlights=True)
        substring = profile_search_statements.by_substring(role, every)
        require_clean(highlighted)
        require_clean(substring)
        words = {"text", "ranked"}
        assert set(highlighted.compile().params) == scope | marking | words | of_role
        assert set(substring.compile().params) == scope | {"pattern", "json_pattern"} | of_role
    assert set(profile_search_statements.by_filters(every).compile().params) == scope
    assert set(profile_search_statements.by_words(SENTINEL, []).compile().params) == {
        "text",
        "limit",
        "ranked",
        "role",
    }


@pytest.mark.parametrize("objectives", [1, 2, 16])
def test_fronts_of_any_number_of_objectives_take_their_names_as_one_array(objectives: int) -> None:
    for statement in (
        population_front_statements.front(objectives),
        population_front_statements.prune(objectives),
    ):
        assert not set("{%") & set(str(statement))
        assert set(statement.compile().params) == {
            "corpus_id",
            "task_type",
            "population",
            "island",
            "objectives",
            "signs",
        }


def test_expected_version_is_bound() -> None:
    for expected in (None, 0, NUMBER):
        statement = profile_statements.append(expected)
        require_clean(statement)
        assert (":expected_version" in str(statement)) is bool(expected)


def test_search_text_of_two_users_is_the_same_statement() -> None:
    def texts(word: str) -> list[str]:
        return [
            sql(step_reading_statements.search(word, word, word, 7)),
            sql(step_reading_statements.recent(word, word, 7)),
        ]

    assert texts("a") == texts("'; DROP TABLE hegel_facts; --")


@pytest.mark.parametrize("slot", SLOTS)
def test_statements_of_facts_differ_in_nothing_but_their_column(slot: str) -> None:
    """The only names put into these texts are those of columns that exist."""
    model = fact_writing.insert_statement(["embedding_7"])
    model = model.replace("halfvec(7)", f"halfvec({size_of(slot)})").replace("embedding_7", slot)
    assert fact_writing.insert_statement([slot]) == model
    model = fact_writing.embedded_statement("SLOT")
    assert fact_writing.embedded_statement(slot) == model.replace("SLOT", slot)
    model = str(near_statement("embedding_7"))
    # By the column itself, which one of an application's own has no function for.
    model = model.replace(
        "ORDER BY fact.embedding_7", f"ORDER BY {key_function('embedding_7')}(fact.embedding_7)"
    )
    model = model.replace("halfvec(7)", f"halfvec({size_of(slot)})").replace("embedding_7", slot)
    assert str(near_statement(slot)) == model


def test_names_of_tables_that_are_erased_are_quoted_and_nothing_else_is_in_the_statements() -> None:
    odd = CorpusTable(7, 'a"; DROP :x', "hegel_facts", "hegel_facts")
    for made_of, named in (
        (erasing_statements.count, {"corpus_id"}),
        (erasing_statements.delete, {"corpus_id", "batch"}),
        (erasing_statements.analyze, set()),
        (erasing_statements.forget_statistics, {"oid"}),
    ):
        statement = made_of(odd)
        assert '"a""; DROP :x"."hegel_facts"' in sql(statement)
        assert set(statement.compile().params) == named


def test_names_of_months_are_quoted_wherever_they_stand() -> None:
    """A schema may be called anything, and takes no part in the statement but as a name."""
    odd = 'a"; DROP :x %s'
    month = archive_statements.month_table(odd, "hegel_training_steps_2024_05")
    quoted = '"a""; DROP :x %%s".'
    for statement in (
        archive_statements.detach(month),
        archive_statements.detach(month, finish=True),
        archive_statements.lock(month),
        archive_statements.drop(month),
        archive_statements.checksum(month),
        archive_statements.steps_of(month, StepFilter()),
    ):
        assert quoted in sql(statement)
        assert statement.compile().params == {}


def test_the_schema_of_an_extension_is_a_name_and_nothing_else() -> None:
    odd = 'a"; DROP :x %s'
    for measure in (bloat.measure_table, bloat.measure_btree):
        statement = measure(odd)
        assert '"a""; DROP :x %%s".' in sql(statement)
        assert set(statement.compile().params) == {"oid"}


@pytest.mark.parametrize("order", get_args(usage_statements.Order))
def test_counted_statements_are_asked_for_by_a_quoted_name(order: usage_statements.Order) -> None:
    odd = 'a"; DROP :x %s'
    statement = usage_statements.statements_by(order, odd)
    assert '"a""; DROP :x %%s"."pg_stat_statements"' in sql(statement)
    assert set(statement.compile().params) == {"role", "limit"}
    assert set(usage_statements.roles(odd).compile().params) == {"role"}
    assert usage_statements.one_count(odd).compile().params == {}


def test_views_of_counted_statements_are_made_of_quoted_names() -> None:
    """DDL takes no parameters."""
    odd, quoted = 'a"; DROP :x %s', '"a""; DROP :x %s"'
    made = usage_statements.create_views(odd, odd)
    assert [one.count("DROP :x") for one in made] == [2, 2]
    for statement in (*made, *usage_statements.drop_views(odd)):
        assert statement.count(quoted) == statement.count("DROP :x") > 0


def test_statements_of_indexes_quote_what_they_are_given() -> None:
    """DDL takes no parameters, so that names and comments are quoted wherever they stand."""
    odd, quoted = 'a"; DROP :x %s', '"a""; DROP :x %s"'
    for statement in (
        index_statements.drop(odd, "index"),
        index_statements.rename(odd, "index", "other"),
        index_statements.rename("home", "index", odd),
        index_statements.comment(odd, "index", None),
        index_statements.create(odd, "home", "embedding_384", "plain", "hnsw", {"m": 4}, "true"),
    ):
        assert quoted in statement
        assert statement.count("DROP :x") == 1
    assert index_statements.comment("home", "index", "it's").endswith(" IS 'it''s'")
    assert index_statements.comment("home", "index", None).endswith(" IS NULL")
    assert index_statements.set_local("lock_timeout", "'; x").endswith("'" * 3 + "; x'")
    with pytest.raises(ValueError, match="format code 'd'"):
        index_statements.create("i", "home", "embedding_384", "plain", "hnsw", {"m": "4)"}, "true")


def test_names_and_values_of_settings_are_quoted() -> None:
    """ALTER SYSTEM takes no parameters."""
    quote = "'s3nt1nel''"
    assert quote in tuning_statements.alter("work_mem", "s3nt1nel'").replace('"', "")
    assert '"a""; DROP" = ' in tuning_statements.alter('a"; DROP', "1")
    assert '"a""; DROP"' in tuning_statements.alter('a"; DROP', None)


def test_tables_that_are_sampled_are_quoted_and_what_is_changed_is_bound() -> None:
    made = maintained_indexes.sample_statements(
        'a"; DROP :x', "t", "CREATE INDEX i ON t USING gin (c)"
    )
    assert '"a""; DROP :x"."t"' in sql(made[0])
    assert [set(statement.compile().params) for statement in made] == [
        set(),
        {"share", "wanted"},
        set(),
    ]
    for statement in (maintenance_statements.EXPIRE, maintenance_statements.PURGE):
        assert {"after_corpus", "after_id", "batch"} <= set(statement.compile().params)


def test_statements_of_roles_quote_what_they_are_given() -> None:
    """DDL takes no parameters: names and values are quoted wherever they stand."""
    odd, quoted = 'a"; DROP :x %s', '"a""; DROP :x %s"'
    for statement in (
        role_statements.create(odd, 3),
        role_statements.become(odd),
        role_statements.let_log_in(odd),
        role_statements.limit(odd, 3),
        role_statements.weaken(odd, ["SUPERUSER"]),
        role_statements.leave("role", odd),
        role_statements.load_vector(odd),
        role_statements.set_for("role", odd, "work_mem", "1"),
        role_statements.own("TABLE", "given", odd),
        role_statements.grant(["SELECT"], "given", odd),
        role_statements.revoke([role_statements.on_columns("UPDATE", [odd])], "given", "PUBLIC"),
    ):
        assert quoted in statement
        assert statement.count("DROP :x") == 1
    assert role_statements.set_for("r", "d", "work_mem", "'; x").endswith("'" * 3 + "; x'")
    assert role_statements.grant(["SELECT"], "given", "PUBLIC").endswith(" TO PUBLIC")


def fixed_statements(module: ModuleType) -> dict[str, str]:
    return {
        name: str(value)
        for name, value in vars(module).items()
        if isinstance(value, TextClause | TextualSelect)
    }


def test_fixed_statements_take_all_their_values_by_name() -> None:
    """Written at import time, when there is no user yet; none is a template to be filled later."""
    for module in MODULES:
        for name, statement in fixed_statements(module).items():
            assert not set("{%") & set(statement), f"{module.__name__}.{name}"
    assert sum(bool(fixed_statements(module)) for module in MODULES) > 12


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.split(".")[-1])
def test_repositories_compose_no_sql_of_their_own(module: ModuleType) -> None:
    """Texts are made in functions and constants of statements, never inside a method."""
    for name, kind in inspect.getmembers(module, inspect.isclass):
        if kind.__module__ == module.__name__:
            source = inspect.getsource(kind)
            assert 'text(f"' not in source, name
            assert "SELECT" not in source, name
