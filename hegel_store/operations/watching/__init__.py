"""A look at a database at work: its statements, who waits for whom, and the plans of a call."""

from hegel_store.operations.watching.calling import Call, resolve
from hegel_store.operations.watching.explaining import Copied, Explained, Explanation, explain
from hegel_store.operations.watching.locks import LockTree, Waiter, locks
from hegel_store.operations.watching.profiling import profile
from hegel_store.operations.watching.usage import Order, RoleUsage, StatementUsage, Usage, top
from hegel_store.operations.watching.usage_views import (
    UsageViews,
    add_usage_views,
    drop_usage_views,
    usage_views,
)

__all__ = [
    "Call",
    "Copied",
    "Explained",
    "Explanation",
    "LockTree",
    "Order",
    "RoleUsage",
    "StatementUsage",
    "Usage",
    "UsageViews",
    "Waiter",
    "add_usage_views",
    "drop_usage_views",
    "explain",
    "locks",
    "profile",
    "resolve",
    "top",
    "usage_views",
]
