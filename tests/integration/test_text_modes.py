"""Which facts the text channel finds: any word, all words, a phrase, the syntax of web searches."""

from __future__ import annotations

import pytest

from hegel_store.errors import InvalidInput
from hegel_store.models import NewFact
from hegel_store.store import Store

CONTENTS = {
    "sleep": "Hedgehogs sleep in leaves all winter.",
    "eat": "Hedgehogs eat beetles, and sleep by day.",
    "leaves": "Leaves fall in winter.",
    "winter sleep": "The winter sleep of bears is light.",
    "bread": "Bread is baked in the morning.",
}


@pytest.fixture
def zoo(store: Store) -> Store:
    store.facts.add_many(NewFact(corpus_id="zoo", content=text) for text in CONTENTS.values())
    return store


def found(store: Store, query: str, text_mode: str, **options: object) -> set[str]:
    hits = store.facts.search(query, mode="text", text_mode=text_mode, limit=50, **options)
    assert hits.complete
    names = {content: name for name, content in CONTENTS.items()}
    return {names[hit.fact.content] for hit in hits}


@pytest.mark.parametrize(
    ("query", "text_mode", "expected"),
    [
        ("hedgehogs in winter", "any", {"sleep", "eat", "leaves", "winter sleep"}),
        ("hedgehogs in winter", "all", {"sleep"}),
        ("sleeping hedgehog", "all", {"sleep", "eat"}),
        ("winter sleep", "all", {"sleep", "winter sleep"}),
        ("winter sleep", "phrase", {"winter sleep"}),
        ("leaves all winter", "phrase", {"sleep"}),
        ('"winter sleep" or bread', "web", {"winter sleep", "bread"}),
        ("hedgehogs -beetles", "web", {"sleep"}),
        ("sleep winter", "web", {"sleep", "winter sleep"}),
        ("hedgehogs bread", "all", set()),
        ("bread unicorns", "all", set()),
        ("bread unicorns", "any", {"bread"}),
    ],
)
def test_the_mode_says_which_facts_match(zoo, query, text_mode, expected):
    assert found(zoo, query, text_mode) == expected


def test_the_words_that_are_looked_for_rank_what_matches(zoo):
    """Rare words count more, and words that must not be there do not count at all."""
    hits = zoo.facts.search("winter or beetles -bread", mode="text", text_mode="web")
    assert hits[0].fact.content == CONTENTS["eat"]
    assert hits[0].text_score > hits[1].text_score > 0


@pytest.mark.parametrize("text_mode", ["any", "all", "phrase", "web"])
@pytest.mark.parametrize(
    "query",
    ["", "   ", "the of and", '"', "'", "\\", "& | !", "a:*", "😀", "早上好", "it's o'clock",
     "C:\\new\\table", 'say "hello', "x" * 200_000, "or or", "(((", "%s :name"],
)  # fmt: skip
def test_any_text_is_a_query(zoo, query, text_mode):
    assert len(zoo.facts.search(query, mode="text", text_mode=text_mode)) == 0


def test_a_query_that_only_says_what_it_does_not_want_finds_nothing(zoo):
    assert found(zoo, "-bread", "web") == set()
    assert found(zoo, "-bread", "any") == {"bread"}


@pytest.mark.parametrize("text_mode", ["all", "phrase", "web"])
def test_ten_thousand_words_are_all_looked_for(store: Store, text_mode):
    words = [f"word{number}" for number in range(10_000)]
    store.facts.add_many(
        NewFact(corpus_id="zoo", content=" ".join(contents))
        for contents in (words, words[:-1], words[5_000:])
    )
    hits = store.facts.search(" ".join(words), mode="text", text_mode=text_mode)
    assert [hit.fact.content for hit in hits] == [" ".join(words)]


@pytest.mark.parametrize("text_mode", ["any", "all", "phrase", "web"])
def test_contents_with_odd_characters_are_found_by_themselves(store: Store, text_mode):
    contents = ["C:\\new\\table", "it's o'clock", "e-mail: x@example.org", "a\\'b"]
    store.facts.add_many(NewFact(corpus_id="zoo", content=content) for content in contents)
    for content in contents:
        hits = store.facts.search(content, mode="text", text_mode=text_mode)
        assert hits[0].fact.content == content


def test_the_language_of_the_query_is_used_in_every_mode(store: Store):
    store.facts.add_many(
        [NewFact(corpus_id="zoo", content="Die Igel schlafen im Laub.", language="german")]
    )
    for text_mode in ("any", "all", "phrase", "web"):
        options = {"mode": "text", "text_mode": text_mode}
        assert len(store.facts.search("der Igel schlafe", language="german", **options)) == 1


def test_a_mode_that_does_not_exist_is_refused(zoo):
    with pytest.raises(InvalidInput) as caught:
        zoo.facts.search("bread", text_mode="fuzzy")
    assert caught.value.field == "text_mode"
