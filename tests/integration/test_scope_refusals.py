"""What an import refuses, and that nothing of it is stored."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import hegel_store
from hegel_store.errors import ImportConflict, InvalidInput
from hegel_store.models.identifiers import uuid7
from hegel_store.store import Store
from hegel_store.transfer import export_scope, import_scope
from hegel_store.transfer.lines import check_document
from tests.lineages import by_hand, everything, imagine

Lines = list[dict[str, Any]]


@pytest.fixture
def other(other_url: str) -> Iterator[Store]:
    with hegel_store.connect(other_url) as connected:
        yield connected


@pytest.fixture
def path(store: Store, tmp_path: Path) -> Path:
    imagine(store)
    export_scope(store, "news", "qa", tmp_path / "scope.jsonl")
    return tmp_path / "scope.jsonl"


def lines_of(path: Path) -> Lines:
    # Not splitlines(), which knows more ends of lines than a file has.
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]]


def refused(other: Store, path: Path) -> InvalidInput:
    before = everything(other, but="")
    with pytest.raises(InvalidInput) as found:
        import_scope(other, path)
    assert everything(other, but="") == before
    return found.value


def row(lines: Lines, table: str, number: int = 0) -> dict[str, Any]:
    return [line["row"] for line in lines[1:] if line["table"] == table][number]


def put(table: str, column: str, value: object, number: int = 0) -> Callable[[Lines], None]:
    return lambda lines: row(lines, table, number).update({column: value})


def twice(lines: Lines) -> None:
    lines.append(copy.deepcopy(next(each for each in lines if each.get("table") == "members")))
    lines[0]["rows"]["members"] += 1


def without(table: str, number: int) -> Callable[[Lines], None]:
    def change(lines: Lines) -> None:
        lines.remove([line for line in lines[1:] if line["table"] == table][number])
        lines[0]["rows"][table] -= 1

    return change


HOSTILE: dict[str, tuple[Callable[[Lines], object], str]] = {
    "another format": (lambda lines: lines[0].update(format="x"), "path"),
    "a later format": (lambda lines: lines[0].update(version=2), "path"),
    "no counts": (lambda lines: lines[0].update(rows=None), "rows"),
    "a count too few": (lambda lines: lines[0]["rows"].update(members=1), "path"),
    "a negative count": (lambda lines: lines[0]["rows"].update(members=-1), "rows.members"),
    "a corpus without a name": (lambda lines: lines[0].update(corpus_id=" "), "corpus_id"),
    "another table": (lambda lines: lines[3].update(table="hegel_facts"), "table"),
    "a row that is none": (lambda lines: lines[3].update(row=[]), "row"),
    "a column of a later release": (put("members", "taste", 1), "members.taste"),
    "another task type": (put("profiles", "task_type", "alone"), "profiles.task_type"),
    "no id": (put("profiles", "id", None), "profiles.id"),
    "a number for an id": (put("profiles", "id", 7), "profiles.id"),
    "a version below 1": (put("profiles", "version", 0), "profiles.version"),
    "a version too high": (put("profiles", "version", 2**31), "profiles.version"),
    "a profile that is a list": (put("profiles", "source", "[]"), "profiles.source"),
    "a profile that is no JSON": (put("profiles", "source", "{"), "profiles.source"),
    "a NaN inside": (put("profiles", "source", '{"a": NaN}'), "profiles.source"),
    "a NUL inside": (put("profiles", "source", '{"a": "\\u0000"}'), "profiles.source"),
    "a lone surrogate": (put("profiles", "metadata", '{"\\ud800": 1}'), "profiles.metadata"),
    "a number too long": (put("profiles", "source", '{"a": 1e999999}'), "profiles.source"),
    "too deep": (put("profiles", "source", '{"a":' * 300 + "1" + "}" * 300), "profiles.source"),
    "a time without zone": (
        put("profiles", "created_at", "2024-01-01T00:00:00"),
        "profiles.created_at",
    ),
    "no time": (put("profiles", "created_at", "now"), "profiles.created_at"),
    "an alias without a name": (put("aliases", "alias", ""), "aliases.alias"),
    "the alias that is computed": (put("aliases", "alias", "latest"), "path"),
    "a score that is none": (put("members", "fitness_score", "1"), "members.fitness_score"),
    "a score of NaN": (put("members", "fitness_score", float("nan")), "members.fitness_score"),
    "a count below 0": (put("members", "island", -1), "members.island"),
    "a NUL in a reason": (put("alias_moves", "reason", "\x00"), "alias_moves.reason"),
    "a row twice": (twice, "members.task_type, population, island, profile_id"),
    "a parent that is nowhere": (put("parents", "parent_id", str(uuid7())), "parents.parent_id"),
    "a child that is nowhere": (put("parents", "profile_id", str(uuid7())), "parents.profile_id"),
    "a base that is missing": (without("profiles", 0), "profiles.base_profile_id"),
    "a member that is nowhere": (put("members", "profile_id", str(uuid7())), "members.profile_id"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_none_of_ours_is_refused_by_line_and_field(
    other: Store, path: Path, name: str
) -> None:
    change, field = HOSTILE[name]
    lines = lines_of(path)
    change(lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    error = refused(other, path)
    assert error.field == field
    assert "line" in error.reason or field in ("path", "rows")


def test_a_base_of_its_own_is_refused_by_the_constraint(other: Store, path: Path) -> None:
    lines = lines_of(path)
    profile = row(lines, "profiles")
    profile["base_profile_id"] = profile["id"]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert "not_its_own_base" in refused(other, path).reason


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz"])
def test_a_file_that_was_cut_off_is_refused_wherever_that_was(
    store: Store, other: Store, path: Path, ending: str
) -> None:
    whole = path.read_bytes()
    cut = path.with_name(f"cut.{ending}")
    lines = [end + 1 for end, byte in enumerate(whole) if byte == ord("\n")]
    torn = [at - 5 for at in lines[::4]]
    ends = [0, *lines[:-1:3], *torn]
    for end in ends:
        if ending == "jsonl":
            cut.write_bytes(whole[:end])
        else:
            packed = gzip.compress(whole)
            cut.write_bytes(packed[: max(1, len(packed) * end // len(whole))])
        error = refused(other, cut)
        assert error.field == "path"
        assert "line" in error.reason or "is empty" in error.reason


def test_lines_that_never_end_are_not_read_to_their_end(
    other: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hegel_store.archive.jsonl.LONGEST_LINE", 1_000)
    packed = path.with_name("bomb.jsonl.gz")
    with gzip.open(packed, "wb") as file:
        file.write(path.read_bytes().splitlines(keepends=True)[0])
        file.write(b" " * 100_000_000)
    assert "line 2" in refused(other, packed).reason
    assert import_scope(other, path).added["profiles"] == 5


def test_other_files_are_refused(store: Store, other: Store, path: Path) -> None:
    for name in ("none.jsonl", "scope.parquet"):
        assert refused(other, path.with_name(name)).field == "path"
    with pytest.raises(InvalidInput, match="corpus_id"):
        import_scope(other, path, corpus_id="x" * 201)


def conflict(other: Store, path: Path, words: str) -> ImportConflict:
    before = everything(other, but="")
    with pytest.raises(ImportConflict, match=words) as found:
        import_scope(other, path)
    assert everything(other, but="") == before
    line = lines_of(path)[found.value.line - 1]
    assert set(line) == {"table", "row"}
    return found.value


def test_another_profile_under_a_version_is_a_conflict(other: Store, path: Path) -> None:
    other.profiles.append("news", "qa", {})
    conflict(other, path, "version 1 of 'qa' is profile .* here")


def test_another_content_under_an_id_is_a_conflict(other: Store, path: Path) -> None:
    import_scope(other, path)
    changed = path.read_text().replace("Réponds", "Reponds")
    path.write_text(changed)
    conflict(other, path, "profiles is there already, with another source")


def test_an_id_of_another_scope_is_a_conflict(store: Store, other: Store, path: Path) -> None:
    profile = store.profiles.latest("news", "qa")
    by_hand(
        other,
        f"""INSERT INTO hegel_prompt_profiles (corpus_id, id, task_type, source)
        VALUES ('news', '{profile.id}', 'other', '{{}}')""",
    )
    conflict(other, path, "with another task_type, version")


@pytest.mark.parametrize("change", ["more", "fewer"])
def test_other_parents_are_a_conflict(other: Store, path: Path, change: str) -> None:
    import_scope(other, path)
    if change == "more":
        second, _ = other.profiles.history("news", "summarise")
        third = other.profiles.latest("news", "qa")
        by_hand(
            other,
            f"""INSERT INTO hegel_profile_parents (corpus_id, profile_id, parent_id, position)
            VALUES ('news', '{second.id}', '{third.id}', 1)""",
        )
    else:
        by_hand(other, "DELETE FROM hegel_profile_parents WHERE position = 1")
    conflict(other, path, "has other parents here")


def test_another_move_under_an_id_is_a_conflict(other: Store, path: Path) -> None:
    import_scope(other, path)
    by_hand(other, "UPDATE hegel_profile_alias_moves SET reason = 'mine' WHERE alias = 'staging'")
    conflict(other, path, "alias_moves is there already, with another reason")


def test_an_alias_that_went_its_own_way_is_a_conflict(
    store: Store, other: Store, path: Path
) -> None:
    import_scope(other, path)
    head = other.profiles.latest("news", "qa")
    other.profiles.set_alias("news", "qa", "staging", head.id)
    assert sum(import_scope(other, path).added.values()) == 0, "it knows all moves of the file"
    first = store.profiles.history("news", "qa")[-1]
    store.profiles.set_alias("news", "qa", "staging", first.id)
    export_scope(store, "news", "qa", path)
    conflict(other, path, f"alias 'staging' of 'qa' points at {head.id} here")


def test_an_alias_without_history_is_not_moved(store: Store, other: Store, path: Path) -> None:
    import_scope(other, path)
    for database in (store, other):
        by_hand(database, "DELETE FROM hegel_profile_alias_moves")
    head = other.profiles.latest("news", "qa")
    by_hand(
        other,
        f"UPDATE hegel_profile_aliases SET profile_id = '{head.id}' WHERE alias = 'staging'",
    )
    export_scope(store, "news", "qa", path)
    conflict(other, path, "alias 'staging'")


@pytest.mark.parametrize("number", ["1", "-0.0", "1.10e-400", "1e130000", "9" * 4_000])
def test_numbers_that_only_the_server_holds_exactly_are_taken(store: Store, number: str) -> None:
    document = check_document("source", f'{{"a": {number}}}')
    by_hand(
        store,
        "INSERT INTO hegel_prompt_profiles (corpus_id, task_type, source) "
        f"VALUES ('news', 'qa', '{document.replace(':', chr(92) + ':')}')",
    )


def test_an_import_needs_no_more_rights_than_a_writer(
    store: Store, other: Store, path: Path, other_url: str
) -> None:
    """A role of the application, which may neither make nor drop tables of the schema."""
    by_hand(other, "DROP ROLE IF EXISTS hegel_writer")
    by_hand(other, "CREATE ROLE hegel_writer LOGIN")
    try:
        by_hand(
            other,
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO hegel_writer",
        )
        with hegel_store.connect(other_url.replace("postgres@", "hegel_writer@")) as writer:
            assert import_scope(writer, path).added["profiles"] == 5
    finally:
        by_hand(other, "DROP OWNED BY hegel_writer")
        by_hand(other, "DROP ROLE hegel_writer")
