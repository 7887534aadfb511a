"""Databases with the three tables of an earlier, hand-written schema."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from hegel_store.addresses import DatabaseAddress
from hegel_store.adoption import adopt
from tests.migrations.catalog import catalog
from tests.victims import Victim, die_at

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
                SELECT 'news', 'qa', 'q' || n, 'a' || n, %s, round(n / 7.0, 4),
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

    def made(self, connection: psycopg.Connection) -> Old:
        """Itself, with its tables made and filled."""
        self.make_tables(connection)
        self.fill(connection)
        return self


# With our names and the roles in a column; with others, and the roles inside of a document.
OURS, BARE = Old("hegel_", False), Old("", True)


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


def killed_before_commit(address: DatabaseAddress, number: int) -> bool:
    """Adopt in a process that is killed before this COMMIT; whether it was."""
    return _killed(address, number, "commit")


def killed_before_statement(address: DatabaseAddress, words: str) -> bool:
    """Adopt in a process that is killed before a statement with these words; whether it was."""
    return _killed(address, 1, "before_cursor_execute", words)


def _killed(address: DatabaseAddress, number: int, moment: str, words: str = "") -> bool:
    outcome = Victim(_adopt, address, number, moment, words).outcome()
    assert outcome in (0, -9)
    return outcome != 0


def _adopt(address: DatabaseAddress, number: int, moment: str, words: str) -> None:
    die_at(number, moment, words=words)
    adopt(address)
