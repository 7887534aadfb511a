"""A run of GEPA arrives with its lineage and its scores, once, and its pickle runs nothing."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hegel_store.errors import InvalidInput
from hegel_store.importers import import_gepa_run
from hegel_store.importers.gepa_state import plain_pickle
from hegel_store.store import Store
from tests.commands import run
from tests.foreign import write_gepa_run
from tests.samples import rows

pytestmark = pytest.mark.any_server

WRITTEN = write_gepa_run.HERE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the real GEPA wrote."""
    return Path(shutil.copytree(WRITTEN, tmp_path / "colours"))


def state(folder: Path) -> dict[str, Any]:
    return pickle.loads((folder / "gepa_state.bin").read_bytes())  # noqa: S301


def write(folder: Path, content: object) -> None:
    (folder / "gepa_state.bin").write_bytes(pickle.dumps(content))


def test_candidates_arrive_with_all_their_parents(store: Store, folder: Path) -> None:
    given = state(folder)
    texts = json.loads((folder / "candidates.json").read_text())
    done = import_gepa_run(store, folder, "news", "qa")
    assert (done.run_id, done.candidates, done.profiles) == ("colours", len(texts), len(texts))
    profiles = store.profiles.history("news", "qa")[::-1]
    assert [profile.profile for profile in profiles] == [
        {
            "worker": {"system_prompt": each["system_prompt"]},
            "reviewer": {"system_prompt": each["reviewer"]},
        }
        for each in texts
    ]
    number = {profile.id: place for place, profile in enumerate(profiles)}
    found: dict[int, list[int]] = {place: [] for place in number.values()}
    for child, parent in rows(
        store,
        "SELECT profile_id, parent_id FROM hegel_profile_parents ORDER BY profile_id, position",
    ):
        found[number[child]].append(number[parent])
    expected = [
        [p for p in each if p is not None] for each in given["parent_program_for_candidate"]
    ]
    assert list(found.values()) == expected
    assert [4, 5] in expected, "a merge is among them"
    assert profiles[-1].metadata["gepa"] == {"run": "colours", "candidate": len(texts) - 1}


def test_scores_arrive_as_steps_with_the_outputs_that_were_kept(store: Store, folder: Path) -> None:
    given = state(folder)["prog_candidate_val_subscores"]
    done = import_gepa_run(store, folder, "news", "qa")
    assert done.scores == done.steps == sum(map(len, given))
    profiles = store.profiles.history("news", "qa")[::-1]
    answered = 0
    for number, profile in enumerate(profiles):
        steps = store.steps.by_profile("news", profile.id, limit=100)
        assert {step.query: step.reward for step in steps} == {
            f"validation example {example}": score for example, score in given[number].items()
        }
        for step in steps:
            assert (step.run_id, step.step_type) == ("colours", "validation")
            example = step.query.rpartition(" ")[2]
            kept = folder / "generated_best_outputs_valset" / f"task_{example}"
            outputs = list(kept.glob(f"iter_*_prog_{number}.json"))
            assert bool(step.predicted_answer) == bool(outputs)
            if outputs:
                assert json.loads(step.predicted_answer) == json.loads(outputs[0].read_text())
                answered += 1
    assert answered > 5


def test_a_run_that_went_on_is_added_to(store: Store, folder: Path) -> None:
    whole = state(folder)
    early = dict(whole)
    for name in (
        "program_candidates",
        "parent_program_for_candidate",
        "prog_candidate_val_subscores",
    ):
        early[name] = whole[name][:4]
    write(folder, early)
    assert import_gepa_run(store, folder, "news", "qa").profiles == 4
    write(folder, whole)
    moved = Path(shutil.move(folder, folder.with_name("elsewhere")))
    rest = import_gepa_run(store, moved, "news", "qa", run_id="colours")
    assert rest.profiles == rest.candidates - 4
    before = rows(store, "SELECT count(*) FROM hegel_training_steps")
    again = import_gepa_run(store, moved, "news", "qa", run_id="colours")
    assert (again.profiles, again.steps) == (0, 0)
    assert rows(store, "SELECT count(*) FROM hegel_training_steps") == before
    assert [(rest.scores,)] == before
    whole["program_candidates"][0] = {"system_prompt": "another"}
    write(moved, whole)
    with pytest.raises(InvalidInput, match="run_id: candidate 0 of 'colours' is another one"):
        import_gepa_run(store, moved, "news", "qa", run_id="colours")


def test_roles_are_the_callers(store: Store, folder: Path) -> None:
    import_gepa_run(store, folder, "news", "qa", roles={"reviewer": "critic"})
    assert set(store.profiles.latest("news", "qa").profile) == {"worker", "critic"}
    with pytest.raises(InvalidInput, match="roles: two components"):
        import_gepa_run(store, folder, "news", "other", roles={"reviewer": "worker"})
    assert store.profiles.latest("news", "other") is None


class Hostile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_would_run_code_is_refused(
    store: Store, folder: Path, tmp_path: Path, protocol: int
) -> None:
    trap = tmp_path / "trap"
    data = pickle.dumps(state(folder) | {"adapter_state": Hostile(trap)}, protocol)
    (folder / "gepa_state.bin").write_bytes(data)
    with pytest.raises(InvalidInput, match="could run code"):
        import_gepa_run(store, folder, "news", "qa")
    assert not trap.exists()
    assert store.profiles.latest("news", "qa") is None
    pickle.loads(data)  # noqa: S301  # which shows that it is one
    assert trap.exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no pickle"),
        (b"not a pickle", "refused|no pickle"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "STACK_GLOBAL"),
        (b"cos\nsystem\n(S'true'\ntR.", "GLOBAL"),
        (b"\x80\x02\x82\x01.", "EXT1"),
        (b"\x80\x02]r\xff\xff\xff\xff.", "fill the memory"),
        (b"\x80\x02Pabc\n.", "PERSID"),
        (b"\x80\x02}q\x00(X\x01\x00\x00\x00a", "no pickle"),
    ],
    ids=["empty", "text", "global", "old-global", "extension", "memo", "persistent", "torn"],
)
def test_files_that_are_no_plain_pickles_are_refused(
    tmp_path: Path, data: bytes, words: str
) -> None:
    file = tmp_path / "gepa_state.bin"
    file.write_bytes(data)
    with pytest.raises(InvalidInput, match=words):
        plain_pickle(file)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_values_are_read_as_they_are(tmp_path: Path, protocol: int) -> None:
    value = {"a": [0.0, -1, 2**80, None, True], "b": ("x", "\U0001f994" * 300), 3: {"y": [[]]}}
    file = tmp_path / "state"
    file.write_bytes(pickle.dumps(value, protocol))
    assert plain_pickle(file) == value


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"program_candidates": None}, "is no state of a run"),
        ({"parent_program_for_candidate": []}, "is no state of a run"),
        ({"program_candidates": [{"system_prompt": 7}]}, "candidate 0.system_prompt"),
        ({"program_candidates": [[]]}, "must have the texts"),
        ({"parent_program_for_candidate": [[0]]}, "must have earlier ones for parents"),
        ({"prog_candidate_val_subscores": [{0: float("nan")}]}, "score: must be finite"),
        ({"prog_candidate_val_subscores": [[0.5]]}, "scores by the ids"),
    ],
)
def test_a_state_that_is_none_is_refused(
    store: Store, folder: Path, changes: dict[str, Any], words: str
) -> None:
    one = {name: each[:1] for name, each in state(folder).items() if isinstance(each, list)}
    write(folder, one | changes)
    with pytest.raises(InvalidInput, match=words):
        import_gepa_run(store, folder, "news", "qa")
    assert store.profiles.latest("news", "qa") is None
    with pytest.raises(InvalidInput, match="run_dir: there is no"):
        import_gepa_run(store, folder / "none", "news", "qa")


def test_the_command_says_what_it_did(store: Store, url: str, folder: Path) -> None:
    command = ("import-gepa-run", folder, "news", "qa", "--run", "r1", "--url", url)
    assert run(*command, "--role", "reviewer=critic").startswith("9 of 9 candidates and ")
    assert json.loads(run(*command, "--role", "reviewer=critic", "--json"))["profiles"] == 0
    assert "critic" in store.profiles.latest("news", "qa").profile
