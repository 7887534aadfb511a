"""Finds code that reads connection strings past the resolver, and passwords in plain text.

The resolver is hegel_store.settings: an explicit URL, then DATABASE_URL, then POSTGRES_DSN, then
the embedded server. What reads these by itself knows neither the order nor the schema, and prints
the password when it fails.
"""

from hegel_store.operations.dsn_audit.auditing import audit

__all__ = ["audit"]
