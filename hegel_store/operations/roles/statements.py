"""What is asked of the catalog, and the SQL that changes roles and grants.

Such SQL takes no parameters: names are quoted as names, values as literals.
"""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql
from sqlalchemy import text

from hegel_store.models.roles import ROLES, role_name
from hegel_store.operations.roles.search_paths import names_in

TAKE_TURNS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('hegel_store roles', 0)), "
    "set_config('lock_timeout', '2s', true)"
)

# ``path`` is the search_path that sessions need where the default one does not do; with row-level
# security a database ``is_isolated``.
PLACE = text(
    """
    SELECT
        current_database() AS database,
        current_schema() AS home,
        extension.nspname AS vector_home,
        CASE WHEN (current_schema(), extension.nspname) <> ('public', 'public') THEN
            concat_ws(
                ', ',
                quote_ident(current_schema()),
                quote_ident(nullif(extension.nspname, current_schema()))
            )
        END AS path,
        rolsuper AS is_superuser,
        coalesce((
            SELECT relrowsecurity FROM pg_catalog.pg_class WHERE oid = to_regclass('hegel_facts')
        ), false) AS is_isolated,
        current_user AS me
    FROM pg_catalog.pg_roles
    LEFT JOIN (
        SELECT nspname FROM pg_catalog.pg_extension
        JOIN pg_catalog.pg_namespace ON pg_namespace.oid = extnamespace
        WHERE extname = 'vector'
    ) AS extension ON true
    WHERE rolname = current_user
    """
)

ROLES_THERE = text(
    """
    SELECT
        rolname AS name, rolconnlimit AS connections, rolcanlogin AS may_log_in,
        array_remove(ARRAY[
            CASE WHEN rolsuper THEN 'SUPERUSER' END,
            CASE WHEN rolcreatedb THEN 'CREATEDB' END,
            CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
            CASE WHEN rolreplication THEN 'REPLICATION' END,
            CASE WHEN rolbypassrls THEN 'BYPASSRLS' END
        ], NULL) AS powers,
        pg_has_role(current_user, pg_roles.oid, 'SET') AS may_become,
        ARRAY(
            SELECT CAST(pg_get_userbyid(roleid) AS text) FROM pg_catalog.pg_auth_members
            WHERE member = pg_roles.oid ORDER BY 1
        ) AS groups,
        coalesce((
            SELECT setconfig FROM pg_catalog.pg_db_role_setting
            WHERE setrole = pg_roles.oid
              AND setdatabase = (SELECT oid FROM pg_catalog.pg_database
                                 WHERE datname = current_database())
        ), CAST(ARRAY[] AS text[])) AS settings
    FROM pg_catalog.pg_roles WHERE rolname = ANY (CAST(:names AS name[]))
    """
)

# Sequences of identity columns follow their tables.
RELATIONS_THERE = text(
    """
    SELECT
        relname AS name, CAST(pg_get_userbyid(relowner) AS text) AS owner,
        relispartition AS is_month, relkind = 'S' AS is_sequence
    FROM pg_catalog.pg_class
    WHERE relnamespace = CAST(quote_ident(current_schema()) AS regnamespace)
      AND starts_with(relname, 'hegel_') AND relkind IN ('r', 'p', 'v', 'm', 'S')
    ORDER BY relkind = 'S', relispartition, relname
    """
)
RELATION_GRANTS = text(
    """
    SELECT relname AS name, named.grantee, given.privilege, given."column"
    FROM pg_catalog.pg_class
    CROSS JOIN LATERAL (
        SELECT grantee, privilege_type AS privilege, CAST(NULL AS name) AS column
        FROM aclexplode(relacl)  -- null: nobody but the owner
        UNION ALL
        SELECT acl.grantee, acl.privilege_type, attname
        FROM pg_catalog.pg_attribute, aclexplode(attacl) AS acl
        WHERE attrelid = pg_class.oid AND NOT attisdropped
    ) AS given (grantee_oid, privilege, "column")
    CROSS JOIN LATERAL (
        SELECT CASE grantee_oid WHEN 0 THEN 'PUBLIC' ELSE CAST(pg_get_userbyid(grantee_oid) AS text)
               END
    ) AS named (grantee)
    WHERE relnamespace = CAST(quote_ident(current_schema()) AS regnamespace)
      AND starts_with(relname, 'hegel_') AND relkind IN ('r', 'p', 'v', 'm', 'S')
      AND grantee_oid <> relowner
    """
)
FUNCTIONS_THERE = text(
    """
    SELECT
        proname AS name, pg_get_function_identity_arguments(pg_proc.oid) AS arguments,
        CAST(pg_get_userbyid(proowner) AS text) AS owner, prosecdef AS with_owners_rights,
        prorettype = CAST('trigger' AS regtype) AS is_trigger,
        ARRAY(
            SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE CAST(pg_get_userbyid(grantee) AS text) END
            FROM aclexplode(coalesce(proacl, acldefault('f', proowner)))
            WHERE privilege_type = 'EXECUTE' AND grantee <> proowner
        ) AS executors
    FROM pg_catalog.pg_proc
    WHERE pronamespace = CAST(quote_ident(current_schema()) AS regnamespace)
      AND starts_with(proname, 'hegel_') AND prokind = 'f'
    ORDER BY proname, arguments
    """
)
SPACE_GRANTS = text(
    """
    SELECT
        kind, privilege_type AS privilege,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE CAST(pg_get_userbyid(grantee) AS text) END AS grantee
    FROM (
        SELECT 'schema', coalesce(nspacl, acldefault('n', nspowner)) FROM pg_catalog.pg_namespace
        WHERE nspname = current_schema()
        UNION ALL
        SELECT 'vector', coalesce(nspacl, acldefault('n', nspowner)) FROM pg_catalog.pg_namespace
        WHERE oid = (SELECT extnamespace FROM pg_catalog.pg_extension WHERE extname = 'vector')
        UNION ALL
        SELECT 'database', coalesce(datacl, acldefault('d', datdba)) FROM pg_catalog.pg_database
        WHERE datname = current_database()
    ) AS of (kind, acl), aclexplode(acl)
    """
)

LOAD_VECTOR = "SELECT CAST('[1]' AS {home}.vector)"
"""A role that is no superuser may set hnsw.* only where pgvector has been loaded."""


def quoted(*parts: str) -> str:
    """A name, qualified when there are several parts."""
    return sql.Identifier(*parts).as_string()


def _grantee(name: str) -> str:
    return name if name == "PUBLIC" else quoted(name)


def load_vector(home: str) -> str:
    return LOAD_VECTOR.format(home=quoted(home))


def create(role: str, connections: int) -> str:
    """LOGIN and no password, so that nobody gets in by one before an administrator sets it."""
    return f"CREATE ROLE {quoted(role)} LOGIN CONNECTION LIMIT {connections:d}"


def let_log_in(role: str) -> str:
    return f"ALTER ROLE {quoted(role)} LOGIN"


def become(role: str) -> str:
    return f"GRANT {quoted(role)} TO CURRENT_USER"


def limit(role: str, connections: int) -> str:
    return f"ALTER ROLE {quoted(role)} CONNECTION LIMIT {connections:d}"


def weaken(role: str, powers: Iterable[str]) -> str:
    return f"ALTER ROLE {quoted(role)} " + " ".join(f"NO{power}" for power in powers)


def leave(role: str, group: str) -> str:
    return f"REVOKE {quoted(group)} FROM {quoted(role)}"


def set_for(role: str, database: str, name: str, value: str) -> str:
    # A search_path is a list of names, which a literal would make one name of.
    written = (
        ", ".join(quoted(each) for each in names_in(value))
        if name == "search_path"
        else sql.Literal(value).as_string()
    )
    return f"ALTER ROLE {quoted(role)} IN DATABASE {quoted(database)} SET {name} TO {written}"


def own(kind: str, name: str, owner: str) -> str:
    """``name`` is written out, with its arguments where it is a function."""
    return f"ALTER {kind} {name} OWNER TO {quoted(owner)}"


def grant(privileges: Iterable[str], on: str, to: str) -> str:
    return f"GRANT {', '.join(sorted(privileges))} ON {on} TO {_grantee(to)}"


def revoke(privileges: Iterable[str], on: str, of: str) -> str:
    return f"REVOKE {', '.join(sorted(privileges))} ON {on} FROM {_grantee(of)}"


def on_columns(privilege: str, columns: Iterable[str]) -> str:
    return f"{privilege} ({', '.join(quoted(column) for column in sorted(columns))})"


def undoing(prefix: str, there: Iterable[str], functions: Iterable[str]) -> list[str]:
    """Gives everything to who runs it, drops those of the roles that are ``there``, and lets
    everybody call ``functions`` again."""
    names = [name for role in ROLES if (name := role_name(prefix, role)) in set(there)]
    return [
        *(f"REASSIGN OWNED BY {quoted(name)} TO CURRENT_USER" for name in names),
        *(f"DROP OWNED BY {quoted(name)}" for name in names),
        *(f"DROP ROLE {quoted(name)}" for name in names),
        *(grant(["EXECUTE"], f"FUNCTION {function}", "PUBLIC") for function in functions),
    ]
