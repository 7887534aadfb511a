"""Revisions that break a rule each: their source, and the name of the rule."""

from __future__ import annotations

from tests.migrations.revision_examples import BATCH, CHECK, DISCARDED, NEW_TABLE, execute, revision

BAD = {
    "imports": (revision(BATCH, imports="from hegel_store.schema import facts\n"), "stands_alone"),
    "imports the package": (revision(BATCH, imports="import hegel_store\n"), "stands_alone"),
    "no phase": (revision(BATCH, phase="None"), "has_a_phase"),
    "odd phase": (revision(BATCH, phase="'later'"), "has_a_phase"),
    "pass": (revision("pass"), "goes_both_ways"),
    # Nothing unfinished: a revision's text that the rule has to refuse.
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
            "only_adds_before_the_deploy",
        )
        for statement in (
            "DROP TABLE hegel_facts",
            "ALTER TABLE hegel_facts DROP COLUMN a",
            "DROP INDEX i",
            "ALTER TABLE hegel_facts DROP CONSTRAINT c",
            "ALTER TABLE hegel_facts RENAME TO hegel_memories",
            "ALTER TABLE hegel_facts ALTER COLUMN a TYPE bigint",
            "ALTER TABLE hegel_facts ALTER a SET DATA TYPE bigint",
            "ALTER TABLE t DROP intent",
            "ALTER TABLE t DROP CONSTRAINT c, ADD CONSTRAINT d CHECK (a > 0) NOT VALID",
            "DROP VIEW hegel_v",
            "DROP MATERIALIZED VIEW hegel_m",
            "DROP FUNCTION hegel_f(int)",
            "DROP TRIGGER hegel_t ON hegel_facts",
            "DROP TYPE hegel_mood",
            "DROP SCHEMA hegel CASCADE",
            "DROP EXTENSION vector",
            "CREATE VIEW hegel_v AS SELECT 1; DROP VIEW hegel_v",
            "DROP VIEW hegel_v; CREATE VIEW hegel_v2 AS SELECT 1",
            "DROP VIEW hegel_v CASCADE; CREATE VIEW hegel_v AS SELECT 1",
            "DROP VIEW hegel_v, hegel_w; CREATE VIEW hegel_v AS SELECT 1",
            "DROP FUNCTION hegel_f(int); CREATE FUNCTION hegel_f(text) RETURNS int RETURN 1",
            "DROP TRIGGER t ON a; CREATE TRIGGER t AFTER UPDATE ON b EXECUTE FUNCTION f()",
            "TRUNCATE hegel_facts",
            "ALTER TABLE t ADD COLUMN a int NOT NULL",
            "ALTER TABLE t ADD COLUMN a int DEFAULT NULL NOT NULL",
            "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
            "ALTER TABLE t ALTER a DROP DEFAULT",
            "ALTER TABLE t ADD COLUMN a uuid REFERENCES u (id)",
            "ALTER TABLE t ADD COLUMN a int CHECK (a > 0)",
            "ALTER TABLE t ADD COLUMN a int UNIQUE",
            "ALTER TABLE t ADD COLUMN a bigserial",
            "ALTER TABLE t ADD COLUMN a timestamptz DEFAULT now()",
            "ALTER TABLE t ADD COLUMN a timestamptz DEFAULT clock_timestamp() NOT NULL",
            "ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid()",
            "ALTER TABLE t ADD COLUMN a float8 DEFAULT 1 + random()",
            "ALTER TABLE t ADD COLUMN a text DEFAULT 'a' || hegel_f('b')",
            "ALTER TABLE t ADD COLUMN a int DEFAULT nextval('s')",
            "ALTER TABLE t ADD COLUMN a date DEFAULT CURRENT_DATE",
            "ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS (b + 1) STORED",
            "ALTER TABLE t ADD COLUMN a int GENERATED ALWAYS AS IDENTITY",
            "ALTER TABLE t ADD COLUMN b int, ADD COLUMN a int NOT NULL",
            "CREATE TABLE u (id int); ALTER TABLE t ADD COLUMN a int NOT NULL",
            "ALTER TABLE t DISABLE TRIGGER ALL",
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE t ATTACH PARTITION u FOR VALUES IN (1)",
            "ALTER VIEW hegel_v RENAME TO hegel_w",
            "LOCK TABLE hegel_facts",
            "SELECT hegel_f()",
            "SET lock_timeout = 0",
            "CREATE TABLE IF NOT EXISTS hegel_facts (id int)",
        )
    },
    "an index taken away before the deploy": (
        revision("op.drop_index_concurrently('i')"),
        "only_adds_before_the_deploy",
    ),
    "a column taken away before the deploy": (
        revision("op.drop_column('hegel_facts', 'a')"),
        "only_adds_before_the_deploy",
    ),
    **{
        f"before the deploy: {line}": (revision(line), "only_adds_before_the_deploy")
        for line in (
            "op.create_check_constraint('c', 't', 'a > 0')",
            "op.create_foreign_key('f', 't', 'u', ['a'], ['id'])",
            "op.create_unique_constraint('u', 't', ['a'])",
            "op.add_column('t', sa.Column('a', sa.Text(), nullable=False))",
            "op.add_column('t', sa.Column('a', sa.Text(), nullable=False, server_default=''))",
            "op.add_column('t', sa.Column('a', sa.Uuid(), server_default=sa.text('random()')))",
            "op.add_column('t', sa.Column('a', sa.Text(), sa.ForeignKey('u.id')))",
            "op.add_column('t', sa.Column('a', sa.Text(), sa.Computed('b'), nullable=True))",
            "op.add_column('t', column)",
            "op.drop_table('t')",
            "op.drop_constraint('c', 't')",
            "op.alter_column('t', 'a', type_=sa.BigInteger())",
            "op.alter_column('t', 'a', nullable=False)",
            "op.rename_table('t', 'u')",
            "op.bulk_insert(table, [])",
        )
    },
    **{
        f"not to be read: {line}": (revision(line), "writes_its_statements_out")
        for line in (
            "op.execute(STATEMENT)",
            "statement = 'DROP TABLE t'\nop.execute(statement)",
            "op.execute(f'UPDATE {table} SET a = 1')",
            "op.execute('DROP TABLE ' + table)",
            "op.execute('DROP TABLE %s' % table)",
            "op.execute(sa.text('DROP TABLE t'))",
            "op.execute(sqltext='DROP TABLE t')",
            "op.run_in_batches(STATEMENT)",
            "op.get_bind()",
            "op.get_bind().exec_driver_sql('DROP TABLE t')",
            "op.get_context().connection.exec_driver_sql('DROP TABLE t')",
            "with op.batch_alter_table('t') as t:\n    t.drop_column('a')",
            "op.f('a')\nsend = op.execute\nsend('DROP TABLE t')",
            "op.f('a')\ngetattr(op, 'execute')('DROP TABLE t')",
        )
    },
    "not to be read: on the way down": (
        revision(execute(NEW_TABLE), "op.execute(STATEMENT)"),
        "writes_its_statements_out",
    ),
    "not to be read: after the deploy": (
        revision("op.execute(STATEMENT)", phase="'post'"),
        "writes_its_statements_out",
    ),
    "not to be read: outside of both functions": (
        revision(execute(NEW_TABLE)) + "\n\nop.execute('DROP TABLE t')\n",
        "writes_its_statements_out",
    ),
    "another way to the database": (
        revision(execute(NEW_TABLE), imports="from alembic import context\n"),
        "writes_its_statements_out",
    ),
    "another name for op": (
        revision(execute(NEW_TABLE), imports="from alembic import op as o\n"),
        "writes_its_statements_out",
    ),
    "all of Alembic": (
        revision(execute(NEW_TABLE), imports="import alembic.op\n"),
        "writes_its_statements_out",
    ),
    "hidden in a helper of a helper": (
        revision("one()")
        + "\n\ndef one():\n    two()\n\n\ndef two():\n    op.execute('DROP VIEW v')\n",
        "only_adds_before_the_deploy",
    ),
    "a column discarded without the word": (
        revision(execute(NEW_TABLE), execute("ALTER TABLE hegel_facts ADD b int, DROP intent")),
        "says_what_it_discards",
    ),
    "a column discarded by Alembic": (
        revision(execute(NEW_TABLE), "op.drop_column('hegel_facts', 'intent')"),
        "says_what_it_discards",
    ),
    "rows discarded in silence": (
        revision(execute(NEW_TABLE), execute("DELETE FROM hegel_facts")),
        "says_what_it_discards",
    ),
    "by hand": (
        revision(execute(NEW_TABLE, "CREATE INDEX CONCURRENTLY i ON hegel_new (id)")),
        "leaves_concurrently_to_the_operations",
    ),
    "by hand in a helper": (
        revision("both()\n")
        + "\n\ndef both():\n    op.execute('CREATE INDEX CONCURRENTLY i ON hegel_facts (a)')\n",
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
    **{
        f"a constraint with a scan: {change}": (
            revision(execute(f"ALTER TABLE hegel_facts {change}")),
            "constrains_in_two_steps",
        )
        for change in (
            "ADD CHECK (a > 0)",
            "ADD CONSTRAINT c CHECK (a > 0 AND b IN (1, 2))",
            "ADD FOREIGN KEY (a) REFERENCES t (id)",
            "ADD UNIQUE (a, b)",
            "ADD PRIMARY KEY (a)",
            "ADD EXCLUDE (a WITH =)",
        )
    },
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
            "CREATE VIEW v AS SELECT 1; UPDATE hegel_facts SET a = 1",
            "INSERT INTO t SELECT a FROM (VALUES (1)) AS u (a)",
            "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 2",
            "INSERT INTO t VALUES ((SELECT count(*) FROM hegel_facts))",
            "INSERT INTO t VALUES (hegel_f())",
            "MERGE INTO t USING u ON a = b WHEN MATCHED THEN DELETE",
            "DO $$ BEGIN UPDATE hegel_facts SET a = 1; DROP TABLE t; END $$",
            "DO 'BEGIN ALTER TABLE t DROP a; END'",
            "CALL hegel_p()",
            "/* '; */ DELETE FROM t -- '",
            "COMMENT ON TABLE t IS E'it\\'s; '; DELETE FROM t",
        )
    },
}
