"""Settings of the server: a snapshot, a plan for the machine, and changes that can be taken back.

``reading`` and ``snapshot`` say what is, ``planning`` what would suit, ``applying`` changes it.
"""

from hegel_store.operations.tuning.applying import (
    SettingsChange,
    apply_changes,
    apply_settings,
    apply_stage,
    changes_back,
    changes_to,
    roll_back,
)
from hegel_store.operations.tuning.machine import read_machine
from hegel_store.operations.tuning.planning import plan_settings
from hegel_store.operations.tuning.reading import read_settings
from hegel_store.operations.tuning.snapshot import read_snapshot, write_snapshot

__all__ = [
    "SettingsChange",
    "apply_changes",
    "apply_settings",
    "apply_stage",
    "changes_back",
    "changes_to",
    "plan_settings",
    "read_machine",
    "read_settings",
    "read_snapshot",
    "roll_back",
    "write_snapshot",
]
