"""Steps that leave the database: exported to files, archived by the month, and imported again.

Each function takes the store first. ``read_archive`` needs none.
"""

from hegel_store.archive.archiving import ArchivedMonth, Month, archive_month, months_older_than
from hegel_store.archive.exporting import (
    export_steps,
    steps_to_arrow,
    steps_to_pandas,
    steps_to_polars,
)
from hegel_store.archive.importing import ImportResult, RefusedStep, import_steps
from hegel_store.archive.mapping import FieldMapping
from hegel_store.archive.reading import read_archive
from hegel_store.archive.selection import StepFilter

__all__ = [
    "ArchivedMonth",
    "FieldMapping",
    "ImportResult",
    "Month",
    "RefusedStep",
    "StepFilter",
    "archive_month",
    "export_steps",
    "import_steps",
    "months_older_than",
    "read_archive",
    "steps_to_arrow",
    "steps_to_pandas",
    "steps_to_polars",
]
