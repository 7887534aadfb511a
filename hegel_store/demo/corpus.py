"""The documentation of the installed Python's standard library, read without running it.

Python modules are parsed, never imported: importing one may open a browser, print, or patch
another. What is written in C has no source to parse, so a fixed list of harmless modules is
imported and inspected instead.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
import sysconfig
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["function", "class", "method"]
Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

# Not documentation of the library's interface, or (tkinter) not installed everywhere: leaving
# them out keeps the corpus much the same from one machine to the next.
SKIPPED_FOLDERS = frozenset(
    {
        "__phello__",
        "__pycache__",
        "config",
        "dist-packages",
        "encodings",
        "ensurepip",
        "idlelib",
        "lib2to3",
        "pydoc_data",
        "site-packages",
        "test",
        "tests",
        "tkinter",
        "turtledemo",
    }
)

# Each has members written in C, is loaded by ordinary programs all the time, and does nothing
# when imported. A module that this Python lacks is passed over.
EXTENSION_MODULES = (
    "builtins",
    "array",
    "binascii",
    "bisect",
    "cmath",
    "collections",
    "contextvars",
    "datetime",
    "decimal",
    "fcntl",
    "functools",
    "gc",
    "grp",
    "hashlib",
    "heapq",
    "io",
    "itertools",
    "lzma",
    "marshal",
    "math",
    "mmap",
    "operator",
    "os",
    "pwd",
    "queue",
    "random",
    "resource",
    "select",
    "signal",
    "socket",
    "sqlite3",
    "ssl",
    "struct",
    "sys",
    "termios",
    "threading",
    "time",
    "types",
    "unicodedata",
    "weakref",
    "zlib",
    "zoneinfo",
)

SENTENCE_END = re.compile(r"(?<=[.!?])[)'\"]*\s+(?=[A-Z(\"'`*])")
UNDERLINE = re.compile(r"^[-=~*_.#\s]+$")
MAXIMUM_SIGNATURE = 100  # characters; a longer one says little more about what the object does


@dataclass(frozen=True, slots=True)
class DocumentedObject:
    """One public function, class or method, with its docstring cut into sentences."""

    module: str
    qualified_name: str  # within the module: "JSONEncoder.default"
    kind: Kind
    signature: str  # "(obj, *, indent=None)"; empty where it is unknown
    sentences: tuple[str, ...]  # never empty; the first is the summary

    @property
    def name(self) -> str:
        """The name a reader would import: ``json.JSONEncoder.default``, ``len``."""
        if self.module == "builtins":
            return self.qualified_name
        return f"{self.module}.{self.qualified_name}"


def standard_library(root: Path | None = None) -> list[DocumentedObject]:
    """Every documented public object, ordered by name, each name once.

    ``root`` is a folder of Python sources to read instead of the installed library; the modules
    written in C are then left out. A folder without sources gives an empty list.
    """
    objects = list(python_objects(root or Path(sysconfig.get_path("stdlib"))))
    if root is None:
        objects.extend(extension_objects())
    by_name: dict[str, DocumentedObject] = {}
    for item in objects:
        by_name.setdefault(item.name, item)
    return [by_name[name] for name in sorted(by_name)]


def _sources(root: Path) -> Iterator[Path]:
    """Files of Python under ``root``; of a skipped folder not even the names are read, as all that
    is installed may be in one."""
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not _is_skipped_folder(name)]
        yield from (Path(folder, name) for name in files if name.endswith(".py"))


def python_objects(root: Path) -> Iterator[DocumentedObject]:
    """Documented objects of every public module under ``root``, by parsing alone."""
    for path in sorted(_sources(root)):
        parts = path.relative_to(root).with_suffix("").parts
        folders, stem = parts[:-1], parts[-1]
        if stem[0] == "_" and stem != "__init__":
            continue
        module = ".".join(folders if stem == "__init__" else parts)
        try:
            tree = ast.parse(path.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue  # a template or a half-installed file: not documentation anyone can use
        yield from _documented_in(tree, module, ())


def extension_objects() -> Iterator[DocumentedObject]:
    """Documented objects written in C, from the fixed list of modules."""
    for module in EXTENSION_MODULES:
        try:
            members = vars(importlib.import_module(module))
        except ImportError:
            continue
        for name in sorted(members):
            member = members[name]
            # A class made elsewhere (say in Python, and only re-exported here) would be here twice.
            if name.startswith("_") or getattr(member, "__name__", None) != name:
                continue
            if inspect.isclass(member):
                if not _is_heap_type(member):
                    yield from _extension_class(module, name, member)
            elif inspect.isbuiltin(member):
                yield from _extension_member(module, name, "function", member)


def _is_skipped_folder(folder: str) -> bool:
    return folder in SKIPPED_FOLDERS or folder.startswith(("_", "config-"))


def _documented_in(
    node: ast.Module | ast.ClassDef, module: str, outer: tuple[str, ...]
) -> Iterator[DocumentedObject]:
    for child in node.body:
        if not isinstance(child, Documented) or child.name.startswith("_"):
            continue
        path = (*outer, child.name)
        sentences = to_sentences(ast.get_docstring(child) or "")
        if sentences:
            kind: Kind = "method" if outer else "function"
            if isinstance(child, ast.ClassDef):
                kind = "class"
            yield DocumentedObject(module, ".".join(path), kind, _signature(child), sentences)
        if isinstance(child, ast.ClassDef):
            yield from _documented_in(child, module, path)


def _signature(node: Documented) -> str:
    if isinstance(node, ast.ClassDef):
        for child in node.body:
            if isinstance(child, ast.FunctionDef) and child.name == "__init__":
                return _signature(child)
        return ""
    arguments = re.sub(r"^(self|cls)(, )?", "", ast.unparse(node.args))
    return _shortened(f"({arguments})")


def _shortened(signature: str) -> str:
    if len(signature) <= MAXIMUM_SIGNATURE:
        return signature
    return signature[: MAXIMUM_SIGNATURE - 5].rstrip(", ") + " ...)"


def _is_heap_type(cls: type) -> bool:
    heap_type_flag = 1 << 9  # Py_TPFLAGS_HEAPTYPE: set for every class made by a class statement
    return bool(cls.__flags__ & heap_type_flag)


def _extension_class(module: str, name: str, cls: type) -> Iterator[DocumentedObject]:
    yield from _extension_member(module, name, "class", cls)
    for attribute, member in sorted(vars(cls).items()):
        if not attribute.startswith("_") and isinstance(
            member,
            types.MethodDescriptorType
            | types.ClassMethodDescriptorType
            | types.BuiltinFunctionType
            | staticmethod,
        ):
            yield from _extension_member(module, f"{name}.{attribute}", "method", member)


def _extension_member(
    module: str, qualified_name: str, kind: Kind, member: object
) -> Iterator[DocumentedObject]:
    text = getattr(member, "__doc__", None)
    if not isinstance(text, str):
        return
    signature = _text_signature(member) if callable(member) else ""
    head, _, rest = inspect.cleandoc(text).partition("\n")
    # Older C docstrings open with their own signature: "pop([index]) -> item -- remove ...".
    own = re.match(rf"(?:\w+\.)*{qualified_name.split('.')[-1]}(\(.*?\))(?:\s*->\s*)?(.*)$", head)
    if own:
        signature = signature or _shortened(own[1])
        head = re.sub(r"^[\w\s,()|.]*?--\s*", "", own[2])
    sentences = to_sentences(f"{head}\n{rest}")
    if sentences:
        yield DocumentedObject(module, qualified_name, kind, signature, sentences)


def _text_signature(member: Callable[..., object]) -> str:
    try:
        text = str(inspect.signature(member))
    except (ValueError, TypeError):
        return ""
    return _shortened(re.sub(r"\((self|cls)?(, )?/?(, )?", "(", text, count=1))


def to_sentences(docstring: str) -> tuple[str, ...]:
    """Prose of a docstring as sentences; examples, rules and markup are left out."""
    paragraphs: list[str] = []
    in_example = False
    lines: list[str] = []
    for line in [*inspect.cleandoc(docstring).splitlines(), ""]:
        stripped = line.strip()
        if not stripped:
            if lines:
                paragraphs.append(" ".join(lines))
            in_example, lines = False, []
        elif stripped.startswith((">>>", "...", "$ ", ".. ")):
            in_example = True
        elif not in_example and not UNDERLINE.match(stripped):
            lines.append(stripped)
    return tuple(
        sentence.strip()
        for paragraph in paragraphs
        for sentence in SENTENCE_END.split(re.sub(r"\s+", " ", paragraph))
        if re.search(r"[A-Za-z]{2}", sentence)
    )
