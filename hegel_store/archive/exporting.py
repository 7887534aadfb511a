"""Steps out of the database: to a file, and to Arrow, pandas and Polars."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, FromClause

from hegel_store.archive import jsonl, parquet
from hegel_store.archive.files import written
from hegel_store.archive.rows import FETCHED, Row, fetched
from hegel_store.archive.selection import StepFilter
from hegel_store.archive.source import Source, snapshot
from hegel_store.archive.statements import steps_of
from hegel_store.database import translated
from hegel_store.errors import ConfigurationError, InvalidInput
from hegel_store.schema import training_steps

EVERYTHING = StepFilter()
ENDINGS = (".parquet", ".jsonl", ".jsonl.gz")


def export_steps(
    source: Source, path: str | os.PathLike[str], wanted: StepFilter = EVERYTHING
) -> int:
    """Write the steps of a store to a file, and return how many there were.

    The file's ending says how: .parquet, .jsonl or .jsonl.gz. A file of this name is replaced, in
    one moment and only once the new one is on the disk. The steps are those of one moment, ordered
    by corpus, time and id, and never all in memory: a hundred as they come, and with Parquet some
    16 MB of them until they are written.

    Raises InvalidInput for another ending or a folder that is not there, and ConfigurationError
    for Parquet without pyarrow.
    """
    target = checked_path(path)
    if not target.parent.is_dir():
        raise InvalidInput("path", f"there is no folder {target.parent}")
    if target.name.endswith(".parquet"):
        parquet.load_pyarrow()
    with (
        translated(),
        snapshot(source) as connection,
        stream(connection, training_steps, wanted) as rows,
        written(target, replace=True) as file,
    ):
        return write_rows(file, target, rows)


def steps_to_arrow(source: Source, wanted: StepFilter = EVERYTHING) -> Any:
    """The steps as a pyarrow.Table, which lies in memory as a whole.

    Raises ConfigurationError without pyarrow.
    """
    parquet.load_pyarrow()
    with (
        translated(),
        snapshot(source) as connection,
        stream(connection, training_steps, wanted) as rows,
    ):
        return parquet.table_of(rows)


def steps_to_pandas(source: Source, wanted: StepFilter = EVERYTHING) -> Any:
    """The steps as a pandas.DataFrame. Raises ConfigurationError without pyarrow or pandas."""
    try:
        import pandas  # noqa: F401  # which pyarrow would only miss at the end
    except ImportError as error:
        raise ConfigurationError(
            "a DataFrame of pandas needs pandas: pip install pandas"
        ) from error
    return steps_to_arrow(source, wanted).to_pandas()


def steps_to_polars(source: Source, wanted: StepFilter = EVERYTHING) -> Any:
    """The steps as a polars.DataFrame. Raises ConfigurationError without pyarrow or Polars."""
    try:
        import polars
    except ImportError as error:
        raise ConfigurationError(
            "a DataFrame of Polars needs polars: pip install polars"
        ) from error
    return polars.from_arrow(steps_to_arrow(source, wanted))


def checked_path(path: str | os.PathLike[str], more: Sequence[str] = ()) -> Path:
    """The path, if its ending is one of ENDINGS or ``more``. Raises InvalidInput."""
    target = Path(path)
    endings = (*ENDINGS, *more)
    if not target.name.endswith(endings):
        raise InvalidInput("path", f"must end with {', '.join(endings)}, not {target.name!r:.80}")
    return target


@contextmanager
def stream(
    connection: Connection, table: FromClause, wanted: StepFilter
) -> Iterator[Iterator[Row]]:
    """The steps of a table through a cursor of the server."""
    options = {"stream_results": True, "yield_per": FETCHED}
    with connection.execute(steps_of(table, wanted), execution_options=options) as result:
        yield fetched(result)


def write_rows(file: BinaryIO, path: Path, rows: Iterable[Row]) -> int:
    """Write steps as the ending of the path says, and return how many there were."""
    if path.name.endswith(".parquet"):
        return parquet.write(file, rows)
    return jsonl.write(file, rows, compressed=path.name.endswith(".gz"))
