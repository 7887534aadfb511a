"""Every revision keeps the rules, and every rule bites."""

from __future__ import annotations

import pytest
from alembic.script import ScriptDirectory

from hegel_store import migrate
from tests.migrations.revision_counterexamples import BAD
from tests.migrations.revision_examples import GOOD
from tests.migrations.revision_rules import RULES, misnamed, problems_of
from tests.migrations.revision_source import Revision

FILES = {path.name: path for path in sorted(migrate.scripts().glob("versions/*.py"))}


@pytest.mark.parametrize("name", FILES)
def test_a_revision_keeps_the_rules(name):
    assert problems_of(FILES[name].read_text(), name) == []


def test_the_files_are_named_by_number_and_era():
    script = ScriptDirectory(str(migrate.scripts()))
    names = [revision.path.rsplit("/", 1)[-1] for revision in script.walk_revisions()][::-1]
    assert len(names) == len(FILES)
    assert misnamed({name: FILES[name].read_text() for name in names}) == []


@pytest.mark.parametrize("what", GOOD)
def test_what_is_right_passes(what):
    assert problems_of(GOOD[what], "0012.0_x.py") == []


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_is_found_by_its_rule(what):
    source, name = BAD[what]
    (rule,) = (rule for rule in RULES if rule.__name__ == name)
    assert len(rule(Revision(source, "0012.0_x.py"))) == 1


def test_every_rule_has_its_counterexample():
    assert {name for _, name in BAD.values()} == {rule.__name__ for rule in RULES}


def chain(*revisions: tuple[str, str, str]) -> dict[str, str]:
    """The first eleven, then these: file name, id, phase."""
    first = [(f"{n:04d}_x.py", f"{n:04d}", "pre") for n in range(1, 12)]
    return {
        name: f"revision = {identifier!r}\nphase = {phase!r}\n"
        for name, identifier, phase in (*first, *revisions)
    }


def test_names_count_the_revisions_that_take_away():
    good = (
        ("0012.0_a.py", "0012.0", "pre"),
        ("0013.1_b.py", "0013.1", "post"),
        ("0014.1_c_2.py", "0014.1", "pre"),
        ("0015.2_d.py", "0015.2", "post"),
    )
    assert misnamed(chain(*good)) == []


@pytest.mark.parametrize(
    "last",
    [
        ("0012_a.py", "0012", "pre"),
        ("0012.0_a.py", "0012.0", "post"),
        ("0012.1_a.py", "0012.1", "pre"),
        ("0013.0_a.py", "0013.0", "pre"),
        ("0012.0_a.py", "0012", "pre"),
        ("0012.0.py", "0012.0", "pre"),
        ("0012.0_A.py", "0012.0", "pre"),
    ],
)
def test_a_name_that_counts_wrong_is_found(last):
    assert misnamed(chain(last)) != []
