"""The operation that autogenerate proposes for what Alembic has no operation of its own for.

In a revision it is written as plain ``op.execute``, so that revisions need nothing of ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
from alembic.operations import MigrateOperation, Operations

# What SQLAlchemy would take for a bound parameter, and the backslash that keeps it from doing so.
_COLON = re.compile(r"\\(?=:[\w$]*(?![:\w$]))|(?<![:\w$\\])(?=:[\w$]+(?![:\w$]))")


class Redefine(MigrateOperation):
    """Statements that make an object what is declared, and those that make it again what it is.

    ``found`` and ``declared`` are its definitions as PostgreSQL writes them, None where there is
    none. The diff is ``("modify_index", name, found, declared)``, and accordingly with ``add_``
    and ``remove_``, and for column, constraint, trigger, function and view. ``remark`` is for
    whoever reads the revision.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        *,
        found: str | None,
        declared: str | None,
        forward: Sequence[str],
        back: Sequence[str],
        remark: str = "",
    ) -> None:
        self.kind = kind
        self.name = name
        self.found = found
        self.declared = declared
        self.forward = forward
        self.back = back
        self.remark = remark

    @property
    def verb(self) -> str:
        if self.found is None:
            return "add"
        return "remove" if self.declared is None else "modify"

    def reverse(self) -> Redefine:
        return Redefine(
            self.kind,
            self.name,
            found=self.declared,
            declared=self.found,
            forward=self.back,
            back=self.forward,
            remark=self.remark,
        )

    def to_diff_tuple(self) -> tuple[str, str, str | None, str | None]:
        return f"{self.verb}_{self.kind}", self.name, self.found, self.declared


def escaped(statement: str) -> str:
    """The statement for ``text()`` and ``op.execute()``, where a colon would mean a parameter."""
    return _COLON.sub(r"\\\g<0>", statement)


@Operations.implementation_for(Redefine)
def _run(operations: Operations, operation: Redefine) -> None:
    for statement in operation.forward:
        operations.execute(escaped(statement))


@renderers.dispatch_for(Redefine)
def _render(context: AutogenContext, operation: Redefine) -> list[str]:
    """One string per line: Alembic indents what it is given, and bodies are to stay as they are."""
    call = f"{context.opts['alembic_module_prefix']}execute"
    title = f"{operation.verb} {operation.kind} {operation.name}"
    lines = [f"# {title}: {operation.remark}" if operation.remark else f"# {title}"]
    for statement in operation.forward:
        first, *more = escaped(statement.strip()).splitlines(keepends=True)
        if more:
            lines += [f"{call}(", *(f"    {part!r}" for part in (first, *more)), ")"]
        else:
            lines.append(f"{call}({first!r})")
    return lines
