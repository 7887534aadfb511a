"""Connection strings in a text: which variables hold them, and their passwords, never printed."""

from __future__ import annotations

import re

RESOLVED = ("DATABASE_URL", "POSTGRES_DSN")
"""What the resolver reads."""
OLD_NAME = "POSTGRES_DSN"
OTHERS = (
    "DATABASE_URI",
    "DB_DSN",
    "DB_URL",
    "PGVECTOR_URL",
    "PG_DSN",
    "PG_URL",
    "POSTGRES_URI",
    "POSTGRES_URL",
    "POSTGRESQL_URL",
    "SQLALCHEMY_DATABASE_URI",
    "SQLALCHEMY_DATABASE_URL",
)
"""What others call a connection string, and the resolver does not read."""
VARIABLES = frozenset((*RESOLVED, *OTHERS))
PASSWORDS = ("PGPASSWORD", "POSTGRES_PASSWORD", "DB_PASSWORD", "DATABASE_PASSWORD")

URL = re.compile(r"postgres(?:ql)?(?:\+\w+)?://[^\s'\"`<>|;)\]]*", re.IGNORECASE)
CREDENTIALS = re.compile(r"(://[^\s/:@'\"]*:)((?:\$\{[^}]*\}|[^\s'\"])*)(@)", re.IGNORECASE)
PARAMETER = re.compile(r"(\b(?:ssl)?password\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&'\"]+)", re.IGNORECASE)
CONNINFO = re.compile(r"\b(?:host|hostaddr|dbname)\s*=\s*[^\s=]+.*\b\w+\s*=", re.IGNORECASE)
STANDS_FOR = re.compile(r"\$[{(\w]|%\(|%s|[{<]|\*\*\*|\.\.\.|^$")
"""A reference to something else, or what stands for a password in an example."""
TORN = re.compile(r"(://[^\s/:@]*:)(?!\d+(?:[/?,\s]|$)|\*\*\*@)\S+")
"""What may be a password that a quote or a space tears apart, and is certainly no port."""


def masked(text: str) -> str:
    """The text with *** instead of each password, whatever it looks like."""
    return TORN.sub(r"\1***", PARAMETER.sub(r"\1***", CREDENTIALS.sub(r"\1***\3", text)))


def plain_password(text: str) -> str | None:
    """A password that stands in the text as it is; None where there is none, or a reference."""
    for pattern in (CREDENTIALS, PARAMETER):
        for match in pattern.finditer(text):
            if not STANDS_FOR.search(match[2].strip("'")):
                return match[2]
    return None


def is_connection_string(text: str) -> bool:
    """Whether the whole of it is one: a URL with something behind the scheme, or libpq's pairs."""
    stripped = text.strip()
    match = URL.match(stripped)
    if match is not None:
        rest = stripped.partition("://")[2].replace("{}", "")  # as templates fill in all of it
        return match.end() == len(stripped) and rest != ""
    return "\n" not in stripped and "://" not in stripped and bool(CONNINFO.match(stripped))
