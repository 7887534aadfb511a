"""Docstrings, read without running what they belong to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hegel_store.demo.corpus import (
    MAXIMUM_SIGNATURE,
    DocumentedObject,
    python_objects,
    standard_library,
    to_sentences,
)

MODULE = '''
import pathlib
pathlib.Path("was_imported").touch()
raise SystemExit("importing this ends the process")


class Reader:
    """Reads records. Slowly."""

    def __init__(self, path, *, size=8):
        pass

    def next(self, count=1):
        """Return the next records.

        Fewer at the end.
        """

    def _private(self):
        """Not for readers."""

    class Inner:
        """Lives inside."""


async def fetch(url, /):
    """Fetch it."""


def undocumented():
    pass
'''


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "lib"
    for name in ("shelf", "_hidden", "test", "site-packages"):
        (root / name).mkdir(parents=True)
    (root / "records.py").write_text(MODULE)
    (root / "shelf" / "__init__.py").write_text('def top():\n    """At the top."""\n')
    (root / "shelf" / "deep.py").write_text('def down():\n    """Deep down."""\n')
    for skipped in ("_hidden/a.py", "test/b.py", "site-packages/c.py", "_private.py"):
        (root / skipped).write_text('def wrong():\n    """Must not be read."""\n')
    (root / "template.py").write_text("def {{ name }}(:\n")
    return root


def test_modules_are_read_but_never_run(library):
    found = {item.name: item for item in standard_library(library)}
    assert list(found) == [
        "records.Reader",
        "records.Reader.Inner",
        "records.Reader.next",
        "records.fetch",
        "shelf.deep.down",
        "shelf.top",
    ]
    assert not Path("was_imported").exists()
    assert found["records.Reader.next"] == DocumentedObject(
        module="records",
        qualified_name="Reader.next",
        kind="method",
        signature="(count=1)",
        sentences=("Return the next records.", "Fewer at the end."),
    )
    assert found["records.Reader"].kind == "class"
    assert found["records.Reader"].signature == "(path, *, size=8)"
    assert found["records.fetch"].kind == "function"


def test_a_folder_without_sources_gives_nothing(tmp_path):
    assert list(python_objects(tmp_path)) == []


def test_the_installed_library_gives_thousands_of_objects_each_once():
    objects = standard_library()
    names = [item.name for item in objects]
    assert len(objects) > 3_000
    assert names == sorted(set(names))
    assert {"json.dumps", "list.pop", "len", "argparse.ArgumentParser", "math.sqrt"} <= set(names)
    assert all(item.sentences and len(item.signature) <= MAXIMUM_SIGNATURE for item in objects)
    by_name = {item.name: item for item in objects}
    assert by_name["json.dumps"].signature.startswith("(obj, *, skipkeys=False")
    assert by_name["list.pop"].signature == "(index=-1, /)"


def test_reading_the_installed_library_imports_no_easter_eggs():
    code = (
        "import sys; from hegel_store.demo.corpus import standard_library; standard_library();"
        "print({'antigravity', 'this', 'turtle', 'idlelib', 'tkinter'} & set(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "set()\n"


@pytest.mark.parametrize(
    ("docstring", "sentences"),
    [
        ("", ()),
        ("One.", ("One.",)),
        ("Joins\nlines. And splits\nthem.", ("Joins lines.", "And splits them.")),
        ("Adds e.g. two numbers.", ("Adds e.g. two numbers.",)),
        ("Use it:\n\n>>> f(1)\n'Not prose.'\n\nDone.", ("Use it:", "Done.")),
        ("Title\n=====\n\n.. note:: no\n\nText.", ("Title", "Text.")),
        (
            "Emoji \U0001f600 stays. So does ünïcode.",
            ("Emoji \U0001f600 stays.", "So does ünïcode."),
        ),
    ],
)
def test_prose_is_cut_into_sentences(docstring, sentences):
    assert to_sentences(docstring) == sentences
