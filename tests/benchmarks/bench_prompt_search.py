"""Searches inside many prompts, beside the bare statement with the raw driver in the same run.

    python tests/benchmarks/bench_prompt_search.py [--profiles 50000] [--url URL]

A profile has some 5 KB: the prompts of two roles, each of sentences of the standard library's
docstrings, drawn and put together by chance (seeded), and a temperature. The bare statement finds
the ids of the same profiles in the simplest way, unranked, unmarked and in no order. Figures are
medians of interleaved rounds; "found" is how many the bare statement finds.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

sys.path.insert(0, str(Path(__file__).parents[2]))

import hegel_store
from hegel_store.demo.corpus import standard_library
from hegel_store.models.identifiers import uuid7
from hegel_store.schema.profiles import PROMPT_TSVECTORS, SOURCE_TSVECTOR
from hegel_store.store import Store
from tests.benchmarks.servers import database, options
from tests.benchmarks.timing import medians

ROUNDS = 5
SETTINGS = {"fsync": "off", "wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "4GB"}
"""For filling it; what is measured only reads."""
FIRST = datetime(2024, 5, 1, tzinfo=UTC)
ROLE_CHARACTERS = 2_400
CORPORA = 5
RARE, PHRASE = "hedgehog", "the hedgehogs of the 100% club"
TABLE = "hegel_prompt_profiles"
COLUMNS = "corpus_id, id, version, source, created_at"

BUILT = f"""
    SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename = '{TABLE}' AND indexdef LIKE '%USING gin%' ORDER BY indexname"""
IDS = f"SELECT corpus_id, id FROM {TABLE} WHERE "
WORDS = "{} @@ websearch_to_tsquery('english', %(text)s)"
ROLES = "profile #>> '{worker,system_prompt}' ILIKE %(text)s"
ALL_ROLES = f"({ROLES} OR {ROLES.replace('worker', 'reviewer')})"

Way = tuple[str, str, dict[str, Any], dict[str, Any]]
WAYS: list[Way] = [
    (
        f"words, {name}, {which}",
        WORDS.format(vector),
        {"text": words},
        {"text": words} | ({} if role is None else {"role": role}),
    )
    for name, role, vector in (
        ("worker", "worker", PROMPT_TSVECTORS["worker"]),
        ("document", None, SOURCE_TSVECTOR),
    )
    for which, words in (
        ("rare", RARE),
        ("two words", "socket timeout"),
        ("common", "return"),
    )
]
WAYS += [
    (
        "words, worker, common, of a corpus",
        WORDS.format(PROMPT_TSVECTORS["worker"]) + " AND corpus_id = 'c1'",
        {"text": "return"},
        {"text": "return", "role": "worker", "corpus_id": "c1"},
    ),
    (
        "substring, worker, no index",
        ROLES,
        {"text": "%the hedgehogs of the 100\\% club%"},
        {"text": PHRASE, "mode": "substring", "role": "worker"},
    ),
    (
        "substring, all roles, no index",
        ALL_ROLES,
        {"text": "%the hedgehogs of the 100\\% club%"},
        {"text": PHRASE, "mode": "substring"},
    ),
    (
        "containing",
        "profile @> CAST(%(part)s AS jsonb)",
        {"part": '{"worker": {"temperature": 0.123}}'},
        {"containing": {"worker": {"temperature": 0.123}}},
    ),
]


def main() -> None:
    """Fill, measure, print."""
    parser = options(__doc__ or "")
    parser.add_argument("--profiles", type=int, default=50_000, metavar="COUNT")
    arguments = parser.parse_args()
    with database(arguments, SETTINGS) as url, hegel_store.connect(url) as store:
        store.upgrade()
        with psycopg.connect(url, autocommit=True) as bare:
            seconds = _fill(bare, arguments.profiles)
            size = bare.execute(f"SELECT avg(length(source)) FROM {TABLE}").fetchone() or (0,)
            print(
                f"PostgreSQL {store.check().server_version}, {arguments.profiles:,} profiles of "
                f"{size[0]:,.0f} characters, filled and indexed in {seconds:.0f} s"
            )
            print(f"{'':<36} {'found':>7} {'bare ms':>9} {'find ms':>9} {'ratio':>7}")
            for way in WAYS:
                _compare(store, bare, way)
            _compare_highlights(store)


def _fill(bare: psycopg.Connection[Any], count: int) -> float:
    """The profiles, and the indexes over them afterwards, in seconds."""
    started = time.perf_counter()
    indexes = bare.execute(BUILT).fetchall()
    for name, _ in indexes:
        bare.execute(f"DROP INDEX {name}")
    bare.execute("SET session_replication_role = replica")  # nor number what has one
    with bare.cursor() as cursor, cursor.copy(f"COPY {TABLE} ({COLUMNS}) FROM STDIN") as copy:
        for row in _profiles(count):
            copy.write_row(row)
    bare.execute("SET session_replication_role = origin")
    bare.execute("SET maintenance_work_mem = '512MB'")
    bare.execute("SET max_parallel_maintenance_workers = 2")
    for _, definition in indexes:
        bare.execute(definition)
    bare.execute(f"VACUUM ANALYZE {TABLE}")
    return time.perf_counter() - started


def _profiles(count: int) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(5)
    sentences = list(dict.fromkeys(s for item in standard_library() for s in item.sentences))

    def prompt() -> str:
        drawn: list[str] = []
        length = 0
        while length < ROLE_CHARACTERS:
            drawn.append(chance.choice(sentences))
            length += len(drawn[-1]) + 1
        return "\n".join(drawn)

    for n in range(count):
        roles = {role: {"system_prompt": prompt()} for role in ("worker", "reviewer")}
        if n % 1000 == 7:
            roles["worker"]["system_prompt"] += f" Mind {PHRASE}!"
        document: dict[str, Any] = dict(roles)
        document["worker"] |= {"temperature": round(chance.random(), 3)}
        moment = FIRST + timedelta(seconds=n)
        yield f"c{n % CORPORA}", uuid7(), n // CORPORA + 1, json.dumps(document), moment


def _compare(store: Store, bare: psycopg.Connection[Any], way: Way) -> None:
    name, condition, values, asked = way

    def plain() -> list[Any]:
        return bare.execute(IDS + condition, values).fetchall()

    def ours() -> list[Any]:
        return list(store.profiles.find(**asked))

    expected = set(plain())
    hits = ours()
    got = {(hit.profile.corpus_id, hit.profile.id) for hit in hits}
    if not got <= expected or len(hits) != min(20, len(expected)):
        sys.exit(f"{name}: found something else")
    taken = medians({"bare": plain, "find": ours}, ROUNDS)
    print(
        f"{name:<36} {len(expected):7,} {taken['bare'] * 1e3:9.1f} {taken['find'] * 1e3:9.1f}"
        f" {taken['find'] / taken['bare']:7.2f}"
    )


def _compare_highlights(store: Store) -> None:
    taken = medians(
        {
            "search": lambda: store.profiles.search("socket timeout", role="worker"),
            "find": lambda: store.profiles.find("socket timeout", role="worker"),
        },
        ROUNDS,
    )
    print(
        f"highlights of 20 hits, two words: search {taken['search'] * 1e3:.1f} ms,"
        f" find {taken['find'] * 1e3:.1f} ms"
    )


if __name__ == "__main__":
    main()
