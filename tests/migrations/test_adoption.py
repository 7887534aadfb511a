"""A database with the three tables of an earlier, hand-written schema is taken over whole."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from alembic import command
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import Engine, event

import hegel_store
from hegel_store import cli, migrate
from hegel_store.adoption import adopt
from hegel_store.errors import DatabaseError, InvalidInput
from hegel_store.models import NewStep
from hegel_store.settings import DatabaseAddress, parse_address
from hegel_store.store import Store
from tests.migrations.catalog import catalog

GUIDE = Path(__file__).parents[2] / "docs/how-to/adopt.md"

STEPS = 2_600
# Rows of the old tables and of ours; two profiles stand for missing ones.
COUNTED = [(8, 10), (STEPS, STEPS), (6, 6)]
KINDS = ("prompt_profiles", "training_steps", "profile_populations")
LAST = 2**128 - 1
NOWHERE = UUID(int=0xDEAD)
FIRST, CHILD, TWIN, OBJECT, ELSEWHERE, ADRIFT, *CIRCLE = (UUID(int=n) for n in range(1, 9))


def at(day: int, hour: int = 12) -> datetime:
    """A time without a zone, as the old columns hold it."""
    return datetime(2024, 5, day, hour)


@dataclass(frozen=True)
class Old:
    """How the earlier schema calls its tables, and where it keeps the prompts of roles."""

    prefix: str
    has_document: bool

    def table(self, kind: str) -> sql.Identifier:
        return sql.Identifier(self.prefix + kind)

    def profile(self, connection: psycopg.Connection, id: UUID, roles: object, **rest) -> None:
        document = {"profile": Jsonb({"role_prompts": roles, "rounds": 3})}
        self.insert(
            connection,
            "prompt_profiles",
            id=id,
            **(document if self.has_document else {"role_prompts": Jsonb(roles)}),
            **({"task_type": "qa", "corpus_id": "news", "created_at": at(1)} | rest),
        )

    def step(self, connection: psycopg.Connection, id: int, **rest: object) -> None:
        values = {"corpus_id": "news", "task_type": "qa", "created_at": at(2), "query": "Où ?"}
        values |= {"predicted_answer": "Là.", "old_profile_id": FIRST, "id": UUID(int=id)}
        self.insert(connection, "training_steps", **(values | rest))

    def member(self, connection: psycopg.Connection, id: int, **rest: object) -> None:
        values = {"corpus_id": "news", "task_type": "qa", "profile_id": FIRST, "id": UUID(int=id)}
        self.insert(connection, "profile_populations", **(values | rest))

    def insert(self, connection: psycopg.Connection, kind: str, **values: object) -> None:
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            self.table(kind),
            sql.SQL(", ").join(sql.Identifier(name.replace("%", "%%")) for name in values),
            sql.SQL(", ").join(sql.Placeholder() * len(values)),
        )
        connection.execute(statement, list(values.values()))

    def make_tables(self, connection: psycopg.Connection) -> None:
        document = "profile" if self.has_document else "role_prompts"
        for kind, columns in (
            (
                "prompt_profiles",
                f"""id uuid PRIMARY KEY DEFAULT gen_random_uuid(), corpus_id text,
                task_type varchar(255), base_profile_id uuid, {document} jsonb,
                "50% :off" numeric, performance_stats jsonb, metadata jsonb,
                created_at timestamp, updated_at timestamptz""",
            ),
            (
                "training_steps",
                """id uuid PRIMARY KEY DEFAULT gen_random_uuid(), corpus_id varchar(500),
                task_type varchar, query text, predicted_answer text, gold_answer text,
                old_profile_id uuid, new_profile_id uuid, reward numeric, metrics jsonb,
                debate_trace json, step_type text, optimization_strategy varchar,
                processing_time_ms int, created_at timestamp, cost numeric""",
            ),
            (
                "profile_populations",
                """id uuid PRIMARY KEY DEFAULT gen_random_uuid(), corpus_id text, task_type text,
                profile_id uuid, fitness_score numeric, generation int, selection_count int,
                metadata jsonb, created_at timestamptz, last_updated timestamptz""",
            ),
        ):
            made = sql.SQL("CREATE TABLE {} ({})").format(self.table(kind), sql.SQL(columns))
            connection.execute(made)

    def fill(self, connection: psycopg.Connection) -> None:
        """Rows of which most are awkward in some way."""
        roles = {"worker": "Réponds 🦔.", "reviewer": {"system_prompt": "Check.", "strict": True}}
        self.profile(connection, FIRST, roles, performance_stats=Jsonb({"wins": 2}))
        # A child from before its parent, and two of the same time.
        self.profile(connection, CHILD, {}, base_profile_id=TWIN, created_at=at(1, 10))
        self.profile(connection, TWIN, {}, base_profile_id=FIRST, metadata=Jsonb(["a list"]))
        self.profile(connection, OBJECT, {}, metadata=Jsonb({"adopted": "a pet", "of": "mine"}))
        self.profile(
            connection, ELSEWHERE, {}, corpus_id=None, task_type=None, base_profile_id=FIRST
        )
        self.profile(
            connection, ADRIFT, {}, base_profile_id=NOWHERE, created_at=None, **{"50% :off": "0.50"}
        )
        for mine, base in zip(CIRCLE, reversed(CIRCLE), strict=True):
            self.profile(connection, mine, {}, corpus_id="circle", base_profile_id=base)

        digits = Jsonb({"n": 0.5, "adopted": 1})
        self.step(connection, 1, reward="0.0", new_profile_id=CHILD, gold_answer="Là-bas 🦔.")
        self.step(connection, 2, reward=None, metrics=digits, processing_time_ms=-1)
        self.step(connection, 3, reward="NaN", old_profile_id=None, cost="0.1234567890123456789")
        self.step(connection, 4, old_profile_id=NOWHERE, new_profile_id=ELSEWHERE)
        self.step(connection, 5, old_profile_id=FIRST, corpus_id=None, step_type="dreaming")
        self.step(connection, 6, query=None, debate_trace=json.dumps(["Pro", "Contra"]))
        self.step(connection, LAST, created_at=at(1).replace(year=2023, month=12), reward="1e400")
        self.step(connection, 0, created_at=None, task_type="summary", optimization_strategy="")
        connection.execute(
            sql.SQL(
                """
                INSERT INTO {} (corpus_id, task_type, query, predicted_answer, old_profile_id,
                                reward, created_at)
                SELECT 'news', 'qa', 'q' || n, 'a' || n, %s, n / 7.0,
                       timestamp '2024-03-01' + n * interval '1 hour'
                FROM generate_series(9, %s) AS n
                """
            ).format(self.table("training_steps")),
            [FIRST, STEPS],
        )

        self.member(connection, 1, fitness_score="0.5", last_updated=at(3), generation=4)
        self.member(connection, 2, fitness_score="0.9", last_updated=at(2))
        self.member(connection, 3, fitness_score="NaN", last_updated=at(1), metadata=Jsonb([1]))
        self.member(connection, 4, fitness_score="0.7", profile_id=CHILD, selection_count=5)
        self.member(connection, 5, fitness_score="0.99", profile_id=NOWHERE)
        self.member(connection, 6, fitness_score="0", profile_id=ELSEWHERE, corpus_id=None)
        connection.commit()


@pytest.fixture(params=[("hegel_", False), ("", True)], ids=["ours and roles", "bare and document"])
def old(request: pytest.FixtureRequest, empty_postgresql: psycopg.Connection) -> Old:
    """An earlier schema, filled, in a database that was never migrated."""
    made = Old(*request.param)
    made.make_tables(empty_postgresql)
    made.fill(empty_postgresql)
    return made


@pytest.fixture
def adopted(old: Old, empty_url: str) -> Iterator[Store]:
    adopt(parse_address(empty_url, "the test"))
    with hegel_store.connect(empty_url) as connected:
        yield connected


def rows(connection: psycopg.Connection, query: str) -> list[tuple[object, ...]]:
    found = connection.execute(query).fetchall()
    connection.rollback()
    return found


def everything(connection: psycopg.Connection, schemas: str = "public|hegel_adopted"):
    """Every row of every table and what is in the catalog, to be compared before and after."""
    tables = rows(
        connection,
        f"""
        SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname ~ '^({schemas})$' AND relkind = 'r' AND NOT relispartition
        """,
    )
    found = {
        table: Counter(
            connection.execute(
                sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(*table))
            ).fetchall()
        )
        for table in tables
    }
    return catalog(connection), found


def old_rows(connection: psycopg.Connection, old: Old, schema: str) -> list[Counter[str]]:
    _, found = everything(connection, schema)
    return [found[schema, old.prefix + kind] for kind in KINDS]


def killed(address: DatabaseAddress, moment: str, is_due: Callable[..., bool]) -> bool:
    """Adopt in a process that is killed when SQLAlchemy's event is due; whether it was."""
    child = os.fork()
    if child == 0:
        try:
            event.listen(Engine, moment, lambda *given: is_due(*given) and _die())
            adopt(address)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_before_commit(address: DatabaseAddress, number: int) -> bool:
    commits = count(1)
    return killed(address, "commit", lambda connection: next(commits) == number)


def killed_before_statement(address: DatabaseAddress, words: str) -> bool:
    return killed(address, "before_cursor_execute", lambda *given: words in given[2])


def test_every_old_row_is_kept_as_it_was_and_stands_in_ours(old, empty_url, empty_postgresql):
    before = old_rows(empty_postgresql, old, "public")
    report = adopt(parse_address(empty_url, "the test"))
    assert old_rows(empty_postgresql, old, "hegel_adopted") == before
    counted = [(table.old_rows, table.rows) for table in report.tables]
    assert counted == COUNTED
    assert report.stand_ins == 2
    for kind in ("prompt_profiles", "training_steps"):
        theirs, ours = f"hegel_adopted.{old.prefix}{kind}", f"hegel_{kind}"
        missing = f"SELECT id FROM {theirs} EXCEPT SELECT id FROM {ours}"
        assert rows(empty_postgresql, missing) == []


def test_roles_are_lifted_and_what_has_no_place_is_kept(old, adopted):
    first = adopted.profiles.get("news", FIRST)
    roles = {
        "worker": {"system_prompt": "Réponds 🦔."},
        "reviewer": {"system_prompt": "Check.", "strict": True},
    }
    assert first.profile == roles | ({"rounds": 3} if old.has_document else {})
    assert first.performance_stats == {"wins": 2}
    assert first.metadata == {}
    assert first.created_at == at(1).replace(tzinfo=UTC)
    assert first.updated_at == first.created_at
    metadata = {id: adopted.profiles.get("news", id).metadata for id in (TWIN, OBJECT, ADRIFT)}
    assert metadata == {
        TWIN: {"adopted": {"metadata": ["a list"]}},
        OBJECT: {"adopted": {"metadata": {"adopted": "a pet", "of": "mine"}}},
        ADRIFT: {"adopted": {"base_profile_id": str(NOWHERE), "50% :off": 0.5}},
    }
    assert adopted.profiles.get("default", ELSEWHERE).metadata == {
        "adopted": {"base_profile_id": str(FIRST)}
    }


def test_history_lineage_and_search_work_and_appending_goes_on(adopted):
    history = adopted.profiles.history("news", "qa")
    assert [profile.version for profile in history] == [6, 5, 4, 3, 2, 1]
    stand_in = history[-1]
    assert [profile.id for profile in history[:-1]] == [OBJECT, TWIN, FIRST, CHILD, ADRIFT]
    assert (stand_in.profile, "missing" in stand_in.metadata["stands_for"]) == ({}, True)
    assert [p.id for p in adopted.profiles.lineage("news", CHILD)] == [CHILD, TWIN, FIRST]
    assert [p.id for p in adopted.profiles.search("Réponds", role="worker")] == [FIRST]
    assert adopted.profiles.latest("news", "qa").id == OBJECT
    made = adopted.profiles.append("news", "qa", {}, base=OBJECT, expected_version=6)
    assert made.version == 7
    assert adopted.profiles.latest("news", "qa") == made


def test_a_circle_of_bases_is_cut_where_the_older_one_would_be_the_child(adopted):
    older, younger = (adopted.profiles.get("circle", id) for id in CIRCLE)
    assert older.base_profile_id is None
    assert older.metadata == {"adopted": {"base_profile_id": str(younger.id)}}
    assert younger.base_profile_id == older.id


def test_steps_keep_their_rewards_and_what_they_refer_to(adopted, empty_postgresql):
    found = {step.id.int: step for step in adopted.steps.recent("news", "qa", limit=STEPS)}
    assert len(found) == STEPS - 2
    assert found[1].reward == 0.0
    assert found[1].new_profile_id == CHILD
    assert found[1].gold_answer == "Là-bas 🦔."
    assert found[1].created_at == at(2).replace(tzinfo=UTC)
    assert (found[2].reward, found[2].metrics["adopted"]["metrics"]) == (
        None,
        {"n": 0.5, "adopted": 1},
    )
    assert found[2].metrics["adopted"]["processing_time_ms"] == -1
    assert found[3].reward is None
    assert found[3].metrics["adopted"]["reward"] == "NaN"
    stand_in = adopted.profiles.history("news", "qa")[-1].id
    assert {found[3].old_profile_id, found[4].old_profile_id} == {stand_in}
    assert found[4].metrics["adopted"] == {
        "old_profile_id": str(NOWHERE),
        "new_profile_id": str(ELSEWHERE),
    }
    assert (found[6].query, found[6].debate_trace) == ("", {})
    assert found[6].metrics["adopted"] == {"debate_trace": ["Pro", "Contra"]}
    assert found[LAST].created_at.month == 12
    assert found[LAST].metrics["adopted"] == {"reward": 10**400}
    (step,) = adopted.steps.recent("default", "qa")
    assert step.metrics["adopted"] == {"step_type": "dreaming", "old_profile_id": str(FIRST)}
    (step,) = adopted.steps.recent("news", "summary")
    assert step.created_at == datetime(2000, 1, 1, tzinfo=UTC)
    ((cost,),) = rows(
        empty_postgresql,
        """
        SELECT metrics #>> '{adopted,cost}'
        FROM hegel_training_steps WHERE metrics @? '$.adopted.cost'
        """,
    )
    assert cost == "0.1234567890123456789"
    assert adopted.steps.log(
        NewStep(
            corpus_id="news",
            task_type="qa",
            old_profile_id=FIRST,
            query="",
            predicted_answer="",
        )
    )


def test_contents_of_all_plain_steps_are_those_of_the_old_table(old, adopted, empty_postgresql):
    compared = """
        SELECT id, query, predicted_answer, reward::float8, created_at{}, old_profile_id
        FROM {} WHERE query ~ '^q[0-9]+$' ORDER BY id
    """
    table = f"hegel_adopted.{old.prefix}training_steps"
    theirs = rows(empty_postgresql, compared.format(" AT TIME ZONE 'UTC'", table))
    assert len(theirs) == STEPS - 8
    assert rows(empty_postgresql, compared.format("", "hegel_training_steps")) == theirs


def test_several_members_of_one_profile_are_all_kept_the_newest_in_its_population(adopted):
    fittest = adopted.populations.fittest("news", "qa")
    assert [(member.profile_id, member.fitness) for member in fittest] == [
        (CHILD, 0.7),
        (FIRST, 0.5),
    ]
    assert (fittest[0].selection_count, fittest[1].generation) == (5, 4)
    assert fittest[1].metadata == {"adopted": {"id": str(UUID(int=1))}}
    (second,) = adopted.populations.fittest("news", "qa", population="default#2")
    assert (second.fitness, second.metadata) == (0.9, {"adopted": {"id": str(UUID(int=2))}})
    assert adopted.populations.fittest("news", "qa", population="default#3") == []
    third = adopted.populations.add("news", "qa", FIRST, population="default#3", fitness=0.1)
    assert third.metadata["adopted"] == {
        "id": str(UUID(int=3)),
        "fitness_score": "NaN",
        "metadata": [1],
    }
    (zero,) = adopted.populations.fittest("default", "qa")
    assert zero.fitness == 0.0


def test_a_member_of_a_missing_profile_is_kept_and_evicted(adopted, empty_postgresql):
    kept = rows(
        empty_postgresql,
        """
        SELECT fitness_score, evicted_at IS NOT NULL, population_metadata #>> '{adopted,profile_id}'
        FROM hegel_profile_populations JOIN hegel_prompt_profiles AS profile
          ON profile.id = profile_id AND profile.metadata ? 'stands_for'
        """,
    )
    assert kept == [(0.99, True, str(NOWHERE))]


def test_the_tables_in_python_equal_the_adopted_database(adopted, config, empty_url):
    with migrate.connection_to(parse_address(empty_url, "the test")) as connection:
        config.attributes["connection"] = connection
        command.check(config)


def test_adopting_twice_changes_nothing(old, empty_url, empty_postgresql):
    address = parse_address(empty_url, "the test")
    report = adopt(address)
    before = everything(empty_postgresql)
    assert adopt(address) == report
    assert everything(empty_postgresql) == before


def test_a_run_killed_at_any_commit_is_finished_by_another(old, empty_url, empty_postgresql):
    address = parse_address(empty_url, "the test")
    before = old_rows(empty_postgresql, old, "public")
    survived = next(number for number in count(1) if not killed_before_commit(address, number))
    assert survived > 20
    assert [(table.old_rows, table.rows) for table in adopt(address).tables] == COUNTED
    assert old_rows(empty_postgresql, old, "hegel_adopted") == before
    with hegel_store.connect(empty_url) as store:
        assert [p.version for p in store.profiles.history("news", "qa")] == [6, 5, 4, 3, 2, 1]


def test_a_profile_appended_between_two_runs_comes_after_all_old_ones(old, empty_url):
    address = parse_address(empty_url, "the test")
    assert killed_before_statement(address, "INSERT INTO hegel_prompt_profiles")
    with hegel_store.connect(empty_url) as store:
        appended = store.profiles.append("news", "qa", {})
        assert appended.version == 7
        adopt(address)
        assert [p.version for p in store.profiles.history("news", "qa")] == [7, 6, 5, 4, 3, 2, 1]
        assert store.profiles.latest("news", "qa") == appended


def test_adoptions_side_by_side_do_it_once(old, empty_url):
    address = parse_address(empty_url, "the test")
    with ThreadPoolExecutor() as threads:
        reports = list(threads.map(lambda _: adopt(address), range(3)))
    assert [(table.old_rows, table.rows) for table in reports[0].tables] == COUNTED
    assert reports == [reports[0]] * 3


def test_a_writer_in_its_transaction_is_waited_for_by_trying_again(
    old, empty_url, empty_postgresql
):
    old.step(empty_postgresql, 99)
    release = threading.Timer(3.0, empty_postgresql.commit)  # longer than one lock timeout
    release.start()
    report = adopt(parse_address(empty_url, "the test"))
    release.join()
    assert report.tables[1].old_rows == STEPS + 1


def test_old_tables_of_another_schema_are_kept_where_told(old, empty_url, empty_postgresql):
    empty_postgresql.execute('CREATE SCHEMA "the 5% :past"')
    for kind in KINDS:
        empty_postgresql.execute(
            sql.SQL('ALTER TABLE {} SET SCHEMA "the 5% :past"').format(old.table(kind))
        )
    empty_postgresql.commit()
    address = parse_address(empty_url, "the test")
    report = adopt(address, schema="the 5% :past", keep_in='kept "here" %s')
    assert [(table.old_rows, table.rows) for table in report.tables] == COUNTED
    assert adopt(address, schema="the 5% :past", keep_in='kept "here" %s') == report


def test_a_store_in_use_is_joined_by_the_old_rows(store, url, postgresql):
    old = Old("", True)
    old.make_tables(postgresql)
    old.fill(postgresql)
    own = store.profiles.append("sport", "qa", {"worker": {}})
    adopt(parse_address(url, "the test"))
    assert store.profiles.history("sport", "qa") == [own]
    assert store.profiles.latest("news", "qa").id == OBJECT


def test_a_store_in_use_whose_versions_would_be_taken_is_left_alone(store, url, postgresql):
    old = Old("", True)
    old.make_tables(postgresql)
    old.fill(postgresql)
    store.profiles.append("news", "qa", {"worker": {}})
    before = everything(postgresql)
    with pytest.raises(InvalidInput, match="a scope in which hegel_prompt_profiles holds other"):
        adopt(parse_address(url, "the test"))
    assert everything(postgresql) == before


def test_an_upgrade_that_met_the_old_tables_first_does_no_harm(empty_url, empty_postgresql):
    """It makes the functions and stops at the first table whose name is taken."""
    old = Old("hegel_", False)
    old.make_tables(empty_postgresql)
    old.fill(empty_postgresql)
    address = parse_address(empty_url, "the test")
    with pytest.raises(DatabaseError, match="already exists"):
        migrate.upgrade(address)
    assert [(table.old_rows, table.rows) for table in adopt(address).tables] == COUNTED


def test_the_way_back_in_the_guide_leads_to_where_it_began(empty_url, empty_postgresql):
    old = Old("", True)
    old.make_tables(empty_postgresql)
    old.fill(empty_postgresql)
    before = old_rows(empty_postgresql, old, "public")
    address = parse_address(empty_url, "the test")
    report = adopt(address)
    missing, aside, dropping, back = re.findall(r"```sql\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert rows(empty_postgresql, missing) == []
    assert len(rows(empty_postgresql, aside)) == 6
    migrate.downgrade(address, "base")
    empty_postgresql.execute(back)
    empty_postgresql.commit()
    assert old_rows(empty_postgresql, old, "public") == before
    assert adopt(address) == report
    empty_postgresql.execute(dropping)
    empty_postgresql.commit()
    with hegel_store.connect(empty_url) as store:
        assert store.profiles.latest("news", "qa").id == OBJECT


def test_roles_of_a_column_come_last_and_a_document_they_hide_is_kept(empty_url, empty_postgresql):
    old = Old("", True)
    old.make_tables(empty_postgresql)
    empty_postgresql.execute("ALTER TABLE prompt_profiles ADD role_prompts text")
    document = {"worker": 1, "rounds": 3, "role_prompts": {"worker": "a", "judge": "b"}}
    plain = {"role_prompts": ["no", "roles"], "rounds": 2}
    for id, given, roles in (
        (FIRST, document, '{"judge": "c", "critic": null}'),
        (CHILD, plain, " "),
        (TWIN, None, '{"worker": ""}'),
    ):
        old.insert(
            empty_postgresql,
            "prompt_profiles",
            id=id,
            corpus_id=" ",
            profile=None if given is None else Jsonb(given),
            role_prompts=roles,
        )
    empty_postgresql.commit()
    adopt(parse_address(empty_url, "the test"))
    with hegel_store.connect(empty_url) as store:
        found = {profile.id: profile for profile in store.profiles.history("default", "qa")}
    assert found[FIRST].profile == {
        "worker": {"system_prompt": "a"},
        "judge": {"system_prompt": "c"},
        "critic": None,
        "rounds": 3,
    }
    assert found[FIRST].metadata["adopted"]["profile"] == document
    assert found[CHILD].profile == plain
    assert "profile" not in found[CHILD].metadata["adopted"]
    assert found[TWIN].profile == {"worker": {"system_prompt": ""}}


def test_the_command_says_what_became_of_the_rows(old, empty_url, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["hegel-store", "adopt", "--url", empty_url])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    output = capsys.readouterr().out
    assert f"{old.prefix}training_steps: all 2,600 rows are in hegel_training_steps" in output
    assert '  reward: kept under "adopted" in 2 row(s)' in output
    assert "2 empty profile(s) stand for missing ones" in output
    assert output.endswith("The old tables are in schema hegel_adopted, unchanged.\n")


@pytest.mark.parametrize("bare", [Old("hegel_", False), Old("", True)], ids=["ours", "bare"])
class TestRefusals:
    """What cannot be taken over is said at once, and nothing is changed."""

    @pytest.fixture
    def refused(
        self, bare: Old, empty_url: str, empty_postgresql: psycopg.Connection
    ) -> Callable[..., str]:
        bare.make_tables(empty_postgresql)

        def refuse(**options: str) -> str:
            empty_postgresql.commit()
            before = everything(empty_postgresql)
            with pytest.raises(InvalidInput) as raised:
                adopt(parse_address(empty_url, "the test"), **options)
            assert everything(empty_postgresql) == before
            assert rows(empty_postgresql, "SELECT to_regnamespace('hegel_adopted')") == [(None,)]
            return str(raised.value)

        return refuse

    def test_all_that_cannot_be_taken_is_named_with_rows_and_an_example(
        self, bare, refused, empty_postgresql
    ):
        document = "profile" if bare.has_document else "role_prompts"
        bare.insert(empty_postgresql, "prompt_profiles", id=FIRST, **{document: Jsonb("text")})
        bare.profile(empty_postgresql, CHILD, {"worker": "x" * 17_000_000})
        bare.step(empty_postgresql, 1, corpus_id="x" * 201)
        bare.step(empty_postgresql, 2, created_at=at(1).replace(year=1999))
        bare.step(empty_postgresql, 3, created_at="infinity")
        bare.member(empty_postgresql, 4, task_type="x" * 201)
        problems = refused()
        for table, column, found, example in (
            ("prompt_profiles", document, 1, FIRST),
            ("prompt_profiles", "profile", 1, CHILD),
            ("training_steps", "corpus_id", 1, UUID(int=1)),
            ("training_steps", "created_at", 2, UUID(int=2)),
            ("profile_populations", "task_type", 1, UUID(int=4)),
        ):
            named = [p for p in problems.split("; ") if f"{bare.prefix}{table}.{column} " in p]
            assert [p for p in named if p.endswith(f"in {found} row(s), one of them {example}")]
        assert problems.count("one of them") == 5

    def test_json_that_jsonb_cannot_hold(self, bare, refused, empty_postgresql):
        bare.step(empty_postgresql, 1, debate_trace='"\\u0000"')
        assert "debate_trace is no JSON that jsonb can hold in 1 row(s)" in refused()

    def test_a_number_that_another_population_has(self, bare, refused, empty_postgresql):
        table = bare.table("profile_populations")
        empty_postgresql.execute(sql.SQL("ALTER TABLE {} ADD population text").format(table))
        bare.profile(empty_postgresql, FIRST, {})
        for number, name in enumerate(("a", "a", "a#2")):
            bare.member(empty_postgresql, number, population=name)
        assert "population is numbered like another one" in refused()

    def test_a_table_that_is_missing(self, bare, refused, empty_postgresql):
        table = bare.table("training_steps")
        empty_postgresql.execute(sql.SQL("DROP TABLE {}").format(table))
        assert "has no old training_steps" in refused()

    def test_ids_of_another_type(self, bare, refused, empty_postgresql):
        empty_postgresql.execute(
            sql.SQL("ALTER TABLE {} ALTER id DROP DEFAULT, ALTER id TYPE text").format(
                bare.table("training_steps")
            )
        )
        assert "has no column id of the type uuid" in refused()

    def test_a_table_that_would_be_in_the_way(self, refused, empty_postgresql):
        empty_postgresql.execute("CREATE TABLE hegel_facts (id int)")
        assert "hegel_facts is in the way" in refused()

    def test_keeping_the_old_tables_where_ours_are_made(self, refused):
        assert "where tables are used" in refused(keep_in="public")


def test_tables_of_ours_are_refused(url, postgresql):
    before = everything(postgresql)
    with pytest.raises(InvalidInput, match="tables of this package's own are not adopted"):
        adopt(parse_address(url, "the test"))
    assert everything(postgresql) == before
