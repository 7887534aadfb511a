"""Every revision keeps the rules, and every rule bites."""

from __future__ import annotations

import textwrap

import pytest
from alembic.script import ScriptDirectory

from hegel_store import migrate
from tests.migrations.revision_rules import RULES, Revision, misnamed, problems_of

FILES = {path.name: path for path in sorted(migrate.scripts().glob("versions/*.py"))}


@pytest.mark.parametrize("name", FILES)
def test_a_revision_keeps_the_rules(name):
    assert problems_of(FILES[name].read_text(), name) == []


def test_the_files_are_named_by_number_and_era():
    script = ScriptDirectory(str(migrate.scripts()))
    names = [revision.path.rsplit("/", 1)[-1] for revision in script.walk_revisions()][::-1]
    assert len(names) == len(FILES)
    assert misnamed({name: FILES[name].read_text() for name in names}) == []


def revision(
    upgrade: str,
    downgrade: str = "op.execute('DROP VIEW hegel_v')",
    *,
    phase: str = "'pre'",
    more: str = "",
    imports: str = "",
) -> str:
    return f'''"""Planted.

{more}
"""

from alembic import op
{imports}
revision = "0012.0"
phase = {phase}


def upgrade() -> None:
{textwrap.indent(textwrap.dedent(upgrade).strip(), "    ")}


def downgrade() -> None:
{textwrap.indent(textwrap.dedent(downgrade).strip(), "    ")}
'''


def execute(*statements: str) -> str:
    return "\n".join(f"op.execute({statement!r})" for statement in statements)


NEW_TABLE = "CREATE TABLE hegel_new (id int)"
DISCARDED = "The downgrade discards every row."
CHECK = "ADD CONSTRAINT c CHECK (a > 0)"
BATCH = "op.run_in_batches('UPDATE hegel_facts SET a = 1 WHERE a IS NULL LIMIT :batch')"

GOOD = {
    "view": revision(execute("CREATE VIEW hegel_v AS SELECT 1")),
    "table with index and constraint": revision(
        execute(
            NEW_TABLE,
            "CREATE UNIQUE INDEX i ON hegel_new (id)",
            f"ALTER TABLE hegel_new {CHECK}",
        ),
        execute("DROP TABLE hegel_new"),
        more=DISCARDED,
    ),
    "column": revision(
        execute("ALTER TABLE hegel_facts ADD COLUMN a int"),
        execute("ALTER TABLE hegel_facts DROP COLUMN a"),
        more=DISCARDED,
    ),
    "drop after the deploy": revision(
        execute("ALTER TABLE hegel_facts DROP COLUMN a"),
        execute("ALTER TABLE hegel_facts ADD COLUMN a int"),
        phase="'post'",
    ),
    "index": revision(
        "op.create_index_concurrently('i', 'hegel_facts', 'a')", "op.drop_index_concurrently('i')"
    ),
    "index with a docstring": revision(
        '"""Why."""\nop.create_hnsw_index("i", "hegel_facts", "a")',
        "op.drop_index_concurrently('i')",
    ),
    "index dropped after the deploy": revision(
        "op.drop_index_concurrently('i')",
        "op.create_index_concurrently('i', 'hegel_facts', 'a')",
        phase="'post'",
    ),
    "constraint": revision(
        execute(f"ALTER TABLE hegel_facts {CHECK} NOT VALID"),
        execute("ALTER TABLE hegel_facts DROP CONSTRAINT c"),
    ),
    "validation": revision(execute("ALTER TABLE hegel_facts VALIDATE CONSTRAINT c")),
    "batches": revision(BATCH),
    "dimension": revision(
        "op.add_embedding_dimension(256)", "op.drop_embedding_dimension(256)", more=DISCARDED
    ),
    "words in literals, comments and bodies": revision(
        execute(
            "COMMENT ON TABLE hegel_facts IS 'DROP TABLE CONCURRENTLY; UPDATE x'",
            "CREATE FUNCTION hegel_f() RETURNS int AS $$ UPDATE x; DROP TABLE y $$",
            "CREATE VIEW hegel_v AS -- we don't RENAME\n SELECT 1 /* DROP COLUMN a */",
            "INSERT INTO hegel_settings VALUES (1)",
        )
    ),
}

BAD = {
    "imports": (revision(BATCH, imports="from hegel_store.schema import facts\n"), "stands_alone"),
    "imports the package": (revision(BATCH, imports="import hegel_store\n"), "stands_alone"),
    "no phase": (revision(BATCH, phase="None"), "has_a_phase"),
    "odd phase": (revision(BATCH, phase="'later'"), "has_a_phase"),
    "pass": (revision("pass"), "goes_both_ways"),
    "raise": (revision(BATCH, "raise NotImplementedError"), "goes_both_ways"),
    "nothing": (revision(BATCH, "return"), "goes_both_ways"),
    "table discarded in silence": (
        revision(execute(NEW_TABLE), execute("drop table hegel_new")),
        "says_what_it_discards",
    ),
    "column discarded in silence": (
        revision(BATCH, execute("ALTER TABLE hegel_facts\n  DROP  COLUMN a")),
        "says_what_it_discards",
    ),
    "vectors discarded in silence": (
        revision("op.add_embedding_dimension(256)", "op.drop_embedding_dimension(256)"),
        "says_what_it_discards",
    ),
    "said inside a paragraph": (
        revision(BATCH, execute("DROP TABLE hegel_new"), more=f"Something. {DISCARDED}"),
        "says_what_it_discards",
    ),
    **{
        f"before the deploy: {statement}": (
            revision(execute(statement)),
            "takes_away_only_after_the_deploy",
        )
        for statement in (
            "DROP TABLE hegel_facts",
            "ALTER TABLE hegel_facts DROP COLUMN a",
            "DROP INDEX i",
            "ALTER TABLE hegel_facts DROP CONSTRAINT c",
            "ALTER TABLE hegel_facts RENAME TO hegel_memories",
            "ALTER TABLE hegel_facts ALTER COLUMN a TYPE bigint",
            "ALTER TABLE hegel_facts ALTER a SET DATA TYPE bigint",
        )
    },
    "an index taken away before the deploy": (
        revision("op.drop_index_concurrently('i')"),
        "takes_away_only_after_the_deploy",
    ),
    "a column taken away before the deploy": (
        revision("op.drop_column('hegel_facts', 'a')"),
        "takes_away_only_after_the_deploy",
    ),
    "by hand": (
        revision(execute(NEW_TABLE, "CREATE INDEX CONCURRENTLY i ON hegel_new (id)")),
        "leaves_concurrently_to_the_operations",
    ),
    "by hand in a helper": (
        revision("both()\n") + "\n\ndef both():\n    op.execute('REINDEX INDEX CONCURRENTLY i')\n",
        "leaves_concurrently_to_the_operations",
    ),
    "by hand on the way down": (
        revision(BATCH, execute("DROP INDEX CONCURRENTLY i")),
        "leaves_concurrently_to_the_operations",
    ),
    "an index and something else": (
        revision("op.reindex_concurrently('i')\n" + execute(NEW_TABLE)),
        "keeps_long_operations_alone",
    ),
    "two indexes": (
        revision("op.create_hnsw_index('i', 't', 'a')\nop.create_hnsw_index('j', 't', 'a')"),
        "keeps_long_operations_alone",
    ),
    "an index and a line of Python": (
        revision("size = 3\nop.create_hnsw_index('i', 't', 'a', m=size)"),
        "keeps_long_operations_alone",
    ),
    "batches and something else": (
        revision(BATCH + "\n" + execute("ALTER TABLE hegel_facts ADD COLUMN a int")),
        "keeps_long_operations_alone",
    ),
    "an index on a table that is there": (
        revision(execute(NEW_TABLE, "CREATE INDEX i ON hegel_facts (a)")),
        "indexes_in_passing_only_new_tables",
    ),
    "Alembic's own index": (
        revision("op.create_index('i', 'hegel_facts', ['a'])"),
        "indexes_in_passing_only_new_tables",
    ),
    "a constraint with a scan": (
        revision(execute(f"ALTER TABLE hegel_facts {CHECK}")),
        "constrains_in_two_steps",
    ),
    "two constraints, one with a scan": (
        revision(execute(f"ALTER TABLE ONLY hegel_facts {CHECK} NOT VALID, {CHECK}")),
        "constrains_in_two_steps",
    ),
    "a constraint validated at once": (
        revision(
            execute(
                f"ALTER TABLE hegel_facts {CHECK} NOT VALID",
                "ALTER TABLE hegel_facts VALIDATE CONSTRAINT c",
            )
        ),
        "constrains_in_two_steps",
    ),
    **{
        f"rows at once: {statement}": (revision(execute(statement)), "changes_rows_in_batches")
        for statement in (
            "UPDATE hegel_facts SET a = 1",
            "  delete from hegel_facts",
            "INSERT INTO hegel_labels SELECT * FROM hegel_facts",
            "WITH old AS (DELETE FROM hegel_facts RETURNING a) INSERT INTO b SELECT a FROM old",
            "SET LOCAL x = 1; UPDATE hegel_facts SET a = 1",
        )
    },
}


@pytest.mark.parametrize("what", GOOD)
def test_what_is_right_passes(what):
    assert problems_of(GOOD[what], "0012.0_x.py") == []


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_is_found_by_its_rule(what):
    source, name = BAD[what]
    (rule,) = (rule for rule in RULES if rule.__name__ == name)
    assert len(rule(Revision(source, "0012.0_x.py"))) == 1


def test_every_rule_has_its_counterexample():
    assert {name for _, name in BAD.values()} == {rule.__name__ for rule in RULES}


def chain(*revisions: tuple[str, str, str]) -> dict[str, str]:
    """The first eleven, then these: file name, id, phase."""
    first = [(f"{n:04d}_x.py", f"{n:04d}", "pre") for n in range(1, 12)]
    return {
        name: f"revision = {identifier!r}\nphase = {phase!r}\n"
        for name, identifier, phase in (*first, *revisions)
    }


def test_names_count_the_revisions_that_take_away():
    good = (
        ("0012.0_a.py", "0012.0", "pre"),
        ("0013.1_b.py", "0013.1", "post"),
        ("0014.1_c_2.py", "0014.1", "pre"),
        ("0015.2_d.py", "0015.2", "post"),
    )
    assert misnamed(chain(*good)) == []


@pytest.mark.parametrize(
    "last",
    [
        ("0012_a.py", "0012", "pre"),
        ("0012.0_a.py", "0012.0", "post"),
        ("0012.1_a.py", "0012.1", "pre"),
        ("0013.0_a.py", "0013.0", "pre"),
        ("0012.0_a.py", "0012", "pre"),
        ("0012.0.py", "0012.0", "pre"),
        ("0012.0_A.py", "0012.0", "pre"),
    ],
)
def test_a_name_that_counts_wrong_is_found(last):
    assert misnamed(chain(last)) != []
