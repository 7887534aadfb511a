"""Bloat that is measured where the server has pgstattuple."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import create_engine

from hegel_store.addresses import parse_address
from hegel_store.operations.doctor import bloat
from hegel_store.operations.doctor.findings import Finding
from hegel_store.operations.doctor.patient import Patient
from hegel_store.settings import Settings
from tests.debian import debian_server


@pytest.fixture(scope="module")
def url():
    """A database with a table of which a tenth is left, and one whose rows are not as ANALYZE says.

    The server is too old for the package; bloat is looked for in any table of the name.
    """
    with debian_server() as folder:
        address = f"postgresql://postgres@/postgres?host={folder}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA measuring")
            for name in ("hegel_sparse", "hegel_misjudged"):
                connection.execute(
                    f"CREATE TABLE {name} WITH (autovacuum_enabled = off) AS"
                    " SELECT n, repeat('x', 500) AS t FROM generate_series(1, 5000) AS n"
                )
                connection.execute(f"CREATE INDEX {name}_n ON {name} (n)")
                connection.execute(f"VACUUM ANALYZE {name}")
            connection.execute("DELETE FROM hegel_sparse WHERE n % 10 > 0")
            connection.execute("VACUUM (ANALYZE, TRUNCATE off) hegel_sparse")
            # As if each row were narrow, which is what a bloated table looks like.
            connection.execute(
                "UPDATE pg_statistic SET stawidth = 1 WHERE starelid = 'hegel_misjudged'::regclass"
            )
        yield address


def looked_for(url: str) -> dict[str, Finding]:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        patient = Patient(
            connection=connection,
            address=parse_address(url, "the tests"),
            settings=Settings(),
            home="public",
        )
        found = {each.subject: each for each in bloat.check_bloat(patient)}
    engine.dispose()
    return found


def test_an_estimate_that_is_wrong_is_corrected_by_measuring(url, monkeypatch):
    monkeypatch.setattr(bloat, "WASTED_BYTES", 64 << 10)
    estimated = looked_for(url)
    assert {"hegel_sparse", "hegel_misjudged"} <= set(estimated)
    assert all("estimated" in each.seen for each in estimated.values())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pgstattuple SCHEMA measuring")
        connection.execute("CREATE ROLE stranger LOGIN")
        connection.execute("GRANT SELECT ON hegel_sparse, hegel_misjudged TO stranger")
    measured = looked_for(url)
    assert "hegel_misjudged" not in measured
    assert "measured with pgstattuple" in measured["hegel_sparse"].seen
    assert "measured with pgstattuple" in measured["hegel_sparse_n"].seen
    # Who may not measure gets the estimate, and the check goes on.
    stranger = looked_for(url.replace("postgres@", "stranger@"))
    assert "estimated" in stranger["hegel_sparse"].seen
