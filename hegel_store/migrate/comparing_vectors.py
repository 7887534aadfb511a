"""Vector indexes that an operator has rebuilt: method, parameters and form are what was chosen.

Such an index says so in its comment (hegel_store.operations.vector_indexes.notes). What it is an
index of, its operator class and its predicate are the revisions' all the same.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from sqlalchemy import Connection, text

REBUILT = text(
    """
    SELECT relname
    FROM pg_catalog.pg_index
    JOIN pg_catalog.pg_class ON pg_class.oid = indexrelid
    CROSS JOIN LATERAL obj_description(indexrelid, 'pg_class') AS said
    WHERE indrelid = :table AND starts_with(said, '{"hegel_store": "vector index"')
      AND CASE WHEN pg_input_is_valid(said, 'jsonb')
          THEN CAST(CAST(said AS jsonb) ->> 'rebuilt' AS bool)
      END
    """
)
BESIDE = re.compile(r"idx_hegel_facts_embedding_\d+(_next)?_(kept|beside)")
FORM = re.compile(r"\(\(subvector\((embedding_\w+), 1, \d+\)\)::halfvec\(\d+\)\)")
METHOD = re.compile(r" USING (hnsw|ivfflat) ")
PARAMETERS = re.compile(r" WITH \([^)]*\)")


def is_beside(name: str | None) -> bool:
    """Whether an index of this name is one that a rebuild keeps, or has begun."""
    return name is not None and BESIDE.fullmatch(name) is not None


def rebuilt_indexes(connection: Connection, table: int) -> AbstractSet[str]:
    """The indexes of the table with this oid that an operator has rebuilt."""
    return set(connection.scalars(REBUILT, {"table": table}))


def same_but_for_parameters(declared: str, found: str) -> bool:
    """Whether two definitions of a vector index differ in method, parameters and form at most."""
    return _essence(declared) == _essence(found)


def _essence(definition: str) -> str:
    plain = FORM.sub(r"\1", definition)
    return PARAMETERS.sub("", METHOD.sub(" USING vectors ", plain))
