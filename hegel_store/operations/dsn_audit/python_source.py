"""Connection strings in Python, by its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from hegel_store.operations.doctor.findings import Finding
from hegel_store.operations.dsn_audit.secrets import (
    VARIABLES,
    is_connection_string,
    masked,
    plain_password,
)

CONNECTING = frozenset(
    {
        "sqlalchemy.create_engine",
        "sqlalchemy.engine.create_engine",
        "sqlalchemy.ext.asyncio.create_async_engine",
        "psycopg.connect",
        "psycopg.Connection.connect",
        "psycopg.AsyncConnection.connect",
        "psycopg_pool.ConnectionPool",
        "psycopg_pool.AsyncConnectionPool",
        "psycopg2.connect",
        "psycopg2.pool.SimpleConnectionPool",
        "psycopg2.pool.ThreadedConnectionPool",
        "asyncpg.connect",
        "asyncpg.create_pool",
    }
)
WHERE = ("url", "conninfo", "dsn", "host", "password")
"""Keywords that say where to connect, or as whom."""

RESOLVE = "hegel_store.connect(), or resolve_address(Settings()) of hegel_store.settings"


def audit_python(source: str, path: str) -> Iterator[Finding]:
    """What the source reads or holds; a file that is no Python is a finding."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        yield Finding(
            code="dsn-unread",
            severity="look",
            subject=path,
            seen=f"no Python that this version understands: {error}",
            why="What it reads is not known.",
            remedy=f"python -m py_compile '{path}'",
        )
        return
    visitor = _Visitor(path)
    visitor.visit(tree)
    yield from sorted(visitor.found, key=lambda found: int(found.subject.rpartition(":")[2]))


class _Visitor(ast.NodeVisitor):
    """``names`` are what imports have bound, by the names they have here, and ``texts`` names that
    a text was assigned to."""

    def __init__(self, path: str) -> None:
        self.found: list[Finding] = []
        self._path = path
        self._names: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._skipped: set[int] = set()

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._names[alias.asname or alias.name.partition(".")[0]] = (
                alias.name if alias.asname else alias.name.partition(".")[0]
            )

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self._names[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def visit_Assign(self, node: ast.Assign) -> None:
        text = _text_of(node.value)
        for target in node.targets:
            if isinstance(target, ast.Name) and text is not None:
                self._texts[target.id] = text
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.ctx, ast.Load) and self._name(node.value) == "os.environ":
            self._reads(node, node.slice)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = self._name(node.func)
        if name in ("os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault"):
            asked = node.args[:1] + [word.value for word in node.keywords if word.arg == "key"]
            for argument in asked:
                self._reads(node, argument)
        elif name in CONNECTING:
            self._connects(node, name)
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring shows examples
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and id(node) not in self._skipped:
            self._holds(node, node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        if id(node) not in self._skipped:
            self._holds(node, _template(node))
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def _reads(self, node: ast.expr, key: ast.expr) -> None:
        name = self._texts.get(key.id) if isinstance(key, ast.Name) else _text_of(key)
        if name in VARIABLES:
            self._add(
                node,
                "dsn-environment",
                f"reads {name} from the environment",
                "It passes by the order of names, the schema and the masking of the resolver.",
            )

    def _connects(self, node: ast.Call, name: str) -> None:
        words = {word.arg: word.value for word in node.keywords}
        places = (*node.args[:1], *(words[word] for word in WHERE if word in words))
        fixed = [text for place in places if (text := _text_of(place)) is not None]
        if name.endswith("_engine"):
            # Another database's, or with a creator none at all.
            fixed = [text for text in fixed if is_connection_string(text)]
        elif not node.args and not node.keywords:
            fixed = [""]  # which leaves it to libpq's variables
        if not fixed:
            return
        self._skipped |= {id(part) for part in ast.walk(node)}
        shown = [masked(text) for text in fixed if is_connection_string(text)]
        act = _text_of(words.get("password")) is not None
        self._add(
            node,
            "dsn-connect",
            f"{name}() with {shown[0]!r:.200}" if shown else f"{name}() with parameters of its own",
            "It connects to one database, whatever is set.",
            act=act or any(plain_password(text) is not None for text in fixed),
        )

    def _holds(self, node: ast.expr, value: str) -> None:
        if plain_password(value) is not None and ("://" in value or is_connection_string(value)):
            self._add(
                node,
                "dsn-password",
                f"a password in plain text: {masked(value.strip()):.200}",
                "Whoever reads the code, or its history, can connect.",
                act=True,
            )
        elif is_connection_string(value):
            self._add(
                node,
                "dsn-literal",
                f"holds {masked(value.strip()):.200}",
                "It names a database past the settings.",
            )

    def _add(self, node: ast.expr, code: str, seen: str, why: str, *, act: bool = False) -> None:
        self.found.append(
            Finding(
                code=code,
                severity="act" if act else "look",
                subject=f"{self._path}:{node.lineno}",
                seen=seen,
                why=why,
                remedy=RESOLVE,
            )
        )

    def _name(self, node: ast.expr) -> str | None:
        """The dotted name that an expression has after the imports; None for what has none."""
        if isinstance(node, ast.Name):
            return self._names.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            owner = self._name(node.value)
            return None if owner is None else f"{owner}.{node.attr}"
        return None


def _text_of(node: ast.expr | None) -> str | None:
    """The text of a literal, with {} for what a template fills in; None for what is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return _template(node) if isinstance(node, ast.JoinedStr) else None


def _template(node: ast.JoinedStr) -> str:
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
    )
