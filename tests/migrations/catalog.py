"""A database's catalog as sorted lines of text, to be compared before and after."""

from __future__ import annotations

import psycopg

QUERIES = {
    "relation": """
        SELECT format('%s %s persistence=%s options=%s rls=%s acl=%s', relkind, relname,
                      relpersistence, reloptions, relrowsecurity, relacl)
        FROM pg_class WHERE relnamespace = 'public'::regnamespace""",
    "column": """
        SELECT format('%s.%s %s null=%s default=%s generated=%s collation=%s storage=%s target=%s',
                      attrelid::regclass, attname, format_type(atttypid, atttypmod),
                      NOT attnotnull, pg_get_expr(adbin, adrelid), attgenerated,
                      attcollation::regcollation, attstorage, attstattarget)
        FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid AND relkind IN ('r', 'p', 'v')
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped""",
    "index": """
        SELECT format('%s valid=%s', pg_get_indexdef(indexrelid), indisvalid)
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE relnamespace = 'public'::regnamespace""",
    "constraint": """
        SELECT format('%s %s %s validated=%s', conrelid::regclass, conname,
                      pg_get_constraintdef(oid), convalidated)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "trigger": """
        SELECT pg_get_triggerdef(pg_trigger.oid)
        FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal""",
    "function": """
        SELECT format('%s acl=%s', pg_get_functiondef(pg_proc.oid), proacl)
        FROM pg_proc
        LEFT JOIN pg_depend ON objid = pg_proc.oid AND deptype = 'e'
        WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' AND objid IS NULL""",
    "view": """
        SELECT format('%s %s', oid::regclass, pg_get_viewdef(oid))
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'""",
}


def catalog(connection: psycopg.Connection) -> list[str]:
    """Every object of the schema public that is not an extension's, one line each, sorted."""
    lines = []
    for kind, query in QUERIES.items():
        lines += [f"{kind}: {row[0]}" for row in connection.execute(query)]
    connection.rollback()
    return sorted(lines)
