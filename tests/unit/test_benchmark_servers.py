"""A benchmark that needs several databases has several, whatever --url looks like."""

from __future__ import annotations

import psycopg
import pytest

from tests.benchmarks.servers import beside


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:p%40ss@there:5433/bench",
        "postgresql://ada:p%40ss@there:5433/bench?connect_timeout=5",
        "postgresql://there/there",
        "postgresql://postgres:@/postgres?host=%2Ftmp%2Fserver&port=5433",
    ],
)
def test_another_database_of_the_same_server(url: str) -> None:
    given, made = (psycopg.conninfo.conninfo_to_dict(one) for one in (url, beside(url, "alone")))
    assert made == given | {"dbname": "alone"}
