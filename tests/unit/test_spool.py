"""The spool on its disk: torn, damaged, full, left behind by writers that are gone."""

from __future__ import annotations

import logging
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegel_store.errors import SpoolFull
from hegel_store.journal import segments, spool
from hegel_store.journal.spool import Spool
from tests.servers import wait_until
from tests.victims import Victim

RECORDS = st.lists(st.text(max_size=60).map(str.encode), min_size=1, max_size=8)
PLENTY = 2**30


def whole(data: bytes) -> list[bytes]:
    return [record for record, _ in segments.read(data) if record is not None]


@given(RECORDS)
def test_what_is_written_is_read(records: list[bytes]) -> None:
    data = segments.framed(records)
    read = list(segments.read(data))
    assert [record for record, _ in read] == records
    assert read[-1][1] == len(data)


@given(RECORDS, st.integers(min_value=0))
def test_a_torn_tail_is_recognised_and_never_data(records: list[bytes], cut: int) -> None:
    data = segments.framed(records)
    torn = data[: cut % len(data)]
    read = list(segments.read(torn))
    found = whole(torn)
    assert found == records[: len(found)]
    at_an_end = len(segments.framed(found)) == len(torn)
    assert [record for record, _ in read] == found + ([] if at_an_end else [None])


@given(RECORDS, st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_damaged_byte_costs_one_record_and_no_other(
    records: list[bytes], place: int, change: int
) -> None:
    data = bytearray(segments.framed(records))
    place %= len(data)
    data[place] ^= change
    hit = next(n for n in range(len(records)) if place < len(segments.framed(records[: n + 1])))
    assert whole(bytes(data)) == records[:hit] + records[hit + 1 :]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Spool]:
    made = spool.own(tmp_path, PLENTY)
    yield made
    made.close()


def drained(from_: Spool, most: int = 3) -> list[bytes]:
    found: list[bytes] = []
    while not from_.is_empty:
        portion = from_.first(most, 2**20)
        found += portion.records
        from_.done(portion)
    return found


def test_records_come_back_in_order_whatever_is_added_meanwhile(own: Spool) -> None:
    own.append([b"0", b"1", b"2", b"3"])
    first = own.first(2, 2**20)
    own.append([b"4"])
    own.done(first)
    assert first.records == [b"0", b"1"]
    own.append([b"5", b"6"])
    assert drained(own) == [b"2", b"3", b"4", b"5", b"6"]
    assert own.bytes == 0
    own.append([b"7"])
    assert drained(own) == [b"7"]


def test_a_portion_is_bounded_by_bytes(own: Spool) -> None:
    own.append([b"x" * 600] * 5)
    assert len(own.first(100, 1000).records) == 2


def test_a_segment_is_begun_anew_when_it_is_large(
    own: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "SEGMENT_BYTES", 1000)
    for n in range(10):
        own.append([b"%d" % n + b"x" * 300])
    assert len(list(own.folder.glob("*.steps"))) == 3
    assert [record[:1] for record in drained(own, 2)] == [b"%d" % n for n in range(10)]
    assert list(own.folder.glob("*.steps")) == []


def test_a_full_spool_takes_nothing_and_says_so(tmp_path: Path) -> None:
    own = spool.own(tmp_path, 1000)
    own.append([b"x" * 500])
    with pytest.raises(SpoolFull, match="1,000"):
        own.append([b"y" * 500])
    assert drained(own) == [b"x" * 500]
    own.append([b"y" * 500])
    own.close()


def write_until_the_disk_is_full(folder: Path) -> None:
    """In a process of its own, with a limit on what a file may hold."""
    own = spool.own(folder, PLENTY)
    own.append([b"first"])
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))
    with pytest.raises(SpoolFull, match="full"):
        own.append([b"x" * 1000, b"y" * 5000])
    own.append([b"second"])
    os._exit(0)


def test_a_disk_that_becomes_full_in_the_middle_leaves_no_half(tmp_path: Path) -> None:
    assert Victim(write_until_the_disk_is_full, tmp_path).outcome() == 0
    (left,) = spool.left_behind(tmp_path, PLENTY)
    assert drained(left) == [b"first", b"second"]
    left.close()


def test_what_is_torn_is_reported_and_kept(
    own: Spool, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    own.append([b"whole", b"torn"])
    own.close()
    (segment,) = own.folder.glob("*.steps")
    segment.write_bytes(segment.read_bytes()[:-2])
    (left,) = spool.left_behind(tmp_path, PLENTY)
    with caplog.at_level(logging.ERROR):
        assert drained(left) == [b"whole"]
    assert "are no step" in caplog.text
    left.close()
    (kept,) = own.folder.glob("*.damaged")
    assert whole(kept.read_bytes()) == [b"whole"]
    assert spool.left_behind(tmp_path, PLENTY) == [], "and is not read again"


def write_and_wait(folder: Path, told: Path) -> None:
    own = spool.own(folder, PLENTY)
    own.append([b"a"])
    told.touch()
    time.sleep(60)


def test_the_folder_of_a_living_writer_is_its_own(tmp_path: Path) -> None:
    root, told = tmp_path / "spool", tmp_path / "told"
    writer = Victim(write_and_wait, root, told)
    wait_until(told.exists)
    assert spool.left_behind(root, PLENTY) == []
    writer.kill()
    (left,) = spool.left_behind(root, PLENTY)
    assert spool.left_behind(root, PLENTY) == [], "one takes it"
    assert drained(left) == [b"a"]
    left.close()
    assert list(root.iterdir()) == []


def test_a_folder_without_steps_is_tidied_up(tmp_path: Path) -> None:
    own = spool.own(tmp_path, PLENTY)
    own.close()
    assert list(tmp_path.iterdir()) == []
    assert spool.left_behind(tmp_path / "nowhere", PLENTY) == []


def test_a_place_that_cannot_be_written_is_a_full_spool(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SpoolFull, match="no spool"):
        spool.own(tmp_path / "file", PLENTY)
