"""The rules that every revision keeps, read from its source.

Each rule is a function of a parsed revision that returns its problems as sentences.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from tests.migrations.revision_source import Call, Revision
from tests.migrations.revision_statements import (
    NEW_INDEX,
    changes_of,
    changes_rows,
    discards,
    new_tables,
    taken_away,
    waits_for_a_scan,
)

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
# Through them statements are sent that nobody reads here.
HIDING = {"get_bind", "get_context", "batch_alter_table", "invoke", "run_async"}
DISCARDING = {"drop_embedding_dimension", "drop_table", "drop_column"}
# What the running release does not notice. An index of Alembic's is for another rule to judge.
ADDING = (ALONE - {"drop_index_concurrently"}) | {
    "execute",
    "create_table",
    "create_index",
    "add_column",
    "add_embedding_dimension",
    "f",
}


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
    discarded = any(map(discards, revision.statements("downgrade"))) or any(
        call.name in DISCARDING for call in revision.calls("downgrade")
    )
    paragraphs = (ast.get_docstring(revision.tree) or "").split("\n\n")
    if discarded and not any(part.startswith("The downgrade ") for part in paragraphs):
        return ['has no paragraph "The downgrade ..." that says what is discarded']
    return []


def writes_its_statements_out(revision: Revision) -> list[str]:
    """Literals only, sent by ``op.<operation>(...)``: the other rules read nothing else."""
    problems, read = [], set()
    for name in ("upgrade", "downgrade"):
        for call in revision.calls(name):
            read.add(getattr(call.node.func, "value", None))
            if call.name in HIDING:
                problems.append(f"calls op.{call.name} in {name}()")
            elif not call.is_written_out:
                problems.append(f"gives op.{call.name} something else than a literal in {name}()")
    for node in ast.walk(revision.tree):
        if isinstance(node, ast.Name) and node.id == "op" and node not in read:
            problems.append(f"uses op otherwise than by calling it, in line {node.lineno}")
        elif isinstance(node, ast.ImportFrom) and node.module == "alembic":
            if [(alias.name, alias.asname) for alias in node.names] != [("op", None)]:
                problems.append("imports something else than op from alembic")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [getattr(node, "module", None), *(alias.name for alias in node.names)]
            if any(str(name).split(".")[0] == "alembic" for name in names):
                problems.append("imports something else than op from alembic")
    return problems


def only_adds_before_the_deploy(revision: Revision) -> list[str]:
    """The running release works on, and nobody waits: what is not known for that comes later."""
    if not revision.is_before_the_deploy:
        return []
    # Changes of rows are for another rule to judge.
    statements = [each for each in revision.statements("upgrade") if not changes_rows(each)]
    problems = [
        f"may take something away, or make others wait, in the phase 'pre': {statement}"
        for statement in taken_away(statements, _made(revision))
    ]
    return problems + [
        f"calls op.{call.name} in the phase 'pre'"
        for call in revision.calls("upgrade")
        if (call.name not in ADDING | HIDING)
        or (call.name == "add_column" and not _adds_a_plain_column(call))
    ]


def _adds_a_plain_column(call: Call) -> bool:
    """``op.add_column(table, sa.Column(name, type))``, nullable, with a constant default."""
    column = call.node.args[-1] if call.node.args else None
    return (
        isinstance(column, ast.Call)
        and len(column.args) <= 2
        and all(
            option.arg in ("nullable", "server_default", "comment")
            and isinstance(option.value, ast.Constant)
            and option.value.value is not False
            for option in column.keywords
        )
    )


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
        f"CREATE INDEX on {match[1].lower()}, which it does not make: use the operations"
        for match in map(NEW_INDEX.match, revision.statements("upgrade"))
        if match and match[1] not in made
    ]
    return problems + [
        "calls op.create_index: use op.create_index_concurrently"
        for call in revision.calls("upgrade")
        if call.name == "create_index"
    ]


def constrains_in_two_steps(revision: Revision) -> list[str]:
    """NOT VALID takes its lock for a moment; VALIDATE reads the table, and lets others write."""
    made, problems, adds, validates = _made(revision), [], False, False
    for table, changes in filter(None, map(changes_of, revision.statements("upgrade"))):
        for change in changes if table not in made else ():
            validates |= change.startswith("VALIDATE CONSTRAINT")
            adds |= change.startswith("ADD ") and change.endswith("NOT VALID")
            if waits_for_a_scan(change):
                problems.append(f"adds a constraint to {table.lower()} without NOT VALID")
    if adds and validates:
        problems.append("validates a constraint in the revision that adds one")
    return problems


def changes_rows_in_batches(revision: Revision) -> list[str]:
    return [
        f"changes rows at once: {statement:.60}: use op.run_in_batches"
        for statement in revision.statements("upgrade")
        if changes_rows(statement)
    ]


def _made(revision: Revision) -> set[str]:
    """The tables that nobody uses yet, in capitals."""
    return new_tables(revision.statements("upgrade")) | {
        call.sql.split()[0]
        for call in revision.calls("upgrade")
        if call.name == "create_table" and call.sql
    }


RULES = (
    stands_alone,
    has_a_phase,
    goes_both_ways,
    says_what_it_discards,
    writes_its_statements_out,
    only_adds_before_the_deploy,
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
