"""Reads the files below a folder, each as what it is."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from hegel_store.errors import InvalidInput
from hegel_store.operations.doctor.findings import Finding, Report
from hegel_store.operations.dsn_audit.line_source import audit_lines
from hegel_store.operations.dsn_audit.python_source import audit_python

PYTHON = (".py", ".pyw", ".pyi")
SHELL = (".sh", ".bash", ".zsh", ".ksh")
LINES = (".yaml", ".yml", ".env", ".envrc", ".ini", ".cfg", ".toml")
LINE_NAMES = ("Dockerfile", "Containerfile")
SKIPPED = frozenset(
    {".git", ".hg", ".venv", "venv", "node_modules", "site-packages", "__pycache__", ".tox", ".nox"}
)
"""Folders of what others wrote or tools made. Files that git ignores are read otherwise: .env is
one of them. Any folder with a pyvenv.cfg is skipped as well."""
LARGEST_BYTES = 1 << 20
ALLOWED = "dsn-audit: allow"
"""In a line that is meant to be so, it takes the line out."""


def audit(path: Path) -> Report:
    """Every connection string below ``path`` (a folder or a file) that passes by the resolver.

    Python is read by its syntax, shell scripts, YAML, env, INI and TOML files and Dockerfiles line
    by line. The last finding says how many files were read. Passwords are printed as ***. Raises
    InvalidInput where there is nothing of this name.
    """
    if not path.exists():
        raise InvalidInput("path", f"there is nothing at {path}")
    found: list[Finding] = []
    read = allowed = 0
    for file in [path] if path.is_file() else _files_below(path):
        shown = file.name if file == path else str(file.relative_to(path))
        kind = _kind_of(file)
        if kind is None:
            continue
        source = _text_of(file)
        if source is None:
            found.append(_unread(shown))
            continue
        read += 1
        left, taken = _without_allowed(list(_audited(source, shown, kind)), source)
        found += left
        allowed += taken
    found.append(
        Finding(
            code="dsn-audit",
            severity="ok",
            subject=str(path),
            seen=f"{read} files read, {len(found)} findings, {allowed} lines that say {ALLOWED!r}",
            why="Only Python, shell, YAML, env, INI and TOML files and Dockerfiles are read.",
        )
    )
    return Report(findings=found)


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if name not in SKIPPED and not Path(parent, name, "pyvenv.cfg").exists()
        )
        for name in sorted(files):
            file = Path(parent, name)
            if file.is_file() and not file.is_symlink():
                yield file


def _kind_of(file: Path) -> str | None:
    suffix, name = file.suffix.lower(), file.name
    if suffix in PYTHON:
        return "python"
    if suffix in SHELL:
        return "shell"
    if suffix in LINES or name.startswith((".env", *LINE_NAMES)):
        return "lines"
    return None if suffix else _kind_by_first_line(file)


def _kind_by_first_line(file: Path) -> str | None:
    try:
        with file.open("rb") as stream:
            first = stream.readline(200)
    except OSError:
        return None
    if not first.startswith(b"#!"):
        return None
    if b"python" in first:
        return "python"
    return "shell" if b"sh" in first else None


def _text_of(file: Path) -> str | None:
    """None for what cannot be read as text, or is too large for anybody to have written it."""
    try:
        if file.stat().st_size > LARGEST_BYTES:
            return None
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


def _audited(source: str, path: str, kind: str) -> Iterator[Finding]:
    if kind == "python":
        return audit_python(source, path)
    return audit_lines(source, path, is_shell=kind == "shell")


def _without_allowed(found: Sequence[Finding], source: str) -> tuple[list[Finding], int]:
    lines = source.splitlines()
    left = []
    for each in found:
        number = each.subject.rpartition(":")[2]
        line = lines[int(number) - 1] if number.isdecimal() and int(number) <= len(lines) else ""
        if ALLOWED not in line:
            left.append(each)
    return left, len(found) - len(left)


def _unread(path: str) -> Finding:
    return Finding(
        code="dsn-unread",
        severity="look",
        subject=path,
        seen=f"no text in UTF-8, or larger than {LARGEST_BYTES:,} bytes",
        why="What it holds is not known.",
        remedy=f"grep -aniE 'postgres(ql)?://|PGPASSWORD' '{path}'",
    )
