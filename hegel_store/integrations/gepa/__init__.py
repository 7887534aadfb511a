"""Runs of GEPA that live in the database, and go on from it.

The package gepa is only imported by optimize(), which runs it.
"""

from hegel_store.integrations.gepa.callback import StoreCallback
from hegel_store.integrations.gepa.optimizing import optimize

__all__ = ["StoreCallback", "optimize"]
