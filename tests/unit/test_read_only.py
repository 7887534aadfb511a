"""A shared document is read as a plain one, and changed by nobody."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from hegel_store.models.read_only import ReadOnlyDict, ReadOnlyList, read_only

PLAIN = {"worker": {"system_prompt": "Ünïcode", "tools": [{"n": 1}, [], [2, None]]}, "t": 0.5}

CHANGES: dict[str, Callable[[Any], object]] = {
    "set": lambda d: d.__setitem__("a", 1),
    "set below": lambda d: d["worker"].__setitem__("system_prompt", "mine"),
    "delete": lambda d: d.__delitem__("t"),
    "update": lambda d: d.update(t=1),
    "update below": lambda d: d["worker"].update({}),
    "in place or": lambda d: d.__ior__({"t": 1}),
    "pop": lambda d: d.pop("t"),
    "popitem": lambda d: d.popitem(),
    "clear": lambda d: d.clear(),
    "setdefault": lambda d: d.setdefault("t", 1),
    "set an item": lambda d: d["worker"]["tools"].__setitem__(0, 1),
    "set in an item": lambda d: d["worker"]["tools"][0].__setitem__("n", 2),
    "delete an item": lambda d: d["worker"]["tools"].__delitem__(0),
    "append": lambda d: d["worker"]["tools"].append(1),
    "append below": lambda d: d["worker"]["tools"][1].append(1),
    "extend": lambda d: d["worker"]["tools"].extend([1]),
    "insert": lambda d: d["worker"]["tools"].insert(0, 1),
    "pop an item": lambda d: d["worker"]["tools"].pop(),
    "remove": lambda d: d["worker"]["tools"].remove([]),
    "clear a list": lambda d: d["worker"]["tools"].clear(),
    "reverse": lambda d: d["worker"]["tools"].reverse(),
    "sort": lambda d: d["worker"]["tools"].sort(key=str),
    "add in place": lambda d: d["worker"]["tools"].__iadd__([1]),
    "multiply in place": lambda d: d["worker"]["tools"].__imul__(2),
}


@pytest.mark.parametrize("change", CHANGES)
def test_no_change_is_let_through(change):
    document = read_only(PLAIN)
    with pytest.raises(TypeError, match=r"read-only.*mutable\(\)"):
        CHANGES[change](document)
    assert document == PLAIN


def test_every_method_that_changes_a_plain_one_is_refused():
    """Those that a later Python brings, too: what a read-only one inherits leaves it as it is."""
    for made, plain in ((ReadOnlyDict({"a": [1]}), dict), (ReadOnlyList([1, 2]), list)):
        before = plain(made)
        for name in set(dir(plain)) - set(dir(object)):
            for arguments in ((), (0,), ("a",), ({"b": 1},), (0, 1), ("a", 1)):
                with suppress(TypeError, KeyError, IndexError, ValueError, AttributeError):
                    getattr(made, name)(*arguments)
                assert before == made, name


def test_being_made_again_leaves_it_as_it_is():
    document, items = read_only({}), read_only([])
    document.__init__({"a": 1})
    items.__init__([1])
    assert (document, items) == ({}, [])


def test_it_is_equal_to_a_plain_one_and_serialised_as_one():
    document = read_only(PLAIN)
    assert document == PLAIN
    assert json.dumps(document) == json.dumps(PLAIN)
    assert list(document) == list(PLAIN)
    assert document | {"t": 1} == PLAIN | {"t": 1}
    assert document["worker"]["tools"] + [1] == [*PLAIN["worker"]["tools"], 1]


def is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return type(value) is dict and all(map(is_plain, value.values()))
    return not isinstance(value, list) or (type(value) is list and all(map(is_plain, value)))


@pytest.mark.parametrize("way", [copy.deepcopy, lambda document: document.mutable()])
def test_a_deep_copy_is_plain_and_the_callers_own(way):
    document = read_only(PLAIN)
    own = way(document)
    assert own == PLAIN
    assert is_plain(own)
    assert not is_plain(document["worker"]["tools"][0])
    own["worker"]["tools"][0]["n"] = 2
    assert document == PLAIN


def test_a_shallow_copy_is_plain_and_what_is_in_it_is_not():
    for made in (copy.copy(read_only(PLAIN)), read_only(PLAIN).copy()):
        made["t"] = 1
        with pytest.raises(TypeError):
            made["worker"]["system_prompt"] = "mine"
    assert type(copy.copy(read_only([1]))) is list


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_is_pickled_and_stays_read_only(protocol):
    document = pickle.loads(pickle.dumps(read_only(PLAIN), protocol))  # noqa: S301
    assert document == PLAIN
    with pytest.raises(TypeError):
        document["worker"]["tools"][0]["n"] = 2
