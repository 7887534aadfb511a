"""How a table that serves as a cache keeps to its bound."""

from __future__ import annotations


def leaving(table: str, key: tuple[str, str], used_at: str, new: str, rows: str) -> str:
    """CTEs that end in ``leaving`` (place): where the ``rows`` least recently used rows lie.

    ``key`` is the table's primary key, ``used_at`` its moment of last use, ``new`` a condition on
    rows that are just being stored, and ``rows`` an expression. What is evicted is chosen before it
    is locked: of two workers that evict at once, the second finds its choice gone and takes nothing
    else. A row that was used since it was chosen stays, and so does what is being stored. Each is
    looked up by its key, to be deleted by its place: a join would read the whole table for one row.
    """
    columns = ", ".join((*key, used_at))
    return f"""
    oldest AS MATERIALIZED (
        SELECT {columns}
        FROM {table}
        WHERE NOT {new}
        ORDER BY {used_at}, {key[0]}, {key[1]}
        LIMIT ({rows})
    ),
    leaving AS (
        SELECT locked.place
        FROM oldest CROSS JOIN LATERAL (
            SELECT kept.ctid AS place
            FROM {table} AS kept
            WHERE kept.{key[0]} = oldest.{key[0]} AND kept.{key[1]} = oldest.{key[1]}
              AND kept.{used_at} = oldest.{used_at}
            FOR UPDATE SKIP LOCKED
        ) AS locked
    )"""
