"""Standbys that answer units of work which only read."""

from hegel_store.replicas.choosing import Replicas
from hegel_store.replicas.standby import Standby

__all__ = ["Replicas", "Standby"]
