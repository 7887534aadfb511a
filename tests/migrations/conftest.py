"""Alembic, called in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.config import Config

from hegel_store import migrate
from hegel_store.addresses import parse_address


@pytest.fixture
def config() -> Config:
    """Alembic's configuration, with no database."""
    made = Config()
    made.set_main_option("script_location", str(migrate.scripts()))
    made.set_main_option("path_separator", "os")
    return made


@pytest.fixture
def connected_config(config: Config, url: str) -> Iterator[Config]:
    """The same on the test's migrated database."""
    with migrate.connection_to(parse_address(url, "the test")) as connection:
        config.attributes["connection"] = connection
        yield config
