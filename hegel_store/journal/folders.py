"""Where on the disk the steps for a database wait."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import platformdirs

from hegel_store.addresses import DatabaseAddress

IDENTITY = ("host", "hostaddr", "port", "dbname", "service")
"""What of an address says which database it is, whoever connects and how."""


def spool_folder(address: DatabaseAddress, root: Path | None) -> Path:
    """The folder of this database below ``root`` (default: the user's data directory)."""
    if root is None:
        root = Path(platformdirs.user_data_dir("hegel_store", appauthor=False)) / "spool"
    known = {name: str(address.parameters[name]) for name in IDENTITY if name in address.parameters}
    identity = json.dumps([known, address.schema], sort_keys=True)
    name = re.sub(r"\W", "_", known.get("dbname", "database"))[:40]
    return root.expanduser() / f"{name}-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
