"""What reading, following and appending profiles costs.

    python tests/benchmarks/bench_profiles.py

All ways to do the same run on one server and take turns; the figures are medians, the ratios to
the first line of the block. Appends run with the trigger that notifies, without it, and with one
that does so row by row instead of once for a statement.
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import psycopg

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.store import Store
from tests.benchmarks.servers import database, options
from tests.benchmarks.timing import Bare, Times, measure

SCOPE = ("c", "qa")
DOCUMENT = {"worker": {"system_prompt": "word " * 300}, "reviewer": {"system_prompt": "no " * 150}}
CALLS = 1500
APPENDS = 400
WRITERS = 32

COLUMNS = """
    profile.corpus_id, profile.id, profile.task_type, profile.version, profile.base_profile_id,
    profile.source, profile.content_hash, profile.performance_stats, profile.metadata,
    profile.created_at, profile.updated_at
"""
HISTORY = f"""
    SELECT {COLUMNS} FROM hegel_prompt_profiles AS profile
    WHERE corpus_id = %(corpus_id)s AND task_type = %(task_type)s
    ORDER BY created_at DESC, version DESC LIMIT %(limit)s
"""
BY_ALIAS = f"""
    SELECT {COLUMNS} FROM hegel_prompt_profiles AS profile
    JOIN hegel_profile_aliases AS alias
      ON alias.corpus_id = profile.corpus_id AND alias.profile_id = profile.id
    WHERE alias.corpus_id = %(corpus_id)s AND alias.task_type = %(task_type)s
      AND alias.alias = %(alias)s
"""
TRIGGER = "hegel_prompt_profiles_notify"
ROW_BY_ROW = """
    CREATE FUNCTION bench_notify() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify(
            'hegel_profiles', hegel_notice_key(NEW.corpus_id, NEW.task_type, 'latest')
        );
        RETURN NULL;
    END $$;
    CREATE TRIGGER bench_notify AFTER INSERT ON hegel_prompt_profiles
        FOR EACH ROW EXECUTE FUNCTION bench_notify();
    ALTER TABLE hegel_prompt_profiles DISABLE TRIGGER bench_notify;
"""


def show(title: str, times: dict[str, Times]) -> None:
    print(f"\n{title}")
    floor = next(iter(times.values())).p50
    for name, taken in times.items():
        print(f"  {name:<34} {taken.p50:7.3f} ms   {taken.p50 / floor:5.2f} x")


def read(store: Store, url: str) -> None:
    bare = Bare(url)
    scope = {"corpus_id": SCOPE[0], "task_type": SCOPE[1]}
    production = scope | {"alias": "production"}
    for title, statement, values, call in (
        ("latest", HISTORY, scope | {"limit": 1}, lambda _: store.profiles.latest(*SCOPE)),
        (
            "by_alias",
            BY_ALIAS,
            production,
            lambda _: store.profiles.by_alias(*SCOPE, "production"),
        ),
        (
            "history(limit=10)",
            HISTORY,
            scope | {"limit": 10},
            lambda _: store.profiles.history(*SCOPE, limit=10),
        ),
    ):
        ways = {
            "bare psycopg, prepared": lambda _, s=statement, v=values: bare(s, v),
            f"store.profiles.{title.partition('(')[0]}": call,
        }
        show(f"{title} (profiles of 2 KB)", measure(ways, range(CALLS)))
    bare.close()


def hit(store: Store) -> None:
    cache = store.profile_cache(max_staleness=3600.0)
    print("\nfrom the cache, the clock's own time included")
    for name, call in (
        ("latest", lambda: cache.latest(*SCOPE)),
        ("by_alias", lambda: cache.by_alias(*SCOPE, "production")),
    ):
        taken = []
        for _ in range(200_000):
            began = time.perf_counter_ns()
            call()
            taken.append(time.perf_counter_ns() - began)
        p50, p99 = (statistics.quantiles(taken, n=100)[place] / 1000 for place in (49, 98))
        print(f"  cache.{name:<28} p50 {p50:.2f} us, p99 {p99:.2f} us")


def append(store: Store, url: str, writers: int, how: str) -> None:
    """Each writer to a scope of its own, so that they meet nowhere but at the commit; there is one
    who listens."""
    with psycopg.connect(url, autocommit=True) as admin:
        switches = {
            "no trigger": (),
            "notify, once for a statement": (TRIGGER,),
            "notify, row by row": ("bench_notify",),
        }
        taken: dict[str, list[float]] = {name: [] for name in switches}
        walls: dict[str, list[float]] = {name: [] for name in switches}

        def work(n: int) -> list[float]:
            spent = []
            for _ in range(20):
                began = time.perf_counter()
                store.profiles.append(f"writer {n}", "qa", DOCUMENT)
                spent.append((time.perf_counter() - began) * 1e3)
            return spent

        with ThreadPoolExecutor(writers) as threads:
            list(threads.map(work, range(writers)))
            for _ in range(APPENDS // 20):
                for name, enabled in switches.items():
                    for trigger in (TRIGGER, "bench_notify"):
                        state = "ENABLE" if trigger in enabled else "DISABLE"
                        admin.execute(
                            f"ALTER TABLE hegel_prompt_profiles {state} TRIGGER {trigger}"
                        )
                    began = time.perf_counter()
                    for spent in threads.map(work, range(writers)):
                        taken[name] += spent
                    walls[name].append(20 * writers / (time.perf_counter() - began))
        admin.execute(f"ALTER TABLE hegel_prompt_profiles ENABLE TRIGGER {TRIGGER}")
        admin.execute("ALTER TABLE hegel_prompt_profiles DISABLE TRIGGER bench_notify")
    print(f"\nstore.profiles.append, {writers} at the same time; {how}")
    floor = statistics.median(taken["no trigger"])
    for name, values in taken.items():
        median = statistics.median(values)
        rate = statistics.median(walls[name])
        print(f"  {name:<34} {median:7.3f} ms   {median / floor:5.2f} x   {rate:6,.0f} per second")


def crowd(url: str, seconds: float) -> None:
    """Many writers to one scope, with somebody who follows it."""
    errors: Counter[str] = Counter()
    written: list[list[UUID]] = [[] for _ in range(WRITERS)]
    ends_at = time.monotonic() + seconds
    with (
        hegel_store.connect(url, pool="heavy") as store,
        hegel_store.connect(url) as worker,
        worker.follow("crowd", "qa", after=0, timeout=10.0) as follower,
    ):
        followed: list[UUID] = []
        following = threading.Thread(
            target=lambda: followed.extend(profile.id for profile in follower)
        )
        following.start()

        def work(n: int) -> None:
            while time.monotonic() < ends_at:
                try:
                    written[n].append(store.profiles.append("crowd", "qa", DOCUMENT).id)
                except Exception as error:
                    errors[type(error).__name__] += 1

        threads = [threading.Thread(target=work, args=[n]) for n in range(WRITERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        following.join()
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT version, id FROM hegel_prompt_profiles WHERE corpus_id = 'crowd'"
            " ORDER BY version"
        ).fetchall()
    report(errors, [one for ids in written for one in ids], rows, followed, seconds)


def report(
    errors: Counter[str],
    written: Sequence[UUID],
    rows: Sequence[tuple[int, UUID]],
    followed: Sequence[UUID],
    seconds: float,
) -> None:
    versions = Counter(version for version, _ in rows)
    print(f"\n{WRITERS} writers to one scope, for {seconds:g} s, and a follower")
    print(f"  appended                {len(written):,}, {len(written) / seconds:,.0f} per second")
    print(f"  errors                  {sum(errors.values())} {dict(errors) or ''}")
    print(f"  acknowledged, not there {len(set(written) - {one for _, one in rows})}")
    print(f"  versions skipped        {max(versions, default=0) - len(versions)}")
    print(f"  versions doubled        {sum(versions.values()) - len(versions)}")
    same = followed == [one for _, one in rows]
    print(f"  the follower saw        {'all of them, in order' if same else 'SOMETHING ELSE'}")


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--seconds", type=float, default=20.0, help="of the 32 writers")
    arguments = parser.parse_args()
    with (
        database(arguments) as url,
        hegel_store.connect(url, pool="heavy") as store,
        hegel_store.connect(url) as listening,
    ):
        store.upgrade()
        for _ in range(50):
            newest = store.profiles.append(*SCOPE, DOCUMENT)
        store.profiles.set_alias(*SCOPE, "production", newest.id)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(ROW_BY_ROW)
            connection.execute("ANALYZE")
            version = connection.info.parameter_status("server_version")
        print(f"PostgreSQL {version}, psycopg {psycopg.__version__}")
        read(store, url)
        hit(listening)
        while listening.following != "notified":
            time.sleep(0.05)
        unflushed = f"{url}&options=-c%20synchronous_commit%3Doff"
        for writers in (1, 8):
            append(store, url, writers, "each commit is flushed to the disk")
            with hegel_store.connect(unflushed, pool="heavy") as quick:
                append(quick, url, writers, "commits are not waited for (synchronous_commit = off)")
        crowd(url, arguments.seconds)


if __name__ == "__main__":
    main()
