"""Differences of profiles: which values, which words, and how they are shown."""

from __future__ import annotations

import json
import random
import sys
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hegel_store.prompts import ProfileChange, ProfileDiff, diff_profiles, text_segments
from hegel_store.prompts.matching import opcodes
from tests.profiles import profile


def diff(old: dict[str, Any], new: dict[str, Any]) -> ProfileDiff:
    return diff_profiles(profile(old), profile(new, 2))


def told(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str, Any, Any]]:
    return [(c.name, c.kind, c.old, c.new) for c in diff(old, new).changes]


def marked(old: str, new: str) -> str:
    marks = {"equal": "{}", "deleted": "[-{}-]", "inserted": "{{+{}+}}"}
    return "".join(marks[each.kind].format(each.text) for each in text_segments(old, new))


def test_every_kind_of_change_is_told_by_its_path():
    old = {
        "worker": {"system_prompt": "Be brief.", "temperature": 0.0, "stop": []},
        "judge": {"system_prompt": "Be fair."},
        "few shots": {"n": [1, 2, 3]},
        "same": {"deep": [{"a": None}]},
    }
    new = {
        "worker": {"system_prompt": "Be very brief.", "temperature": 0.5, "stop": ["\n"]},
        "reviewer": {"system_prompt": "", "top_k": {}},
        "few shots": {"n": [0, 1, 3]},
        "same": {"deep": [{"a": None}]},
    }
    assert told(old, new) == [
        ("worker.system_prompt", "changed", "Be brief.", "Be very brief."),
        ("worker.temperature", "changed", 0.0, 0.5),
        ("worker.stop[0]", "added", None, "\n"),
        ("judge.system_prompt", "removed", "Be fair.", None),
        ('["few shots"].n[0]', "added", None, 0),
        ('["few shots"].n[1]', "removed", 2, None),
        ("reviewer.system_prompt", "added", None, ""),
        ("reviewer.top_k", "added", None, {}),
    ]
    roles = [change.role for change in diff(old, new).changes]
    assert roles == ["worker"] * 3 + ["judge", None, None, "reviewer", "reviewer"]


def test_what_is_another_value_in_json_is_a_change():
    for old, new in ((1, True), (0, False), (1, 1.0), (0.0, -0.0), (None, {}), ([], {}), ("1", 1)):
        assert told({"a": old}, {"a": new}) == [("a", "changed", old, new)]
    assert told({"a": {"b": 1}}, {"a": "b"}) == [
        ("a.b", "removed", 1, None),
        ("a", "added", None, "b"),
    ]


def test_another_order_of_keys_is_a_change():
    old, new = {"a": 1, "b": {"x": 1, "y": 2}}, {"b": {"y": 2, "z": 0, "x": 1}, "a": 1}
    assert told(old, new) == [
        (".", "reordered", ["a", "b"], ["b", "a"]),
        ("b", "reordered", ["x", "y"], ["y", "x"]),
        ("b.z", "added", None, 0),
    ]


def test_an_example_at_the_beginning_of_a_list_is_one_that_was_added():
    shots = [{"q": f"question {n}", "a": ["yes", n]} for n in range(5)]
    more = {"q": "first", "a": []}
    changed = [more, *shots[:3], {**shots[3], "q": "question three"}, shots[4]]
    assert told({"shots": shots}, {"shots": changed}) == [
        ("shots[0].q", "added", None, "first"),
        ("shots[0].a", "added", None, []),
        ("shots[4].q", "changed", "question 3", "question three"),
    ]
    assert told({"shots": [1, {"a": 0, "b": 1}]}, {"shots": [0, 1, {"b": 1}]}) == [
        ("shots[0]", "added", None, 0),
        ("shots[1].a", "removed", 0, None),
    ]


DOCUMENTS = st.dictionaries(
    st.sampled_from(["worker", "x", "a b", ""]),
    st.recursive(
        st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from([0.0, -0.0, 1.0, "", "A"]),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["system_prompt", "n", "m"]), inner)
        ),
        max_leaves=8,
    ),
)


@settings(max_examples=500, deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_there_are_no_changes_exactly_where_the_same_json_is_written(old, new):
    difference = diff(old, new)
    assert (not difference.changes) == (json.dumps(old) == json.dumps(new))
    for change in difference.changes:
        require_true(change, old, new)
    assert json.loads(json.dumps(difference.to_json()))["changes"] == [
        {
            "path": list(change.path),
            "role": change.role,
            "kind": change.kind,
            "old": change.old,
            "new": change.new,
            "segments": [[each.kind, each.text] for each in change.segments],
        }
        for change in difference.changes
    ]


def require_true(change: ProfileChange, old: Any, new: Any) -> None:
    """The path leads to the value, in the document that it is said to be of."""
    value = old if change.kind == "removed" else new
    for step in change.path:
        value = value[step]
    said = change.old if change.kind == "removed" else change.new
    if change.kind == "reordered":
        assert set(said) <= set(value)
        assert change.old != change.new
    else:
        assert json.dumps(value) == json.dumps(said)


def test_words_are_compared_inside_of_lines_that_changed():
    old = "Be brief.\nName the source of each fact.\n\nStop."
    new = "Be brief.\nName the page of each fact, always.\n\nStop."
    assert marked(old, new) == (
        "Be brief.\nName the [-source-]{+page+} of each fact{+, always+}.\n\nStop."
    )
    assert marked("a b", "a  b") == "a[- -]{+  +}b"
    assert marked("a b c", "a c") == "a[- b-] c"
    assert marked("a\n", "a") == "a[-\n-]"
    assert marked("", "x") == "{+x+}"
    assert marked("same", "same") == "same"
    assert marked("", "") == ""


TEXTS = st.lists(
    st.sampled_from(
        ["a", "b", "bc", " ", "  ", "\n", "\r\n", ".", "é", "e\u0301", "\u2028", "🦔", "\x1b["]
    )
).map("".join)


@settings(max_examples=1000, deadline=None)
@given(TEXTS | st.text(), TEXTS | st.text())
def test_segments_give_back_both_texts(old, new):
    segments = text_segments(old, new)
    assert "".join(each.text for each in segments if each.kind != "inserted") == old
    assert "".join(each.text for each in segments if each.kind != "deleted") == new
    assert all(each.text for each in segments)
    kinds = [each.kind for each in segments]
    assert all(one != other for one, other in pairwise(kinds))
    assert ("inserted", "deleted") not in pairwise(kinds)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.integers(0, 4)), st.lists(st.integers(0, 4)))
def test_runs_cover_both_sequences_in_turns(old, new):
    i = j = 0
    before = None
    for equal, i1, i2, j1, j2 in opcodes(old, new):
        assert (i1, j1) == (i, j)
        assert equal is not before
        assert (old[i1:i2] == new[j1:j2]) if equal else (i1 < i2 or j1 < j2)
        i, j, before = i2, j2, equal
    assert (i, j) == (len(old), len(new))


def applied(old: str, hunks: str) -> str:
    """The old text as a patch changes it."""
    lines = old.splitlines(keepends=True)
    made: list[str] = []
    position = 0
    for line in hunks.replace("\n\\ No newline at end of file\n", "\x00").splitlines(keepends=True):
        # The mark takes the line feed of the line before it away.
        for one in line.replace("\x00", "\x00\n").splitlines():
            text = one.removesuffix("\x00") if one.endswith("\x00") else one + "\n"
            if one.startswith("@@"):
                start, _, count = one.split()[1][1:].partition(",")
                stop = int(start) - (count != "0")
                made += lines[position:stop]
                position = stop
            elif one[0] in " -":
                assert lines[position] == text[1:]
                position += 1
            if one[0] in " +":
                made.append(text[1:])
    return "".join(made + lines[position:])


PROMPT_LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n"]), max_size=30).map("".join)


@settings(max_examples=500, deadline=None)
@given(PROMPT_LINES, PROMPT_LINES, st.sampled_from(["", "end"]), st.integers(0, 3))
def test_the_unified_diff_makes_the_new_text_of_the_old_one(old, new, end, context):
    old = old + end
    unified = diff({"p": old}, {"p": new}).unified(context=context)
    if old == new:
        assert unified == ""
        return
    heading, _, hunks = unified.partition("@@")
    assert heading == "--- p\tqa version 1\n+++ p\tqa version 2\n"
    assert applied(old, "@@" + hunks) == new


def test_the_unified_diff_shows_each_path_like_a_file():
    old = {"worker": {"system_prompt": "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "t": 0.5, "gone": "x"}}
    new = {"worker": {"system_prompt": "1\n2\n3\n4\nfive\n6\n7\n8\n9\n", "t": 1}, "more": "y\n"}
    assert diff(old, new).unified() == (
        "--- worker.system_prompt\tqa version 1\n+++ worker.system_prompt\tqa version 2\n"
        "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
        "--- worker.t\tqa version 1\n+++ worker.t\tqa version 2\n@@ -1 +1 @@\n-0.5\n+1\n"
        "--- worker.gone\tqa version 1\n+++ /dev/null\n@@ -1 +0,0 @@\n"
        "-x\n\\ No newline at end of file\n"
        "--- /dev/null\n+++ more\tqa version 2\n@@ -0,0 +1 @@\n+y\n"
    )


def prompt_of(size: int, shape: str) -> tuple[str, str]:
    """Two prompts of ``size`` characters: every tenth word of the second is another one."""
    generator = random.Random(7)
    common = [f"word{n}" for n in range(400)]
    words: list[str] = []
    while sum(map(len, words)) + len(words) < size:
        words.append(common[min(int(generator.expovariate(0.02)), 399)])
    others = [w if n % 10 else generator.choice(common) for n, w in enumerate(words)]
    if shape == "nothing alike":
        others = [f"other{n}" for n in range(len(words))]
    every = {"one line": 10**9, "nothing alike": 12}.get(shape, 12)

    def text(of: list[str]) -> str:
        return "".join(w + ("\n" if n % every == every - 1 else " ") for n, w in enumerate(of))

    return text(words), text(others)


def lines_run(old: str, new: str) -> int:
    """How many lines of Python a comparison runs, the same on every machine."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        text_segments(old, new)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("shape", ["lines", "one line", "nothing alike"])
def test_the_work_grows_with_the_prompts_and_not_with_their_square(shape):
    small, large = (lines_run(*prompt_of(size, shape)) for size in (4_000, 40_000))
    assert large < 40 * small


@pytest.mark.parametrize("unit", ["a ", "a\n", "a b ", ". ", " ", "\n"])
def test_prompts_of_nothing_but_repetitions_take_no_long_time(unit):
    count = lines_run(unit * 5_000 + "x " + unit * 5_000, "y " + unit * 9_000 + "z")
    assert count < 2_000_000
