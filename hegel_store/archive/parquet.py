"""Steps in Parquet files, by pyarrow, which the ``parquet`` extra brings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

from hegel_store.archive.rows import FETCHED, Row, batched
from hegel_store.archive.statements import NAMES
from hegel_store.errors import ConfigurationError, InvalidInput

REQUIRED = (
    "corpus_id",
    "created_at",
    "id",
    "task_type",
    "old_profile_id",
    "step_type",
    "query",
    "predicted_answer",
    "metrics",
    "debate_trace",
)

REPEATED = (
    "corpus_id",
    "task_type",
    "old_profile_id",
    "new_profile_id",
    "step_type",
    "optimization_strategy",
    "run_id",
)
"""Columns with few values; a dictionary of the others would only cost memory."""


def load_pyarrow() -> ModuleType:
    """pyarrow with its Parquet part. Raises ConfigurationError where it is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ConfigurationError(
            "Parquet and Arrow need pyarrow: pip install 'hegel_store[parquet]'"
        ) from error
    module: ModuleType = pyarrow
    return module


def arrow_schema() -> Any:
    """The columns: times in microseconds of UTC, ids and documents as text."""
    arrow = load_pyarrow()
    types = {
        "created_at": arrow.timestamp("us", tz="UTC"),
        "reward": arrow.float64(),
        "processing_time_ms": arrow.int32(),
    }
    return arrow.schema(
        [
            arrow.field(name, types.get(name, arrow.string()), nullable=name not in REQUIRED)
            for name in NAMES
        ]
    )


def table_of(rows: Iterable[Row]) -> Any:
    """A pyarrow.Table of all of these steps."""
    schema = arrow_schema()
    parts = [_table(batch, schema) for batch in batched(rows)]
    return load_pyarrow().concat_tables(parts) if parts else schema.empty_table()


def _table(batch: Sequence[Row], schema: Any) -> Any:
    return load_pyarrow().Table.from_pylist(batch, schema=schema)


def write(file: BinaryIO, rows: Iterable[Row]) -> int:
    """Write steps as they come, a row group at a time, and return how many there were."""
    arrow, schema, steps = load_pyarrow(), arrow_schema(), 0
    options = {"compression": "zstd", "use_dictionary": list(REPEATED)}
    with arrow.parquet.ParquetWriter(file, schema, **options) as writer:
        for batch in batched(rows):
            writer.write_table(_table(batch, schema))
            steps += len(batch)
    return steps


def read(path: Path, names: Sequence[str] = NAMES) -> Iterator[dict[str, Any]]:
    """The steps of a file. Raises InvalidInput for a file that is none of ours."""
    arrow = load_pyarrow()
    try:
        with arrow.parquet.ParquetFile(path) as file:
            missing = set(NAMES) - set(file.schema_arrow.names)
            if missing:
                raise InvalidInput("path", f"{path} has no column {', '.join(sorted(missing))}")
            for batch in file.iter_batches(batch_size=FETCHED, columns=list(names)):
                yield from batch.cast(_part_of_schema(names)).to_pylist()
    except arrow.ArrowException as error:
        raise InvalidInput("path", f"{path} cannot be read: {error}") from error


def _part_of_schema(names: Sequence[str]) -> Any:
    schema = arrow_schema()
    return load_pyarrow().schema([schema.field(name) for name in names])
