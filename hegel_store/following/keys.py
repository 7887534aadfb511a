"""What a notification says: that something moved, and by which key it goes."""

from __future__ import annotations

from hashlib import sha256

CHANNEL = "hegel_profiles"

EVERYTHING = "*"
"""The payload of a statement that moved more than a hundred things."""

LATEST = "latest"
"""The alias that every append moves."""


def key_of(corpus_id: str, task_type: str, alias: str) -> str:
    """The payload that stands for an alias of a scope: 32 hexadecimal digits.

    Anybody who may connect may listen, so names are not sent: this is the beginning of the SHA-256
    of all three, as hegel_notice_key() has it.
    """
    return sha256("\0".join((corpus_id, task_type, alias)).encode()).hexdigest()[:32]
