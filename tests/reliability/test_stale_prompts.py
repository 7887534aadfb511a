"""No worker serves a prompt that was replaced for longer than its bound.

Four processes serve from their caches as fast as they can and write down when they served which
version; a promoter appends versions and points 'production' at them, and writes down when each
promotion was acknowledged. Afterwards nobody may have served an older version later than the bound
after that. Times are of CLOCK_MONOTONIC, which all processes of a machine share.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

import hegel_store
from hegel_store.following import ProfileCache
from hegel_store.store import Store
from tests.servers import wait_until
from tests.victims import Victim

pytestmark = [pytest.mark.any_server, pytest.mark.slow]

SCOPE = ("news", "qa")
WORKERS = 4
PROMOTIONS = 8
PAUSE = 0.4
NEVER = 3600.0
LONG_BEFORE = 3.0
UNHEARD: Mapping[str, object] = {"pgbouncer": True}  # which never listens

Served = Callable[[ProfileCache], int]
LOOKS: dict[str, Served] = {
    "production": lambda cache: cache.by_alias(*SCOPE, "production").version,
    "latest": lambda cache: cache.latest(*SCOPE).version,
}


def serve(url: str, ledger: Path, settings: Mapping[str, object], bound: float) -> None:
    """Serve until the ledger's folder has the file ``over``; the first and the last time that each
    version was served, a line whenever it changes."""
    with hegel_store.connect(url, **settings) as store, ledger.open("w") as file:
        cache = store.profile_cache(max_staleness=bound)
        over = ledger.parent / "over"
        served: dict[str, tuple[int, float]] = {}
        calls = 0
        while calls % 1000 or not over.exists():
            calls += 1
            for name, look in LOOKS.items():
                version = look(cache)
                now = time.monotonic()  # after the call: when the caller had it
                before, last = served.get(name, (version, now))
                if version != before:
                    file.write(json.dumps([name, before, last]) + "\n")
                served[name] = (version, now)
            if calls == 100:
                wait_until(lambda: store.following in ("notified", "polling"))
                ledger.with_suffix(".ready").touch()
        for name, (version, last) in served.items():
            file.write(json.dumps([name, version, last]) + "\n")
        ledger.with_suffix(".calls").write_text(str(calls))


def promote(store: Store, lag: float) -> list[tuple[str, int, float]]:
    """Append and promote; what was replaced by which version, and when that was acknowledged."""
    acknowledged = []
    for n in range(PROMOTIONS):
        made = store.profiles.append(*SCOPE, {"worker": {"n": n}})
        acknowledged.append(("latest", made.version, time.monotonic()))
        store.profiles.set_alias(*SCOPE, "production", made.id)
        acknowledged.append(("production", made.version, time.monotonic()))
        time.sleep(lag)
    return acknowledged


def lateness(url: str, folder: Path, settings: Mapping[str, object], bound: float) -> list[float]:
    """How long after each promotion the last older version was served, by any worker; seconds."""
    with hegel_store.connect(url) as store:
        first = store.profiles.append(*SCOPE, {})
        store.profiles.set_alias(*SCOPE, "production", first.id)
        ledgers = [folder / f"{n}.ledger" for n in range(WORKERS)]
        workers = [Victim(serve, url, ledger, settings, bound) for ledger in ledgers]
        for ledger in ledgers:
            wait_until(ledger.with_suffix(".ready").exists, 60)
        acknowledged = promote(store, PAUSE)
        time.sleep(min(bound, LONG_BEFORE) + PAUSE)
        (folder / "over").touch()
        assert [worker.outcome() for worker in workers] == [0] * WORKERS
    served = [json.loads(line) for ledger in ledgers for line in ledger.read_text().splitlines()]
    assert all(int(ledger.with_suffix(".calls").read_text()) > 1000 for ledger in ledgers)
    return [
        max(
            (last - moment for name, old, last in served if (name, old < version) == (what, True)),
            default=0.0,
        )
        for what, version, moment in acknowledged
    ]


MARGIN = 1.0
"""A process may be put aside between its call and its clock: that is the machine's doing."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    (tmp_path / "over").touch()  # workers of a test that failed on its way


@pytest.mark.parametrize(
    ("settings", "bound"),
    [({}, 2.0), (UNHEARD, 2.0), (UNHEARD, 0.3)],
    ids=["notified", "unheard", "unheard, short"],
)
def test_no_worker_serves_a_replaced_prompt_beyond_the_bound(url, folder, settings, bound, report):
    late = lateness(url, folder, settings, bound)
    report(
        f"a replaced prompt was served for {1000 * max(late):.0f} ms at most, of {1000 * bound:.0f}"
        f" ({'notified' if not settings else 'not notified'}, {len(late)} promotions)"
    )
    assert max(late) <= bound + MARGIN


def test_with_notifications_it_is_gone_long_before_the_bound(url, folder):
    """So they are what does it: the bound is an hour."""
    late = lateness(url, folder, {}, NEVER)
    assert max(late) <= LONG_BEFORE


def test_without_either_old_prompts_are_served_and_this_test_sees_it(url, folder):
    late = lateness(url, folder, UNHEARD, NEVER)
    assert min(late) > 0.0
    assert max(late) > (PROMOTIONS - 1) * PAUSE
