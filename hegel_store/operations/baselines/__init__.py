"""The red line: what searches gave when all was well, and what a change may not make worse."""

from hegel_store.operations.baselines.guarding import guarded
from hegel_store.operations.baselines.labelling import queries_from_file, queries_from_log
from hegel_store.operations.baselines.recording import Baselines

__all__ = ["Baselines", "guarded", "queries_from_file", "queries_from_log"]
