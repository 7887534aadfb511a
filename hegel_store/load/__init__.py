"""A load test: many users make a training fleet's calls, and what they waited is held against
targets.

Run by spawned processes: importing this starts nothing.
"""

from hegel_store.load.plan import CALLS, SHARES, CallName, LoadPlan
from hegel_store.load.report import write_report
from hegel_store.load.running import run_load
from hegel_store.load.summary import CallSummary, LoadReport
from hegel_store.load.targets import TARGETS, Judged, Target

__all__ = [
    "CALLS",
    "SHARES",
    "TARGETS",
    "CallName",
    "CallSummary",
    "Judged",
    "LoadPlan",
    "LoadReport",
    "Target",
    "run_load",
    "write_report",
]
