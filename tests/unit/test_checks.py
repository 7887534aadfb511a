"""What is refused before anything is sent, and that the refusal names the field."""

from __future__ import annotations

import enum
import json
import math
from collections import ChainMap
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given

from hegel_store.errors import InvalidInput
from hegel_store.models import checks
from tests.strategies import any_json, any_object, any_text, storable


class Colour(enum.StrEnum):
    RED = "red"


def refusal(check: object, *arguments: object, **options: object) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        check("some.field", *arguments, **options)
    return caught.value


@pytest.mark.parametrize("value", ["", " ", "plain", "🦔 שלום", "a'b\"c\\d%_", "\x01\x7f\ufeff"])
def test_text_that_postgresql_can_hold_is_returned_as_it_is(value: str) -> None:
    assert checks.check_text("query", value) is value


@pytest.mark.parametrize("value", [None, 7, b"bytes", ["a"]])
def test_what_is_no_text_is_refused(value: object) -> None:
    assert refusal(checks.check_text, value).field == "some.field"


@pytest.mark.parametrize(
    ("value", "position"), [("\x00", 0), ("abc\x00", 3), ("\ud800", 0), ("é\udfff", 1)]
)
def test_characters_that_postgresql_cannot_hold_are_refused_with_their_position(
    value: str, position: int
) -> None:
    assert refusal(checks.check_text, value).reason.endswith(f"position {position}")


def test_size_of_a_text_is_counted_in_utf8_bytes() -> None:
    assert checks.check_text("query", "é" * 4, max_bytes=8) == "éééé"
    assert "10 bytes" in refusal(checks.check_text, "é" * 5, max_bytes=8).reason
    assert "9 bytes" in refusal(checks.check_text, "a" * 9, max_bytes=8).reason


def test_text_of_fifty_megabytes_is_refused() -> None:
    assert "52,428,800 bytes" in refusal(checks.check_text, "x" * (50 << 20)).reason


@given(any_text)
def test_any_text_is_returned_or_refused_by_name(value: str) -> None:
    if storable(value):
        assert checks.check_text("answer", value) == value
    else:
        assert refusal(checks.check_text, value).field == "some.field"


@pytest.mark.parametrize("check", [checks.check_name, checks.check_fact_text])
@pytest.mark.parametrize("value", ["", " ", "\t\n", "\u2003"])
def test_blank_names_and_facts_are_refused(check: object, value: str) -> None:
    assert "blank" in refusal(check, value).reason


def test_names_have_at_most_two_hundred_characters() -> None:
    assert checks.check_name("corpus_id", "🦔" * 200) == "🦔" * 200
    assert "201 characters" in refusal(checks.check_name, "x" * 201).reason


def test_facts_have_at_most_a_million_characters() -> None:
    assert len(checks.check_fact_text("content", "é" * 1_000_000)) == 1_000_000
    assert "1,000,001 characters" in refusal(checks.check_fact_text, "é" * 1_000_001).reason


def test_ids_are_uuids_or_their_text() -> None:
    value = UUID("0192f0c1-0000-7000-8000-000000000000")
    assert checks.check_id("id", value) is value
    assert checks.check_id("id", str(value)) == value


@pytest.mark.parametrize("value", [None, 7, "not one", "", b"0" * 16, "0192f0c1"])
def test_what_is_no_uuid_is_refused(value: object) -> None:
    assert "must be a UUID" in refusal(checks.check_id, value).reason


@pytest.mark.parametrize(
    "value", [0, 0.0, -1, 1.5, Decimal("0.1"), Fraction(1, 3), np.float32(0.5), np.int64(3)]
)
def test_numbers_of_any_kind_become_floats(value: object) -> None:
    number = checks.check_number("reward", value)
    assert type(number) is float
    assert number == float(value)


@pytest.mark.parametrize(
    "value",
    [math.nan, -math.inf, np.float32("nan"), Decimal("NaN"), 10**400, True, "1", b"1", None, 1j],
)
def test_what_is_no_finite_number_is_refused(value: object) -> None:
    assert refusal(checks.check_number, value).field == "some.field"


def test_integers_stay_within_their_bounds() -> None:
    assert checks.check_integer("limit", 0) == 0
    assert checks.check_integer("limit", 2**31 - 1) == 2**31 - 1
    for value in (-1, 2**31, 1.0, "1", True, None):
        assert refusal(checks.check_integer, value).field == "some.field"
    assert "between 1 and 3" in refusal(checks.check_integer, 0, minimum=1, maximum=3).reason


def test_choices_are_listed_when_another_is_given() -> None:
    checks.check_choice("mode", "text", ("text", "vector"))
    for value in ("Text", "", None, 1, ["text"], np.array(["text"])):
        assert (
            "one of text, vector" in refusal(checks.check_choice, value, ("text", "vector")).reason
        )


def test_moments_come_back_in_utc() -> None:
    berlin = datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)
    moment = checks.check_moment("created_at", berlin)
    assert moment == datetime(2024, 10, 27, 1, 30, tzinfo=UTC)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        datetime(2024, 1, 1),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
        "2024-01-01T00:00:00Z",
        None,
    ],
)
def test_moments_without_a_zone_or_beyond_the_calendar_are_refused(value: object) -> None:
    assert refusal(checks.check_moment, value).field == "some.field"


@given(any_object)
def test_any_json_object_is_serialised_exactly_or_refused_by_name(value: dict[str, object]) -> None:
    if storable(value):
        text = checks.check_json("metadata", value)
        assert json.loads(text) == value
    else:
        assert refusal(checks.check_json, value).field.startswith("some.field")


@given(any_json)
def test_only_objects_are_accepted_as_documents(value: object) -> None:
    if not isinstance(value, dict):
        assert "must be a JSON object" in refusal(checks.check_json, value).reason


def test_keys_keep_the_order_they_were_written_in() -> None:
    value = {"z": {"b": 1, "a": 2}, "a": [{"y": 0, "x": 0}], "": {}}
    assert checks.check_json("profile", value) == (
        '{"z": {"b": 1, "a": 2}, "a": [{"y": 0, "x": 0}], "": {}}'
    )


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"worker": {"system_prompt": "a\0b"}}, "profile.worker.system_prompt"),
        ({"scores": [0.0, {"x": math.nan}]}, "profile.scores[1].x"),
        ({"a": {"\ud800": 1}}, "profile.a (a key)"),
        ({"a": {1: "x"}}, "profile.a"),
        ({"a": object()}, "profile.a"),
        ({"a": b"bytes"}, "profile.a"),
        ({"a": {1, 2}}, "profile.a"),
        ({"a": Decimal("0.1")}, "profile.a"),
        ({"a": np.array([1.0])}, "profile.a"),
    ],
)
def test_refusal_names_the_place_inside_the_document(value: object, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        checks.check_json("profile", value)
    assert caught.value.field == field


def test_values_close_to_json_are_taken_for_what_they_mean() -> None:
    value = MappingProxyType(
        {
            "tuple": (1, "two"),
            "numpy": [np.float32(0.5), np.int64(7), np.bool_(False)],
            "enum": Colour.RED,
            "mapping": ChainMap({"a": None}),
        }
    )
    assert json.loads(checks.check_json("metrics", value)) == {
        "tuple": [1, "two"],
        "numpy": [0.5, 7, False],
        "enum": "red",
        "mapping": {"a": None},
    }


def test_cycles_and_deep_nesting_are_refused() -> None:
    cycle: dict[str, object] = {}
    cycle["self"] = cycle
    assert "deeper than 200" in refusal(checks.check_json, cycle).reason
    deep: object = 0
    for _ in range(199):
        deep = [deep]
    assert checks.check_json("trace", {"deep": deep})
    assert "deeper than 200" in refusal(checks.check_json, {"deep": [[deep]]}).reason


def test_document_above_sixteen_megabytes_is_refused() -> None:
    assert (
        "bytes of JSON"
        in refusal(checks.check_json, {"a": "x" * 9_000_000, "b": "é" * 5_000_000}).reason
    )


def test_integer_too_long_to_print_is_refused() -> None:
    assert refusal(checks.check_json, {"n": 10**5000}).field == "some.field"


def test_optional_document_is_empty_when_missing_and_checked_when_falsy() -> None:
    assert checks.check_optional_json("metadata", None) == "{}"
    assert checks.check_optional_json("metadata", {}) == "{}"
    for value in ([], "", 0, False):
        assert "must be a JSON object" in refusal(checks.check_optional_json, value).reason
