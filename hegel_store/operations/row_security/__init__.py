"""Row-level security by corpus: switched on, switched off, and how it stands."""

from hegel_store.operations.row_security.status import RowSecurity, examine
from hegel_store.operations.row_security.switching import switch_off, switch_on

__all__ = ["RowSecurity", "examine", "switch_off", "switch_on"]
