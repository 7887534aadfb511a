"""What cannot be taken over is said at once, and no table is changed."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from hegel_store.addresses import parse_address
from hegel_store.adoption import adopt
from hegel_store.errors import InvalidInput
from tests.migrations.earlier_schema import BARE, CHILD, FIRST, OURS, Old, at, everything, rows


@pytest.mark.parametrize("bare", [OURS, BARE], ids=["ours", "bare"])
class TestRefusals:
    """Whatever the old tables are called."""

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

    def test_everything_that_would_be_in_the_way(self, bare, refused, empty_postgresql):
        empty_postgresql.execute(
            """
            CREATE TABLE hegel_facts (id int);
            CREATE TYPE hegel_labels AS ENUM ('one');
            CREATE VIEW hegel_latest_profiles AS SELECT 1;
            CREATE FUNCTION hegel_uuidv7() RETURNS int RETURN 1;
            CREATE FUNCTION hegel_uuidv7(int) RETURNS int RETURN 1;
            CREATE TABLE other (id int, CONSTRAINT pk_hegel_scopes PRIMARY KEY (id));
            CREATE INDEX idx_hegel_facts_label ON other (id);
            CREATE TABLE hegel_training_steps_2025_03 (id int);
            CREATE TABLE hegel_others (id int);
            """
        )
        # This one moves along, and frees its name.
        empty_postgresql.execute(
            sql.SQL("CREATE INDEX idx_hegel_facts_listing ON {} (id)").format(
                bare.table("training_steps")
            )
        )
        problems = refused().partition(", as ")[2].split("; ")
        assert sorted(problems) == [
            f"{thing} is in the way: rename it"
            for thing in (
                "function hegel_uuidv7()",
                "index idx_hegel_facts_label",
                "index pk_hegel_scopes",
                "table hegel_facts",
                "table hegel_training_steps_2025_03",
                "type hegel_labels",
                "view hegel_latest_profiles",
            )
        ]

    def test_keeping_the_old_tables_where_ours_are_made(self, refused):
        assert "where tables are used" in refused(keep_in="public")


def test_a_store_in_use_whose_versions_would_be_taken_is_left_alone(store, url, postgresql):
    BARE.made(postgresql)
    store.profiles.append("news", "qa", {"worker": {}})
    before = everything(postgresql)
    with pytest.raises(InvalidInput, match="a scope in which hegel_prompt_profiles holds other"):
        adopt(parse_address(url, "the test"))
    assert everything(postgresql) == before


def test_a_month_that_was_detached_is_in_the_way_of_its_steps(store, url, postgresql):
    BARE.made(postgresql)
    postgresql.execute("CREATE TABLE hegel_training_steps_2023_12 (id int)")
    postgresql.execute("CREATE TABLE hegel_training_steps_1999_12 (id int)")
    postgresql.commit()
    before = everything(postgresql)
    with pytest.raises(InvalidInput, match=r"is no partition, in 1 row\(s\), one of them ffffffff"):
        adopt(parse_address(url, "the test"))
    assert everything(postgresql) == before


def test_tables_of_ours_are_refused(url, postgresql):
    before = everything(postgresql)
    with pytest.raises(InvalidInput, match="tables of this package's own are not adopted"):
        adopt(parse_address(url, "the test"))
    assert everything(postgresql) == before
