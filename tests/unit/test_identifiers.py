"""UUIDv7: the fields of RFC 9562, and the order they give."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegel_store.models.identifiers import uuid7, uuid7_time

moments = st.datetimes(
    min_value=datetime(1970, 1, 1), max_value=datetime(9998, 12, 31), timezones=st.just(UTC)
)


@given(moments)
def test_fields_are_those_of_the_rfc(moment: datetime) -> None:
    identifier = uuid7(moment)
    microseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert identifier.version == 7
    assert identifier.variant == "specified in RFC 4122"
    assert identifier.int >> 80 == microseconds // 1000
    # Method 3 of section 6.2: the fraction of the millisecond in the 12 bits after the version.
    assert identifier.int >> 64 & 0xFFF == microseconds % 1000 * 4096 // 1000


@given(moments)
def test_moment_is_read_back_to_the_millisecond(moment: datetime) -> None:
    assert timedelta(0) <= moment - uuid7_time(uuid7(moment)) < timedelta(milliseconds=1)


@given(moments, st.integers(1, 10**9))
def test_ids_sort_by_their_moments(moment: datetime, microseconds: int) -> None:
    assert uuid7(moment) < uuid7(moment + timedelta(microseconds=microseconds))


def test_ids_made_one_after_another_sort_in_that_order() -> None:
    made = []
    for _ in range(500):
        made.append(uuid7())
        begun = time.time_ns()
        while time.time_ns() - begun < 1_000:
            pass
    assert all(earlier < later for earlier, later in pairwise(made))


def test_ids_of_one_moment_differ() -> None:
    moment = datetime(2024, 2, 29, tzinfo=UTC)
    assert len({uuid7(moment) for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    "identifier",
    [uuid4(), UUID(int=0), UUID("ffffffff-ffff-7fff-bfff-ffffffffffff"), UUID(int=7 << 76)],
)
def test_ids_without_a_usable_time_have_none(identifier: UUID) -> None:
    with pytest.raises(ValueError, match="UUID"):
        uuid7_time(identifier)
