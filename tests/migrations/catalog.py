"""A database's catalog as text, to be compared before and after, and with the golden file."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg
from psycopg import sql

# Monthly partitions are left out, with all that hangs on them: no revision names a month.
QUERIES = {
    "relation": """
        SELECT relname,
               format('kind=%s persistence=%s options=%s row security=%s forced=%s grants=%s',
                      relkind, relpersistence, reloptions, relrowsecurity, relforcerowsecurity,
                      relacl),
               pg_get_partkeydef(oid)
        FROM pg_class
        WHERE relnamespace = quote_ident(current_schema())::regnamespace
          AND relkind NOT IN ('i', 'I') AND NOT relispartition""",
    "column": """
        SELECT format('%s.%s', relname, attname),
               format('%s%s', format_type(atttypid, atttypmod),
                      CASE WHEN attnotnull THEN ' not null' END),
               'default: ' || pg_get_expr(adbin, adrelid),
               'generated: ' || nullif(attgenerated, '')::text,
               'identity: ' || nullif(attidentity, '')::text,
               'collation: ' || nullif(nullif(attcollation, 100), 0)::regcollation::text,
               format('storage: %s', attstorage),
               'statistics: ' || nullif(attstattarget, -1)::text,
               'grants: ' || attacl::text,
               'comment: ' || col_description(attrelid, attnum)
        FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid AND relkind IN ('r', 'p', 'v')
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = quote_ident(current_schema())::regnamespace AND NOT relispartition
          AND attnum > 0 AND NOT attisdropped""",
    "index": """
        SELECT pg_class.relname, pg_get_indexdef(indexrelid),
               CASE WHEN NOT indisvalid THEN 'INVALID' END
        FROM pg_index
        JOIN pg_class ON pg_class.oid = indexrelid
        JOIN pg_class AS of ON of.oid = indrelid AND NOT of.relispartition
        WHERE pg_class.relnamespace = quote_ident(current_schema())::regnamespace""",
    "constraint": """
        SELECT format('%s.%s', relname, conname), pg_get_constraintdef(pg_constraint.oid),
               CASE WHEN NOT convalidated THEN 'NOT VALID' END
        FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid AND NOT relispartition
        WHERE connamespace = quote_ident(current_schema())::regnamespace AND conparentid = 0""",
    "trigger": """
        SELECT format('%s.%s', relname, tgname), pg_get_triggerdef(pg_trigger.oid),
               'enabled: ' || tgenabled::text
        FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid AND NOT relispartition
        WHERE relnamespace = quote_ident(current_schema())::regnamespace AND NOT tgisinternal""",
    "function": """
        SELECT pg_proc.oid::regprocedure::text, pg_get_functiondef(pg_proc.oid),
               'grants: ' || proacl::text
        FROM pg_proc
        LEFT JOIN pg_depend ON objid = pg_proc.oid AND deptype = 'e'
        WHERE pronamespace = quote_ident(current_schema())::regnamespace
          AND prokind = 'f' AND objid IS NULL""",
    "view": """
        SELECT relname, pg_get_viewdef(oid)
        FROM pg_class
        WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relkind = 'v'""",
    "policy": """
        SELECT format('%s.%s', tablename, policyname),
               format('%s %s to %s using (%s) check (%s)', permissive, cmd, roles, qual, with_check)
        FROM pg_policies WHERE schemaname = current_schema()""",
}

GOLDEN = Path(__file__).parent / "golden"


def catalog(connection: psycopg.Connection) -> list[str]:
    """Every object of the connection's schema that is not an extension's, one entry each, sorted.

    The schema's name is left out, so that installations in different schemas can be compared.
    """
    names = connection.execute(
        "SELECT quote_ident(current_schema()), current_setting('search_path')"
    ).fetchone()
    assert names is not None
    home, path = names
    # In a schema called hegel, too, hegel.corpus is a setting.
    schema = re.compile(rf"{re.escape(home)}\.(?!corpus')")
    (parts,) = csv.reader([path], skipinitialspace=True)
    pinned = "SET search_path TO " + ", ".join(sql.Literal(p).as_string().strip() for p in parts)
    entries = []
    for kind, query in QUERIES.items():
        for name, *details in connection.execute(query):
            lines = [line for detail in details if detail for line in detail.splitlines()]
            entry = "\n    ".join([f"{kind} {name}", *(line.rstrip() for line in lines)])
            # A function FROM CURRENT keeps the path it was made with.
            entries.append(schema.sub("", entry).replace(pinned, "SET search_path FROM CURRENT"))
    connection.rollback()
    return sorted(entries)


def golden_file(connection: psycopg.Connection) -> Path:
    """One per major version: on 18 each NOT NULL is a constraint, on 16 it is not."""
    return GOLDEN / f"postgresql-{connection.info.server_version // 10000}.txt"


Columns = Mapping[str, Sequence[str]]


def columns(connection: psycopg.Connection) -> Columns:
    """The columns of each table of ours, without Alembic's own."""
    rows = connection.execute(
        """
        SELECT relname, array_agg(attname::text ORDER BY attnum)
        FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relkind IN ('r', 'p')
          AND NOT relispartition AND relname <> 'hegel_store_version'
          AND attnum > 0 AND NOT attisdropped
        GROUP BY relname
        """
    ).fetchall()
    connection.rollback()
    return dict(rows)


def contents(connection: psycopg.Connection, of: Columns) -> dict[str, Counter[str]]:
    """Every row of these columns, as text, by table."""
    found = {}
    for table, names in of.items():
        query = sql.SQL("SELECT row({})::text FROM {}").format(
            sql.SQL(", ").join(map(sql.Identifier, names)), sql.Identifier(table)
        )
        found[table] = Counter(row[0] for row in connection.execute(query))
    connection.rollback()
    return found
