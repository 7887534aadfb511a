"""Views of the statements that the server has counted.

No revision makes them, as pg_stat_statements is not on every server; `hegel-store usage-views` does
where it is, and `alembic check` leaves them out.
"""

from __future__ import annotations

STATEMENT_USAGE = "hegel_statement_usage"
ROLE_USAGE = "hegel_role_usage"
USAGE_VIEWS = (STATEMENT_USAGE, ROLE_USAGE)
"""The second is made of the first."""
