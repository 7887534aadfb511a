"""Every public method of the repositories, and what stands on them, as each role.

The calls are those of tests/reliability/pooled_calls.py, where one that is new has to be written
down. What each role may call is in golden_calls.txt, which `--write-golden` writes anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import hegel_store
from hegel_store.archive import archive_month
from hegel_store.errors import FlushTimeout, PermissionDenied
from hegel_store.operations import roles, row_security, tuning, vector_indexes
from hegel_store.store import Store
from tests.embedders import HashingEmbedder
from tests.reliability.pooled_calls import CALLS, OTHERS, Call, Scene
from tests.samples import MAY, Steps

GOLDEN = Path(__file__).with_name("golden_calls.txt")
MODELS = {"fast": [HashingEmbedder(), HashingEmbedder("moved")]}
"""The space moves from one to the other."""

ALL: dict[str, Call] = {
    **{f"{name}.{method}": call for name, calls in CALLS.items() for method, call in calls.items()},
    **OTHERS,
}


@pytest.fixture
def connected(granted: str, tmp_path: Path) -> Iterator[Callable[[str], Store]]:
    """Connects as a role."""
    with ExitStack() as stack:

        def as_role(role: str) -> Store:
            store = hegel_store.connect(
                granted,
                role=role,
                pool="light",
                spool_directory=tmp_path / role,
                follow_seconds=0.05,
                result_cache=True,
                embedders=MODELS,
            )
            return stack.enter_context(store)

        yield as_role


def outcome(call: Call, scene: Scene) -> str:
    try:
        found = call(scene)
    except PermissionDenied:
        return "refused"
    except FlushTimeout:
        return "kept in the spool"
    assert found is not None
    assert found is not False
    return "may"


def golden() -> dict[str, dict[str, str]]:
    """By call and role."""
    lines = GOLDEN.read_text().splitlines() if GOLDEN.exists() else []
    told = [line.split(": ", 1) for line in lines]
    return {name: dict(part.split(" ", 1) for part in rest.split(", ")) for name, rest in told}


def write_golden(role: str, found: dict[str, str]) -> None:
    before = golden()
    told = {name: before.get(name, {}) | {role: said} for name, said in found.items()}
    lines = [
        f"{name}: {', '.join(f'{each} {said}' for each, said in sorted(of.items()))}"
        for name, of in told.items()
    ]
    GOLDEN.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("role", ["app", "eval", "readonly"])
def test_each_role_may_call_what_the_golden_file_says(connected, tmp_path, request, role):
    training = Scene(connected("app"), tmp_path)
    scene = training.seen_by(connected(role))
    scene.patience = 1.0 if role == "readonly" else 30.0
    found = {}
    for name, call in ALL.items():
        found[name] = outcome(call, scene)
        if found[name] != "may":
            outcome(call, training)  # as later calls build on it
    if request.config.getoption("--write-golden"):
        write_golden(role, found)
    assert found == {name: of[role] for name, of in golden().items()}
    assert role != "app" or {*found.values()} == {"may"}, "training needs all of it"


INDEX = "idx_hegel_facts_embedding_384"

ADMINISTRATION: dict[str, Callable[[Store, Path], object]] = {
    "roles apply": lambda store, folder: roles.apply(store.engine, prefix="crew"),
    "isolation on": lambda store, folder: row_security.switch_on(store.engine),
    "erasure": lambda store, folder: store.erasure("news").run(),
    "archive": lambda store, folder: archive_month(store, MAY.date(), folder),
    "index rebuild": lambda store, folder: vector_indexes.rebuild(store.engine, INDEX),
    "tuning": lambda store, folder: tuning.apply_settings(store.engine, {"work_mem": "5MB"}),
    "downgrade": lambda store, folder: hegel_store.migrate.downgrade(store.address, "0044.0"),
}


@pytest.mark.parametrize("what", ADMINISTRATION)
def test_administration_is_refused_to_training(connected, tmp_path, what):
    store = connected("app")
    store.steps.log(Steps(store)(created_at=MAY))
    with pytest.raises(PermissionDenied):
        ADMINISTRATION[what](store, tmp_path)
