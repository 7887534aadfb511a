"""A revision that autogenerate writes into a file can be applied as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from hegel_store import migrate
from tests.migrations.comparison import plant


@pytest.fixture
def copied(connected_config: Config, tmp_path: Path) -> Config:
    """The configuration on a copy of the revisions."""
    folder = tmp_path / "alembic"
    shutil.copytree(migrate.scripts(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    connected_config.set_main_option("script_location", str(folder))
    return connected_config


@pytest.mark.parametrize(
    ("drift", "imported"),
    [
        ("DROP TABLE hegel_embedding_spaces", ["sqlalchemy as sa"]),
        (
            "ALTER TABLE hegel_labels DROP COLUMN embedding, DROP COLUMN category",
            ["pgvector.sqlalchemy", "sqlalchemy as sa"],
        ),
        ("ALTER TABLE hegel_facts ALTER COLUMN seen_count TYPE bigint", ["sqlalchemy as sa"]),
        ("ALTER VIEW hegel_latest_profiles RESET (security_invoker)", []),
    ],
)
def test_a_written_revision_imports_what_it_names(copied, postgresql, drift, imported):
    plant(postgresql, drift)
    made = command.revision(copied, "repair", autogenerate=True, rev_id="9000.0")
    source = Path(made.path).read_text()
    lines = [line.removeprefix("import ") for line in source.splitlines() if line[:7] == "import "]
    assert lines == imported
    command.upgrade(copied, "head")
    command.check(copied)


def test_a_revision_written_by_hand_begins_with_its_rules(copied):
    made = command.revision(copied, "shelves", rev_id="9000.0")
    source = Path(made.path).read_text()
    assert source.startswith('"""shelves\n\nRevision: 9000.0\nFollows: ')
    assert '"""\n\nfrom alembic import op\n\nrevision = "9000.0"\n' in source
