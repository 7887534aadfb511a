"""Least-privilege roles: what they may do, what differs on a server, and making it so."""

from hegel_store.operations.roles.applying import apply, drop, plan
from hegel_store.operations.roles.examining import differences
from hegel_store.operations.roles.settings import RoleSettings, settings_with

__all__ = ["RoleSettings", "apply", "differences", "drop", "plan", "settings_with"]
