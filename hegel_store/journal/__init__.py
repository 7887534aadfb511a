"""The training log's way into the database: a writer in the background, and what it relies on."""

from hegel_store.journal.dead_letters import DeadLetter, DeadLetters, step_of_letter
from hegel_store.journal.folders import spool_folder
from hegel_store.journal.redaction import KEYS, MAIL_ADDRESSES, Redaction, redacting
from hegel_store.journal.writer import StepWriter, WriterOptions, WriterStatistics

__all__ = [
    "KEYS",
    "MAIL_ADDRESSES",
    "DeadLetter",
    "DeadLetters",
    "Redaction",
    "StepWriter",
    "WriterOptions",
    "WriterStatistics",
    "redacting",
    "spool_folder",
    "step_of_letter",
]
