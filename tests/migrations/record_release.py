"""Record the release that is about to be tagged: its wheel, a database it filled, and how it is
used. `make record-release` runs this; the tests of later releases migrate that database and run
that wheel on their own schema.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import hegel_store
from hegel_store.seeding import seed_store
from tests.migrations.exercise import exercise
from tests.servers import own_server

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
OLDEST_POSTGRES = 16  # a plain dump of which every later one reads


def record() -> Path:
    folder = HERE / "releases" / version("hegel_store")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    shutil.copy(HERE / "exercise.py", folder)
    with own_server(OLDEST_POSTGRES) as server:
        with hegel_store.connect(server.url()) as store:
            store.upgrade()
            seed_store(store, steps=60)
        exercise(server.url(), "exercised")
        dump = [server.process.bin_path / "pg_dump", "--no-owner", "-f", folder / "database.sql"]
        subprocess.run([*dump, server.url()], check=True)
    return folder


if __name__ == "__main__":
    print(f"recorded {record().relative_to(ROOT)}")
