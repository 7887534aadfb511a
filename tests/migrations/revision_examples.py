"""Revisions that keep the rules."""

from __future__ import annotations

import textwrap


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
BATCH = "op.run_in_batches('UPDATE hegel_facts SET a = 1 WHERE a IS NULL LIMIT :batch FOR UPDATE')"

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
    **{
        f"before the deploy: {'; '.join(statements)}": revision(execute(*statements))
        for statements in (
            ("ALTER TABLE hegel_facts ADD COLUMN a text",),
            ("ALTER TABLE hegel_facts ADD a text COLLATE \"C\" DEFAULT 'b' NOT NULL, ADD b int",),
            ("ALTER TABLE hegel_facts ADD a double precision NOT NULL DEFAULT -1.5",),
            ("ALTER TABLE hegel_facts ADD a timestamp(3) with time zone DEFAULT '2020-01-01'",),
            ("ALTER TABLE hegel_facts ADD IF NOT EXISTS a jsonb DEFAULT ('{}'::jsonb) NOT NULL",),
            ("ALTER TABLE hegel_facts ADD a numeric(10, 2)[] DEFAULT ARRAY[]::numeric(10, 2)[]",),
            ("ALTER TABLE hegel_facts ADD a interval DEFAULT interval '1 day, now()'",),
            ("ALTER TABLE hegel_facts ADD CHECK (a > 0) NOT VALID",),
            ("ALTER TABLE hegel_facts ADD FOREIGN KEY (a, b) REFERENCES t (a, b) NOT VALID",),
            ("ALTER TABLE hegel_facts ADD CONSTRAINT u UNIQUE USING INDEX i",),
            ("ALTER TABLE hegel_facts ALTER a SET DEFAULT now(), ALTER b SET STATISTICS 9",),
            ("ALTER TABLE hegel_facts ALTER COLUMN a DROP NOT NULL",),
            ("ALTER TABLE hegel_facts SET (fillfactor = 70)",),
            (
                "ALTER TABLE hegel_facts DROP CONSTRAINT c",
                "ALTER TABLE hegel_facts ADD CONSTRAINT c CHECK (a IN (1, 2)) NOT VALID",
            ),
            ("ALTER TABLE t DROP CONSTRAINT c, ADD CONSTRAINT c CHECK (a > 0) NOT VALID",),
            (
                "CREATE TABLE hegel_new (id uuid DEFAULT gen_random_uuid())",
                "ALTER TABLE hegel_new ALTER id SET NOT NULL, ADD b int REFERENCES t, DROP c",
            ),
            ("DROP VIEW hegel_v", "CREATE VIEW hegel_v AS SELECT 1"),
            ("DROP FUNCTION hegel_f(a int); CREATE FUNCTION hegel_f(a int) RETURNS text RETURN 1",),
            (
                "DROP TRIGGER IF EXISTS hegel_t ON hegel_facts",
                "CREATE TRIGGER hegel_t AFTER UPDATE OR DELETE ON hegel_facts EXECUTE FUNCTION f()",
            ),
            ("CREATE OR REPLACE VIEW hegel_v AS SELECT now() AS drop_it",),
            ("CREATE EXTENSION IF NOT EXISTS pg_trgm", "CREATE TYPE hegel_mood AS ENUM ('a')"),
            ("ALTER TYPE hegel_mood ADD VALUE 'b'", "ALTER VIEW v SET (security_invoker = true)"),
            ("REVOKE ALL ON FUNCTION hegel_f(int) FROM PUBLIC", "GRANT SELECT ON t TO reader"),
            ("INSERT INTO t (a, b) VALUES (1, 'SELECT; now()') ON CONFLICT (a) DO NOTHING",),
        )
    },
    "a plain column": revision(
        "op.add_column('t', sa.Column('a', sa.Text(), nullable=True, server_default='b'))",
        "op.drop_column('t', 'a')",
        more=DISCARDED,
        imports="import sqlalchemy as sa\n",
    ),
    "a table of Alembic's": revision(
        "op.create_table('hegel_new', sa.Column('a', sa.Text(), nullable=False))\n"
        + execute("CREATE INDEX i ON hegel_new (a)", "ALTER TABLE hegel_new ADD CHECK (a > '')"),
        "op.drop_table('hegel_new')",
        more=DISCARDED,
        imports="import sqlalchemy as sa\n",
    ),
    "much after the deploy": revision(
        execute(
            "DROP VIEW hegel_v",
            "TRUNCATE hegel_old",
            "ALTER TABLE t ALTER a SET NOT NULL, DROP b, ALTER c TYPE bigint, RENAME TO u",
        )
        + "\nop.drop_column('t', 'a')\nop.alter_column('t', 'a', nullable=False)",
        phase="'post'",
    ),
    "a helper of a helper": revision("one()")
    + "\n\ndef one():\n    two()\n\n\ndef two():\n    op.execute('CREATE VIEW v AS SELECT 1')\n",
    "words in literals, comments and bodies": revision(
        execute(
            "COMMENT ON TABLE hegel_facts IS 'DROP TABLE CONCURRENTLY; UPDATE x'",
            "CREATE FUNCTION hegel_f() RETURNS int AS $$ UPDATE x; DROP TABLE y $$",
            "CREATE VIEW hegel_v AS -- we don't RENAME\n SELECT 1 /* DROP COLUMN a */",
            "INSERT INTO hegel_settings VALUES (1)",
        )
    ),
}
