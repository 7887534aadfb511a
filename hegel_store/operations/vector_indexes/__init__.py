"""Care for vector indexes: what there is, what is advised, building one anew, and going back."""

from hegel_store.operations.vector_indexes.inventory import inventory
from hegel_store.operations.vector_indexes.measuring import measure
from hegel_store.operations.vector_indexes.noting import forget_measured, note_measured
from hegel_store.operations.vector_indexes.planning import plan
from hegel_store.operations.vector_indexes.rebuilding import rebuild
from hegel_store.operations.vector_indexes.swapping import drop_kept, roll_back

__all__ = [
    "drop_kept",
    "forget_measured",
    "inventory",
    "measure",
    "note_measured",
    "plan",
    "rebuild",
    "roll_back",
]
