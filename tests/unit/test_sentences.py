"""Sentences of prompts."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hegel_store.prompts.sentences import normalised, sentences


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("", []),
        (" \n ", [" \n "]),
        ("Be brief.", ["Be brief."]),
        ("Be brief. Cite!  Why? ", ["Be brief. ", "Cite!  ", "Why? "]),
        ("Use e.g. a list. It helps.", ["Use e.g. a list. ", "It helps."]),
        ("Version 1.5 is it.", ["Version 1.5 is it."]),
        ("1. Read.\n2. Write. Stop.", ["1. Read.\n", "2. Write. ", "Stop."]),
        ("- a. First\n- b. Second", ["- a. First\n", "- b. Second"]),
        ("\n\nRules\n\n\nBe kind", ["\n\nRules\n\n\n", "Be kind"]),
        ('He said "no." "Yes," she said.', ['He said "no." ', '"Yes," she said.']),
        ("Wait... What?! No", ["Wait... ", "What?! ", "No"]),
        ("簡潔に。出典を。「はい。」終", ["簡潔に。", "出典を。", "「はい。」", "終"]),
        ("A.\r\nB.", ["A.\r\n", "B."]),
        ("(See 2.) Then go.", ["(See 2.) ", "Then go."]),
    ],
)
def test_where_sentences_end(prompt, expected):
    assert sentences(prompt) == expected


PIECES = st.sampled_from(
    ["a", "B", "1", ".", "!", "。", "」", '"', " ", "\n", "\u2028", "\r", "\t"]
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(PIECES).map("".join) | st.text())
def test_sentences_give_back_the_prompt(prompt):
    cut = sentences(prompt)
    assert "".join(cut) == prompt
    assert all(map(normalised, cut)) or len(cut) == 1


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES).map("".join))
def test_a_sentence_lies_in_one_line(prompt):
    whole = {normalised(sentence) for sentence in sentences(prompt)}
    by_line = {normalised(cut) for line in prompt.split("\n") for cut in sentences(line)}
    assert whole - {""} == by_line - {""}


def test_blanks_do_not_make_another_sentence():
    assert normalised(" Be\n\tvery  brief. ") == "Be very brief."


@pytest.mark.parametrize(
    "unit", [" ", "\n", ".", ". a", ". A", '."', "a. ", "。", "。」", "*", "e.g. ", "1. "]
)
def test_no_text_takes_time_by_its_square(unit):
    def took(count: int) -> float:
        began = time.process_time()
        sentences(unit * count + "x")
        return time.process_time() - began

    small = min(took(20_000) for _ in range(3))
    assert took(200_000) < 50 * max(small, 0.001)
