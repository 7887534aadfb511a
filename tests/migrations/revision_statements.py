"""What a statement of a revision does to those who work meanwhile, and to the running release.

Statements come squeezed, in capitals, with '' for each literal: ``ALTER TABLE T ADD A INT``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

NAME = r"[\w.$]+"
NEW_TABLE = re.compile(
    rf"CREATE (?:(?:UNLOGGED )?TABLE|MATERIALIZED VIEW) ({NAME})(?! NOT EXISTS\b)"
)
NEW_INDEX = re.compile(
    rf"CREATE (?:UNIQUE )?INDEX (?:CONCURRENTLY )?(?:IF NOT EXISTS )?.*?\bON (?:ONLY )?({NAME})"
)
ALTER_TABLE = re.compile(rf"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?({NAME}) ?(?:\* )?(.*)")

# An allow-list: whatever is not known to leave the running release in peace has to wait.
ADDS = re.compile(
    rf"""
    CREATE\ (?:UNLOGGED\ )?TABLE\ (?!IF\ NOT)
    | CREATE\ (?:UNIQUE\ )?INDEX\b  # On which table, another rule says.
    | CREATE\ (?:OR\ REPLACE\ )?(?:FUNCTION|PROCEDURE|VIEW|TRIGGER|CONSTRAINT\ TRIGGER)\b
    | CREATE\ MATERIALIZED\ VIEW\ (?!IF\ NOT)
    | CREATE\ (?:SCHEMA|TYPE|DOMAIN|SEQUENCE|STATISTICS)\b
    | CREATE\ EXTENSION\ IF\ NOT\ EXISTS\b
    | ALTER\ TYPE\ {NAME}\ ADD\ VALUE\b
    | ALTER\ VIEW\ {NAME}\ SET\ \(
    | (?:COMMENT\ ON|GRANT|REVOKE)\b
    """,
    re.VERBOSE,
)
SENDS_CONSTANTS = re.compile(
    rf"INSERT INTO {NAME}(?: AS {NAME})?(?: ?\([^()]*\))?(?: OVERRIDING \w+ VALUE)? VALUES\b"
    r"(?!.*(?:\bSELECT\b|\bDO UPDATE\b|\b(?!CONFLICT\b)\w+ ?\())"
)
# DO and CALL hide what they do, and WITH can change rows anywhere.
CHANGES_ROWS = re.compile(r"(?:WITH|UPDATE|DELETE|MERGE|INSERT|DO|CALL|COPY)\b")

REMADE = re.compile(
    rf"DROP (VIEW) (?:IF EXISTS )?({NAME})"
    rf"|DROP (FUNCTION|PROCEDURE) (?:IF EXISTS )?({NAME} ?\(.*\))"
    rf"|DROP (TRIGGER) (?:IF EXISTS )?({NAME} ON {NAME})"
)

# Of a column: the words that end its type, and what a default may be without being computed.
WORD = (
    r"(?!(?:CONSTRAINT|CHECK|REFERENCES|UNIQUE|PRIMARY|GENERATED|NOT|NULL|DEFAULT|COLLATE"
    r"|(?:BIG|SMALL)?SERIAL[248]?)\b)[\w.]+"
)
TYPE = rf"{WORD}(?: ?\([\d, -]*\))?(?: {WORD}(?: ?\([\d, -]*\))?)*(?: ?\[\d*\])*"
CONSTANT = (
    rf"(?:(?:{WORD} )?''|[-+]?[\d.]+(?:E[-+]?\d+)?|TRUE|FALSE|NULL|ARRAY ?\[\])"
    rf"(?: ?:: ?{TYPE})?"
)
ADD_COLUMN = re.compile(
    rf"ADD (?:COLUMN )?(?:IF NOT EXISTS )?(?!CONSTRAINT\b){NAME} {TYPE}"
    rf"(?P<more>(?: COLLATE {NAME}| DEFAULT (?:{CONSTANT}|\( ?{CONSTANT} ?\))| NOT NULL| NULL)*)"
)
ADD_CONSTRAINT = re.compile(
    rf"ADD (?:CONSTRAINT {NAME} )?(?:CHECK|FOREIGN KEY|UNIQUE|PRIMARY KEY|EXCLUDE|NOT NULL)\b"
)
HARMLESS = re.compile(
    rf"""
    VALIDATE\ CONSTRAINT\b
    | ALTER\ (?:COLUMN\ )?{NAME}\ (?:
        SET\ (?:DEFAULT|STATISTICS|STORAGE|COMPRESSION)\b | SET\ ?\( | DROP\ NOT\ NULL$
    )
    | (?:SET|RESET)\ ?\(
    | ENABLE\ (?:ALWAYS\ |REPLICA\ )?TRIGGER\b
    """,
    re.VERBOSE,
)
DROP_CONSTRAINT = re.compile(rf"DROP CONSTRAINT (?:IF EXISTS )?({NAME})$")
DROP_COLUMN = re.compile(r"DROP (?!CONSTRAINT\b)")


def new_tables(statements: Collection[str]) -> set[str]:
    """The tables that these statements make. One made IF NOT EXISTS may have been there."""
    found = (NEW_TABLE.match(statement) for statement in statements)
    return {match[1] for match in found if match and match[1] != "IF"}


def changes_rows(statement: str) -> bool:
    return bool(CHANGES_ROWS.match(statement)) and not SENDS_CONSTANTS.match(statement)


def changes_of(statement: str) -> tuple[str, list[str]] | None:
    """Of ALTER TABLE: the table, and what is done to it, one by one."""
    match = ALTER_TABLE.match(statement)
    return (match[1], list(_parts(match[2]))) if match else None


def discards(statement: str) -> bool:
    """Whether rows or values are gone after it."""
    altered = changes_of(statement)
    if altered is not None:
        return any(DROP_COLUMN.match(change) for change in altered[1])
    return bool(re.match(r"(?:DROP (?:TABLE|SCHEMA)|TRUNCATE|DELETE)\b", statement))


def waits_for_a_scan(change: str) -> bool:
    """Whether this part of ALTER TABLE adds a constraint and reads the table for it."""
    promised = change.endswith("NOT VALID") or " USING INDEX " in change
    return bool(ADD_CONSTRAINT.match(change)) and not promised


def taken_away(statements: Sequence[str], made: Collection[str]) -> list[str]:
    """Those from which the running release, or who works meanwhile, may suffer.

    ``made`` are the tables that nobody uses yet. What is dropped may be made again further on.
    """
    return [
        statement
        for number, statement in enumerate(statements)
        if not ADDS.match(statement)
        and not SENDS_CONSTANTS.match(statement)
        and _takes_away(statement, statements[number:], made)
    ]


def _takes_away(statement: str, from_here: Sequence[str], made: Collection[str]) -> bool:
    altered = changes_of(statement)
    if altered is None:
        return not _is_made_again(statement, from_here)
    table, changes = altered
    return table not in made and any(
        not _is_harmless(table, change, from_here) for change in changes
    )


def _is_harmless(table: str, change: str, from_here: Sequence[str]) -> bool:
    if ADD_CONSTRAINT.match(change) or HARMLESS.match(change):
        return True
    dropped = DROP_CONSTRAINT.match(change)
    if dropped:
        again = f"ADD CONSTRAINT {dropped[1]} "
        return any(
            altered is not None
            and altered[0] == table
            and any(part.startswith(again) for part in altered[1])
            for altered in map(changes_of, from_here)
        )
    column = ADD_COLUMN.fullmatch(change)
    if column is None:
        return False
    is_filled = "DEFAULT" in column["more"] and "DEFAULT NULL" not in column["more"]
    return is_filled or "NOT NULL" not in column["more"]


def _is_made_again(statement: str, from_here: Sequence[str]) -> bool:
    """Whether a later statement makes the same object; a function with the same arguments."""
    match = REMADE.fullmatch(statement)
    if match is None:
        return False
    kind, name = (found for found in match.groups() if found is not None)
    again = re.escape(name)
    if kind == "TRIGGER":
        trigger, _, table = name.partition(" ON ")
        again = rf"{re.escape(trigger)} .*\bON {re.escape(table)}"
    made = re.compile(rf"CREATE (?:OR REPLACE )?{kind} {again}(?![\w.$])")
    return any(made.match(later) for later in from_here[1:])


def _parts(text: str) -> Iterator[str]:
    """What stands between commas, those inside of parentheses aside."""
    depth, part = 0, ""
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            yield part.strip()
            part = ""
        else:
            part += character
    yield part.strip()
