"""The rules that every revision keeps, read from its source.

Each rule is a function of a parsed revision that returns its problems as sentences.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

INDEX_OPERATIONS = {
    "create_index_concurrently",
    "create_hnsw_index",
    "create_ivfflat_index",
    "drop_index_concurrently",
    "reindex_concurrently",
    "rebuild_hnsw_index",
    "rebuild_ivfflat_index",
}
# The rows are changed in transactions of their own, as an index is built.
ALONE = INDEX_OPERATIONS | {"run_in_batches"}

NAME = r'(?:IF (?:NOT )?EXISTS )?(?:ONLY )?"?([\w.]+)"?'
MADE = re.compile(rf"\bCREATE (?:UNLOGGED )?TABLE {NAME}")
INDEXED = re.compile(rf"\bCREATE (?:UNIQUE )?INDEX\b.*? ON {NAME}")
ALTERED = re.compile(rf"\bALTER TABLE {NAME} (.*)")
TAKEN_AWAY = re.compile(
    r"\bDROP (?:TABLE|COLUMN|INDEX|CONSTRAINT)\b"
    r"|\bRENAME\b"
    r"|\bALTER (?:COLUMN )?\S+ (?:SET DATA )?TYPE\b"
)
CHANGES_ROWS = re.compile(r"^(?:WITH|UPDATE|DELETE|MERGE|INSERT INTO (?!.*\bVALUES\b))", re.DOTALL)
# Literals, bodies of functions and comments: whichever begins first hides the others.
NOT_SQL = re.compile(r"'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/", re.DOTALL)
DISCARDS = re.compile(r"\bDROP (?:TABLE|COLUMN)\b")


@dataclass(frozen=True)
class Call:
    """``op.<name>(...)``; ``sql`` is the text given to it, squeezed, in capitals, without
    literals and comments."""

    name: str
    sql: str


class Revision:
    """A revision's source, parsed."""

    def __init__(self, source: str, file_name: str) -> None:
        self.tree = ast.parse(source)
        self.file_name = file_name
        self.functions = {
            node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)
        }

    @cached_property
    def constants(self) -> Mapping[str, object]:
        """The plain values assigned at the top, such as ``revision`` and ``phase``."""
        return {
            target.id: node.value.value
            for node in self.tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    def calls(self, function: str) -> list[Call]:
        """The operations that this function, or a helper in the file, may call."""
        body = self.functions.get(function)
        found = [] if body is None else list(_operations(body))
        helpers = [
            self.functions[node.func.id]
            for node in ast.walk(body or ast.Pass())
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in self.functions
            and node.func.id != function
        ]
        return found + [call for helper in helpers for call in _operations(helper)]

    def statements(self, function: str) -> list[str]:
        """The SQL statements that op.execute sends."""
        return [
            statement.strip()
            for call in self.calls(function)
            if call.name == "execute"
            for statement in call.sql.split(";")
            if statement.strip()
        ]


def _operations(function: ast.FunctionDef) -> Iterator[Call]:
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "op"
        ):
            yield Call(node.func.attr, _sql(node.args))


def _sql(arguments: Iterable[ast.expr]) -> str:
    """The texts among the arguments, without what NOT_SQL matches."""
    texts = "\n".join(
        part.value
        for argument in arguments
        for part in ast.walk(argument)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    )
    return " ".join(NOT_SQL.sub(" '' ", texts).split()).upper()


def stands_alone(revision: Revision) -> list[str]:
    """Its tables will have moved on."""
    imported = {
        name
        for node in ast.walk(revision.tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None), *(alias.name for alias in node.names)]
        if name
    }
    return [f"imports {name}" for name in sorted(imported) if name.split(".")[0] == "hegel_store"]


def has_a_phase(revision: Revision) -> list[str]:
    phase = revision.constants.get("phase")
    return [] if phase in ("pre", "post") else [f"has the phase {phase!r}, not 'pre' or 'post'"]


def goes_both_ways(revision: Revision) -> list[str]:
    problems = []
    for name in ("upgrade", "downgrade"):
        function = revision.functions.get(name)
        if function is None:
            problems.append(f"has no {name}()")
        elif any(isinstance(node, ast.Pass | ast.Raise) for node in ast.walk(function)):
            problems.append(f"{name}() holds pass or raise")
        elif not revision.calls(name):
            problems.append(f"{name}() does nothing")
    return problems


def says_what_it_discards(revision: Revision) -> list[str]:
    """In a paragraph of its own, which is shown before a downgrade."""
    discards = any(
        DISCARDS.search(call.sql) or call.name in ("drop_embedding_dimension", "drop_table")
        for call in revision.calls("downgrade")
    )
    paragraphs = (ast.get_docstring(revision.tree) or "").split("\n\n")
    if discards and not any(part.startswith("The downgrade ") for part in paragraphs):
        return ['has no paragraph "The downgrade ..." that says what is discarded']
    return []


def takes_away_only_after_the_deploy(revision: Revision) -> list[str]:
    if revision.constants.get("phase") == "post":
        return []
    problems = [
        f"drops, renames or retypes in the phase 'pre': {statement}"
        for statement in revision.statements("upgrade")
        if TAKEN_AWAY.search(statement)
    ]
    return problems + [
        f"calls op.{call.name} in the phase 'pre'"
        for call in revision.calls("upgrade")
        if re.match(r"drop_|rename_|alter_column", call.name)
    ]


def leaves_concurrently_to_the_operations(revision: Revision) -> list[str]:
    return [
        f"writes CONCURRENTLY by hand in {name}()"
        for name in ("upgrade", "downgrade")
        if any("CONCURRENTLY" in statement for statement in revision.statements(name))
    ]


def keeps_long_operations_alone(revision: Revision) -> list[str]:
    """What has run when one of them is interrupted would run again."""
    problems = []
    for name in ("upgrade", "downgrade"):
        called = [call.name for call in revision.calls(name)]
        for operation in sorted(ALONE.intersection(called)):
            function = revision.functions[name]
            lines = [line for line in function.body if not _is_docstring(line)]
            if len(called) > 1 or len(lines) > 1:
                problems.append(f"op.{operation} is not the only statement of {name}()")
    return problems


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def indexes_in_passing_only_new_tables(revision: Revision) -> list[str]:
    made = _made(revision)
    problems = [
        f"CREATE INDEX on {table.lower()}, which it does not make: use the operations"
        for statement in revision.statements("upgrade")
        for table in INDEXED.findall(statement)
        if table not in made
    ]
    return problems + [
        "calls op.create_index: use op.create_index_concurrently"
        for call in revision.calls("upgrade")
        if call.name == "create_index"
    ]


def constrains_in_two_steps(revision: Revision) -> list[str]:
    """NOT VALID takes its lock for a moment; VALIDATE reads the table, and lets others write."""
    made, problems, adds, validates = _made(revision), [], False, False
    for statement in revision.statements("upgrade"):
        for table, change in ALTERED.findall(statement):
            validates |= "VALIDATE CONSTRAINT" in change
            if "ADD CONSTRAINT" in change and table not in made:
                adds = True
                added = change.count("ADD CONSTRAINT")
                if change.count("NOT VALID") < added and "USING INDEX" not in change:
                    problems.append(f"adds a constraint to {table.lower()} without NOT VALID")
    if adds and validates:
        problems.append("validates a constraint in the revision that adds one")
    return problems


def changes_rows_in_batches(revision: Revision) -> list[str]:
    return [
        f"changes rows at once: {statement:.60}: use op.run_in_batches"
        for statement in revision.statements("upgrade")
        if CHANGES_ROWS.match(statement)
    ]


def _made(revision: Revision) -> set[str]:
    return {
        table for statement in revision.statements("upgrade") for table in MADE.findall(statement)
    }


RULES = (
    stands_alone,
    has_a_phase,
    goes_both_ways,
    says_what_it_discards,
    takes_away_only_after_the_deploy,
    leaves_concurrently_to_the_operations,
    keeps_long_operations_alone,
    indexes_in_passing_only_new_tables,
    constrains_in_two_steps,
    changes_rows_in_batches,
)


def problems_of(source: str, file_name: str) -> list[str]:
    """Everything that is wrong with this revision by itself."""
    revision = Revision(source, file_name)
    return [problem for rule in RULES for problem in rule(revision)]


def misnamed(sources: Mapping[str, str]) -> list[str]:
    """What is wrong with the names of all files together, by their sources, in the order of the
    chain.

    ``0001_slug.py`` to ``0011_slug.py``, then ``NNNN.E_slug.py`` where E, the era, counts the
    revisions of the phase "post" up to this one.
    """
    problems, era = [], 0
    for number, (file_name, source) in enumerate(sources.items(), start=1):
        constants = Revision(source, file_name).constants
        era += constants.get("phase") == "post"
        wanted = f"{number:04d}" if number <= 11 else f"{number:04d}.{era}"
        if constants.get("revision") != wanted:
            problems.append(f"{file_name} has the id {constants.get('revision')!r}, not {wanted!r}")
        if not re.fullmatch(rf"{re.escape(wanted)}_[a-z][a-z0-9_]*\.py", file_name):
            problems.append(f"{file_name} is not called {wanted}_slug.py")
    return problems
