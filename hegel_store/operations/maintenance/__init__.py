"""Maintenance from cron: what is due is done, a piece at a time, and each piece only once.

``running`` goes through the tasks, ``work`` holds the lock and the clock, ``batches`` changes rows,
``tables`` vacuums and ``indexes`` rebuilds.
"""

from hegel_store.operations.maintenance.running import TASKS, maintain

__all__ = ["TASKS", "maintain"]
