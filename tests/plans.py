"""Query plans as PostgreSQL explains them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Executable
from sqlalchemy.dialects import postgresql


def explain(
    connection: Connection, statement: Executable, values: Any = None, *, verbose: bool = False
) -> dict[str, Any]:
    """The plan that a statement really ran by, with its row counts; what each node puts out, too,
    if ``verbose``."""
    compiled = statement.compile(dialect=postgresql.psycopg.dialect())
    (plan,) = connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, VERBOSE {verbose}, FORMAT JSON) {compiled}",
        compiled.construct_params(values),
    ).scalar_one()
    root: dict[str, Any] = plan["Plan"]
    return root


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The plan's nodes, from the top down."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)
