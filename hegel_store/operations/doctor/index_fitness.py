"""Operator classes: an index serves the operators of its class, and a query with another one reads
the whole table in silence."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from hegel_store.models.vectors import DIMENSIONS, slots_for
from hegel_store.operations.doctor.findings import Finding
from hegel_store.operations.doctor.patient import Patient, quoted

FITTING = {"<=>": "halfvec_cosine_ops", "@>": "jsonb_path_ops", "@@": "tsvector_ops"}
"""For each operator the class that this package's schema has."""

CLASSES = text(
    """
    SELECT of.relname AS table, asked.column, asked.operator, index.relname AS name, opcname,
           EXISTS (SELECT FROM pg_catalog.pg_amop
                   JOIN pg_catalog.pg_operator ON pg_operator.oid = amopopr
                   WHERE amopfamily = opcfamily AND oprname = asked.operator) AS fits
    FROM unnest(CAST(:tables AS text[]), CAST(:columns AS text[]), CAST(:operators AS text[]))
        AS asked ("table", "column", operator)
    JOIN pg_catalog.pg_namespace ON nspname = CAST(:home AS name)
    JOIN pg_catalog.pg_class AS of ON of.relnamespace = pg_namespace.oid
                                  AND of.relname = asked.table
    JOIN pg_catalog.pg_attribute ON attrelid = of.oid AND attname = asked.column
    JOIN pg_catalog.pg_index ON indrelid = of.oid AND indkey[0] = attnum AND indisvalid
    JOIN pg_catalog.pg_class AS index ON index.oid = indexrelid
    JOIN pg_catalog.pg_am ON pg_am.oid = index.relam AND amname <> 'btree'
    JOIN pg_catalog.pg_opclass ON pg_opclass.oid = indclass[0]
    ORDER BY 1, 2, 4
    """
)


def asked_operators() -> list[tuple[str, str, str]]:
    """Table, column and operator of what searches look for with an index."""
    slots = [slot for size in DIMENSIONS for slot in slots_for("dimensions", size)]
    return [
        *(("hegel_facts", slot, "<=>") for slot in slots),
        ("hegel_labels", "embedding", "<=>"),
        ("hegel_facts", "content_tsv", "@@"),
        ("hegel_facts", "metadata", "@>"),
        ("hegel_prompt_profiles", "profile", "@>"),
    ]


def check_operator_classes(patient: Patient) -> Iterator[Finding]:
    """Indexes on columns that are searched, with a class that lacks the operator searched with."""
    tables, columns, operators = zip(*asked_operators(), strict=True)
    rows = patient.connection.execute(
        CLASSES,
        {
            "home": patient.home,
            "tables": list(tables),
            "columns": list(columns),
            "operators": list(operators),
        },
    ).all()
    served = {(row.table, row.column) for row in rows if row.fits}
    for row in rows:
        if row.fits:
            continue
        alone = (row.table, row.column) not in served
        yield Finding(
            code="operator-class",
            severity="act" if alone else "look",
            subject=row.name,
            seen=f"{row.opcname} on {row.table}.{row.column}, which is searched with "
            f"{row.operator}",
            why="No search of this package can use it: each reads the whole table."
            if alone
            else "No search of this package can use it; another index serves them.",
            remedy=f"DROP INDEX CONCURRENTLY {quoted(str(patient.home), row.name)};"
            + (f"  -- and make it anew with {FITTING[row.operator]}" if alone else ""),
        )
    if rows and all(row.fits for row in rows):
        yield Finding(
            code="operator-classes",
            severity="ok",
            subject=str(patient.home),
            seen=f"{len(rows)} indexes for searches have classes with the operator searched with",
            why="An index with another class is never used.",
        )
