"""Under what a baseline is taken: versions, settings, indexes, facts and models."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from sqlalchemy import Connection

from hegel_store.operations.baselines.statements import CONDITIONS

SETTINGS = (
    "shared_buffers",
    "effective_cache_size",
    "work_mem",
    "maintenance_work_mem",
    "random_page_cost",
    "seq_page_cost",
    "effective_io_concurrency",
    "default_statistics_target",
    "max_parallel_workers",
    "max_parallel_workers_per_gather",
    "jit",
    "plan_cache_mode",
    "enable_bitmapscan",
    "enable_indexonlyscan",
    "enable_indexscan",
    "enable_seqscan",
    "enable_sort",
    "hnsw.ef_search",
    "hnsw.iterative_scan",
    "hnsw.max_scan_tuples",
    "hnsw.scan_mem_multiplier",
    "ivfflat.probes",
)
"""Those that decide how a search is run, and how fast. A setting that the server does not know is
recorded as null."""


def conditions(connection: Connection, corpus_id: str) -> Mapping[str, Any]:
    """What there is now, in this session: ``code``, ``server``, ``pgvector``, ``revision``,
    ``settings``, ``indexes`` (definitions by name, with their parameters), ``facts`` of the corpus
    and its ``models`` by slot."""
    values = {"corpus_id": corpus_id, "settings": list(SETTINGS)}
    row = connection.execute(CONDITIONS, values).mappings().one()
    return {"code": version("hegel_store"), **row}
