"""The rules that tell sentences which say the same from those that do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hegel_store.models.near_duplicates import judge
from hegel_store.models.number_words import read_number
from tests.strategies import any_text

SAME = [
    ("The server restarts nightly.", "servers restart nightly!"),
    ("THE PORT IS 5432", "the port is 5432"),
    ("Windows is used.", "windows is used"),
    ("It runs on Windows.", "It runs on windows."),
    ("There are three cores.", "There are 3 cores."),
    ("It has twenty-five users.", "It has 25 users."),
    ("It has two hundred five users.", "It has 205 users."),
    ("1,000 users", "1000 users"),
    ("It costs 1,234,567.50 euros.", "It costs 1234567.50 euros."),
    ("The timeout is 30 seconds.", "Timeout: 30s"),
    ("It's on the third floor.", "It is on the 3rd floor."),
    ("It doesn't work.", "It does not work."),
    ("It can't work.", "It cannot work."),
    ("It opens at 10 a.m.", "It opens at 10am."),
    ("It’s Anna’s.", "It's Anna's."),  # noqa: RUF001
    ("The port is now 5433.", "The port is 5433."),
    ("In 2020, the office moved.", "The office moved in 2020."),
    ("It opened on 5 Sept 2024.", "It opened on 5 September 2024."),
    ("Is the shop (now) open?", "The shop is open."),
    ("e\u0301lan", "\u00e9lan"),
]
UPDATE = [
    ("port 5432", "port 5433"),
    ("The port is 5432.", "The port is not 5432."),
    ("The server is up.", "The server is down."),
    ("Logging is enabled.", "Logging is disabled."),
    ("It enables caching.", "It disables caching."),
    ("The flag is true.", "The flag is false."),
    ("The lamp is on.", "The lamp is off."),
    ("It opened on 5 May 2024.", "It opened on 6 May 2024."),
    ("It opens in May.", "It opens in June."),
    ("It opened on 2024-05-17.", "It opened on 2024-05-18."),
    ("In 2020, the office moved.", "The office moved in 2021."),
    ("It has three cores.", "It has 4 cores."),
    ("It has five million users.", "It has five billion users."),
    ("It needs v1.2.", "It needs v1.3."),
    ("It needs v1.2.", "It needs v1.20."),
    ("It waits 30 s.", "It waits 30 ms."),
    ("It costs $5.", "It costs $6."),
    ("It uses 5 GB.", "It uses 500 MB."),
    ("It opens at 10 am.", "It opens at 10 p.m."),
    ("It opens at 10 am.", "It opens at 10."),
    ("It is -5 °C.", "It is 5 °C."),
    ("It is on the second floor.", "It is on the third floor."),
    ("He can swim.", "He cannot swim."),
    ("The server supports TLS.", "The server doesn't support TLS."),
    ("The server supports TLS.", "The server no longer supports TLS."),
    ("It fails.", "It never fails."),
    ("It has limits.", "It has no limits."),
    ("It runs with a licence.", "It runs without a licence."),
    ("All users are not admins.", "Not all users are admins."),
    ("It is.", "It is not."),
]
DISTINCT = [
    ("A beats B", "B beats A"),
    ("Anna pays Bob.", "Bob pays Anna."),
    ("The train leaves from Rome to Bonn.", "The train leaves from Bonn to Rome."),
    ("Anna runs the shop.", "Bob runs the shop."),
    ("May beats June.", "June beats May."),
    ("The cat sleeps.", "The black cat sleeps."),
    ("The cat sleeps in winter.", "The cat sleeps."),
    ("The server is up.", "The server was up."),
    ("The server may fail.", "The server will fail."),
    ("Vitamin A is good.", "Vitamin is good."),
    ("Section 4a applies.", "Section 4 applies."),
    ("C++ is fast.", "C is fast."),
    ("Few users complained.", "A few users complained."),
    ("x < 5", "x > 5"),
    ("He uses Windows.", "He uses the window."),
    ("node3 is full", "node4 is full"),
    ("10\u00b2", "102"),
    ("The hash is 9f3ab2.", "The hash is 8f3ab2."),
    ("\u0939\u093f\u0928\u094d\u0926\u0940", "\u0939\u093f\u0928\u094d\u0926\u093e"),
    ("🦔", "🦡"),
    ("!", "?"),
    ("the", "a"),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_what_differs_in_form_alone_says_the_same(old: str, new: str) -> None:
    assert (judge(old, new), judge(new, old)) == ("same", "same")


@pytest.mark.parametrize(("old", "new"), UPDATE)
def test_what_differs_in_values_alone_is_an_update(old: str, new: str) -> None:
    assert (judge(old, new), judge(new, old)) == ("update", "update")


@pytest.mark.parametrize(("old", "new"), DISTINCT)
def test_what_differs_in_words_or_in_who_does_what_is_distinct(old: str, new: str) -> None:
    assert (judge(old, new), judge(new, old)) == ("distinct", "distinct")


@given(any_text)
def test_every_text_says_the_same_as_itself(text: str) -> None:
    assert judge(text, text) == "same"


AWKWARD = "a the in may May 3 three third 1,000 v1.2 not n't no longer beats Anna C++ on off s"
WORDS = st.sampled_from(AWKWARD.split())
SENTENCES = st.lists(WORDS | any_text, max_size=7).map(" ".join)


@given(SENTENCES, SENTENCES)
def test_the_order_of_the_two_decides_nothing(one: str, other: str) -> None:
    assert judge(one, other) == judge(other, one)


@given(st.lists(WORDS, min_size=1, max_size=7), st.integers(0, 6))
def test_an_added_name_is_never_the_same(words: list[str], place: int) -> None:
    more = [*words[:place], "Zanzibar", *words[place:]]
    assert judge(" ".join(words), " ".join(more)) == "distinct"


def test_a_long_text_of_prepositions_is_judged_at_once() -> None:
    assert judge("in " * 20_000 + "x", "in " * 20_000 + "y") == "distinct"


@pytest.mark.parametrize(
    ("words", "number", "used"),
    [
        ("zero", 0, 1),
        ("nineteen more", 19, 1),
        ("forty two", 42, 2),
        ("two forty", 2, 1),
        ("five six", 5, 1),
        ("hundred", 100, 1),
        ("two hundred five thousand three", 205_003, 5),
        ("a hundred", 0, 0),
        ("", 0, 0),
    ],
)
def test_number_words_are_read_as_far_as_they_make_one_number(
    words: str, number: int, used: int
) -> None:
    assert read_number(words.split()) == (number, used)
