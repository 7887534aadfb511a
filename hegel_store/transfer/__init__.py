"""Scopes that move between databases and corpora, with everything that belongs to them.

Both functions take the store first. A file of theirs is described in hegel_store.transfer.lines.
"""

from hegel_store.transfer.exporting import ScopeExport, export_scope
from hegel_store.transfer.importing import ScopeImport, import_scope

__all__ = ["ScopeExport", "ScopeImport", "export_scope", "import_scope"]
