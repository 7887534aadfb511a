"""Migrating while others write and read: nobody waits longer than the lock timeout."""

from __future__ import annotations

import time

from hegel_store import migrate
from hegel_store.addresses import parse_address
from tests.migrations.traffic import WRITES, traffic, worst_pause

LOCK_TIMEOUT = 2.0

# Rows enough for a statement that rewrites or scans a table under a strong lock to be felt.
FILL = {
    "0002": [
        "INSERT INTO hegel_prompt_profiles (corpus_id, version, source)"
        " SELECT 'old', n, '{}' FROM generate_series(1, 20000) AS n"
    ],
    "0006": [
        "SELECT hegel_ensure_step_month(now())",
        "INSERT INTO hegel_training_steps (corpus_id, old_profile_id, query, predicted_answer)"
        " SELECT 'old', id, 'Where?', 'Here.' FROM hegel_prompt_profiles WHERE corpus_id = 'old'",
    ],
    "0009": [
        "INSERT INTO hegel_facts (corpus_id, content)"
        " SELECT 'old', 'Hedgehog ' || n FROM generate_series(1, 20000) AS n"
    ],
}


def test_no_revision_makes_a_writer_or_a_reader_wait_longer_than_the_lock_timeout(
    empty_url, empty_postgresql, report
):
    assert f"SET lock_timeout = '{LOCK_TIMEOUT:.0f}s'" in migrate.TIMEOUTS
    address = parse_address(empty_url, "the test")
    windows = {}
    with traffic(empty_url) as seen:
        for revision in migrate.known_revisions():
            begin = time.monotonic()
            migrate.upgrade(address, revision)
            windows[revision] = (begin, time.monotonic())
            for statement in FILL.get(revision, ()):
                empty_postgresql.execute(statement)
            empty_postgresql.commit()
            time.sleep(0.1)  # ten calls of each, undisturbed
    first, last = next(iter(windows.values()))[0], time.monotonic()
    quiet = [
        call
        for call in seen.writes + seen.reads
        if not any(begin < call.done and call.due < end for begin, end in windows.values())
    ]
    usual = worst_pause(quiet, first, last)
    for revision, window in windows.items():
        pauses = {
            who: worst_pause(calls, *window)
            for who, calls in (("writer", seen.writes), ("reader", seen.reads))
        }
        report(
            f"{revision}: worst pause of the writer {pauses['writer'] * 1000:.0f} ms, "
            f"of the reader {pauses['reader'] * 1000:.0f} ms"
        )
        for who, pause in pauses.items():
            assert pause < LOCK_TIMEOUT + usual, f"the {who} waited in {revision}"
    report(f"between the revisions: {usual * 1000:.0f} ms")
    stored = [call for call in seen.writes if call.stored]
    assert len(stored) > len(WRITES) * 10, "there was traffic to wait"


def test_a_revision_that_blocks_its_writers_would_be_seen(url, postgresql):
    """Or else the test above would show nothing."""
    with traffic(url) as seen:
        time.sleep(0.2)
        begin = time.monotonic()
        postgresql.execute("LOCK TABLE hegel_facts IN ACCESS EXCLUSIVE MODE")
        time.sleep(0.8)
        postgresql.rollback()
        end = time.monotonic()
        time.sleep(0.2)
    assert worst_pause(seen.writes, begin, end) >= 0.5
    assert worst_pause(seen.reads, begin, end) >= 0.5
