"""What is looked at before an index is built: room on the disk, and memory."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from hegel_store.errors import IndexRefused
from hegel_store.models.vector_indexes import Method
from hegel_store.operations.vector_indexes import statements
from hegel_store.operations.vector_indexes.catalog import Place

ROOM = 1.5
"""How many times the estimated size has to be free: the estimate may be short."""


def require_room(name: str, folder: str | None, wanted: int) -> Sequence[str]:
    """Warnings; raises IndexRefused where the disk of the server's ``folder`` has too little room
    for an index of ``wanted`` bytes. It can only be asked where the server runs on this machine."""
    if folder is None or not os.path.isdir(folder):
        return [
            "how much room the server's disk has is not known here: about "
            f"{wanted / 2**20:,.0f} MiB are needed"
        ]
    free = shutil.disk_usage(folder).free
    if free < ROOM * wanted:
        raise IndexRefused(
            name,
            f"the disk has {free / 2**20:,.0f} MiB left, and an index of about "
            f"{wanted / 2**20:,.0f} MiB should have {ROOM:g} times as much",
        )
    return []


def memory_warnings(method: Method, wanted: int, memory: int) -> Sequence[str]:
    """A warning where the graph of an HNSW index does not fit into maintenance_work_mem: pgvector
    then goes on on the disk, and takes many times as long."""
    if method != "hnsw" or wanted <= memory:
        return []
    return [
        f"a graph of about {wanted / 2**20:,.0f} MiB does not fit into a maintenance_work_mem of "
        f"{memory / 2**20:,.0f} MiB, which makes the build many times slower"
    ]


def expected_bytes(
    place: Place, method: Method, parameters: Mapping[str, int], connection: Any
) -> int:
    """About how large the new index will be."""
    rows = connection.exec_driver_sql(
        statements.count_live(place.slot), execution_options={"no_parameters": True}
    ).scalar_one()
    return statements.bytes_of(method, place.slot, rows, parameters.get("m", 0))
