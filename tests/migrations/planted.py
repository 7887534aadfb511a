"""Revisions of a test's own, applied after the real ones, also by processes that are killed."""

from __future__ import annotations

import os
import subprocess
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config

from hegel_store import migrate
from hegel_store.addresses import parse_address
from hegel_store.database import translated
from tests.victims import Victim, die_at

HEAD = migrate.known_revisions()[-1]

REVISION = '''"""Planted.

The downgrade takes it back.
"""

from alembic import op

revision = "{revision}"
down_revision = "{follows}"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
'''


@dataclass
class Chain:
    """The real revisions, and planted ones in ``folder`` behind them, on the database ``url``."""

    url: str
    folder: Path
    head: str = HEAD

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)

    def plant(self, upgrade: str, downgrade: str = "op.execute('SELECT 1')") -> str:
        """Add a revision with these bodies; returns its id."""
        follows = self.head
        self.head = f"{9000 + len(list(self.folder.glob('*.py')))}.0"
        source = REVISION.format(
            revision=self.head,
            follows=follows,
            upgrade=textwrap.indent(textwrap.dedent(upgrade).strip(), "    "),
            downgrade=textwrap.indent(textwrap.dedent(downgrade).strip(), "    "),
        )
        (self.folder / f"{self.head}_planted.py").write_text(source)
        return self.head

    def config(self) -> Config:
        made = Config()
        made.set_main_option("script_location", str(migrate.scripts()))
        made.set_main_option("path_separator", "os")
        places = [str(migrate.scripts() / "versions"), str(self.folder)]
        made.set_main_option("version_locations", os.pathsep.join(places))
        return made

    def upgrade(self, revision: str = "heads") -> str:
        """Migrate, and return the lock timeout and the statement timeout that hold afterwards."""
        return self._run("upgrade", revision)

    def downgrade(self, revision: str = HEAD) -> str:
        return self._run("downgrade", revision)

    def _run(self, name: str, revision: str) -> str:
        config = self.config()
        with translated(), migrate.connection_to(parse_address(self.url, "the test")) as connection:
            config.attributes["connection"] = connection
            getattr(command, name)(config, revision)
            timeouts = (
                "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"
            )
            return ", ".join(connection.exec_driver_sql(timeouts).one())

    def script(self, revisions: str, name: str = "upgrade") -> str:
        """The SQL that `--sql` prints."""
        config = self.config()
        config.output_buffer = StringIO()
        getattr(command, name)(config, revisions, sql=True)
        return config.output_buffer.getvalue()

    def begin_upgrade(self, killed_at: int = 0) -> Victim:
        """Migrate in a process of its own; ``killed_at`` kills it before that statement."""
        return Victim(_upgrade, self, killed_at)


def _upgrade(chain: Chain, killed_at: int) -> None:
    die_at(killed_at, "before_cursor_execute")
    chain.upgrade()


def psql(folder: Path, url: str, script: str) -> None:
    """Apply a script as an administrator does; ``folder`` holds the programs."""
    done = subprocess.run(
        [folder / "psql", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--quiet", url],
        input=script,
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr


def definition(connection: psycopg.Connection, index: str) -> str | None:
    """What the server prints for a valid index; None when there is none."""
    row = connection.execute(
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE indexrelid = to_regclass(%s) AND indisvalid",
        [index],
    ).fetchone()
    connection.rollback()
    return row[0] if row else None


def add_facts(connection: psycopg.Connection, count: int = 60) -> None:
    connection.execute(
        """
        INSERT INTO hegel_facts (corpus_id, content, category, embedding_384)
        SELECT 'news', 'fact ' || n, 'c' || n %% 5,
               ARRAY(SELECT random() + n * 0 FROM generate_series(1, 384))::halfvec(384)
        FROM generate_series(1, %s) AS n
        """,
        [count],
    )
    connection.commit()


@contextmanager
def in_background(work: object) -> Iterator[list[BaseException]]:
    """Run ``work`` in a thread; the errors it raised are there after the block."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()  # type: ignore[operator]
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield errors
    finally:
        thread.join(timeout=60)
        assert not thread.is_alive()
