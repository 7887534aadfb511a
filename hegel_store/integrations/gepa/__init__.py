"""Runs of GEPA that live in the database, and go on from it.

The package gepa is only imported when it runs, so that this can be imported without it.
"""

from hegel_store.integrations.gepa.adapter import StoreAdapter
from hegel_store.integrations.gepa.callback import StoreCallback
from hegel_store.integrations.gepa.optimizing import optimize

__all__ = ["StoreAdapter", "StoreCallback", "optimize"]
