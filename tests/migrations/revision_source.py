"""A revision's source, parsed: which operations it calls, and with which SQL."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

# Literals, bodies of functions and comments: whichever begins first hides the others. A quoted
# name is kept.
# A function's body that is no string.
BODY = re.compile(r"\bBEGIN ATOMIC\b.*?; END(?= ?(?:;|$))")
NOT_SQL = re.compile(
    r"""(?P<name>"(?:[^"]|"")*")"""
    r"""|(?P<literal>\bE'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)"""
    r"""|--[^\n]*|/\*.*?\*/""",
    re.DOTALL | re.IGNORECASE,
)
# Their first argument is SQL.
SENDING = {"execute", "run_in_batches"}


@dataclass(frozen=True)
class Call:
    """``op.<name>(...)``; ``sql`` is the text given to it, squeezed, in capitals, with '' for each
    literal and without comments."""

    name: str
    sql: str
    node: ast.Call

    @property
    def is_written_out(self) -> bool:
        """Whether what it sends can be read: it is a literal, and not put together."""
        return self.name not in SENDING or (
            bool(self.node.args)
            and isinstance(self.node.args[0], ast.Constant)
            and isinstance(self.node.args[0].value, str)
        )


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

    @property
    def is_before_the_deploy(self) -> bool:
        return self.constants.get("phase") != "post"

    def calls(self, function: str) -> list[Call]:
        """The operations that this function, or helpers in the file, may call."""
        reached, waiting = set(), [function]
        while waiting:
            name = waiting.pop()
            if name in self.functions and name not in reached:
                reached.add(name)
                nodes = ast.walk(self.functions[name])
                waiting += [node.id for node in nodes if isinstance(node, ast.Name)]
        # In the order of the file, which is that of their execution where there is no helper.
        return [
            call
            for name, body in self.functions.items()
            if name in reached
            for call in _operations(body)
        ]

    def statements(self, function: str) -> list[str]:
        """The SQL statements that op.execute sends."""
        return [
            statement.strip()
            for call in self.calls(function)
            if call.name == "execute"
            for statement in call.sql.split(";")
            if statement.strip()
        ]


def is_operation(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "op"
    )


def _operations(function: ast.FunctionDef) -> Iterator[Call]:
    nodes = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        if is_operation(node) and isinstance(node.func, ast.Attribute):
            yield Call(node.func.attr, _sql(node.args), node)


def _sql(arguments: list[ast.expr]) -> str:
    """The texts among the arguments, as Call has them."""
    texts = "\n".join(
        part.value
        for argument in arguments
        for part in ast.walk(argument)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    )
    squeezed = " ".join(NOT_SQL.sub(_visible, texts).split()).upper()
    return BODY.sub("''", squeezed)


def _visible(match: re.Match[str]) -> str:
    if match["name"] is not None:
        # Names are compared in capitals, and a name with a semicolon in it ends no statement.
        return match["name"].replace('"', "").replace(";", "_").replace(" ", "_")
    return " '' " if match["literal"] is not None else " "
