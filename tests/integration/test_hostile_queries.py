"""Any text is a query with one answer, in every mode; what cannot be sent is refused by name."""

# ruff: noqa: RUF001  # the texts are in many scripts on purpose

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from hegel_store.errors import InvalidInput
from hegel_store.models import FactFilter, NewFact
from hegel_store.store import Store
from tests.samples import contents

FACTS = {
    "badger": "Badgers dig under 100% of the tables and drop nothing.",
    "arabic": "القنفذ ينام في الشتاء",
    "chinese": "刺猬在冬天睡觉",
    "japanese": "ハリネズミは冬に眠る",
    "thai": "เม่นแคระนอนหลับในฤดูหนาว",
    "greek": "Ο σκαντζόχοιρος κοιμάται τον χειμώνα",
    "hebrew": "הקיפוד ישן בחורף",
}
TEXT_MODES = ("any", "all", "phrase", "web")
EVERYWHERE = {"any", "all", "phrase", "web"}
NOWHERE: set[str] = set()

# A query, the only fact that it can find by its words, and in which text modes it does.
QUERIES = [
    ("", "", NOWHERE),
    (" \t\r\n\u00a0\u2003", "", NOWHERE),
    ("the of and what is it", "", NOWHERE),
    ("''''", "", NOWHERE),
    ('""""', "", NOWHERE),
    ("\\\\\\'", "", NOWHERE),
    ("&|!<->():*", "", NOWHERE),
    ("🦔", "", NOWHERE),
    ("\u200f\u202e\u2066\ufeff", "", NOWHERE),
    ("%", "", NOWHERE),
    ("%s %(limit)s %% :limit ::text $1 {} {0}", "", NOWHERE),
    ("\x01\x02\x7f\x1b[31m", "", NOWHERE),
    ("1' OR '1'='1", "", NOWHERE),
    ("x" * 1_000_000, "", NOWHERE),
    ("'; DROP TABLE hegel_facts; --", "badger", {"any"}),
    ("badgers'); DELETE FROM hegel_facts; SELECT ('", "badger", {"any"}),
    ("badger' | 'x'::tsquery", "badger", {"any"}),
    ("'badger'", "badger", EVERYWHERE),
    ("badger\\", "badger", EVERYWHERE),
    ("badger:* & !tables", "badger", {"any", "all", "web"}),
    ("badger <-> dig", "badger", EVERYWHERE),
    ("((badger", "badger", EVERYWHERE),
    ('dig "badger', "badger", {"any", "all", "web"}),
    ("badgers %s", "badger", EVERYWHERE),
    ("100%", "badger", EVERYWHERE),
    (":badger", "badger", EVERYWHERE),
    ("🦔 badger 🦔", "badger", EVERYWHERE),
    ("BADGERS", "badger", EVERYWHERE),
    ("badger " + "x" * 1_000_000, "badger", EVERYWHERE),
    ("badger " * 10_000, "badger", {"any", "all", "web"}),
    (" ".join(f"word{n}" for n in range(10_000)) + " badger", "badger", {"any"}),
    ("القنفذ", "arabic", EVERYWHERE),
    ("הקיפוד", "hebrew", EVERYWHERE),
    *((FACTS[name], name, EVERYWHERE) for name in FACTS),
]

# Whether these are the words of the fact is for the database's locale to say: it knows the capital
# letters, and whether a mark that turns the direction of writing is part of a word.
BY_LOCALE = [
    ("\u202ebadger\u202c", "badger"),
    ("badger\u200f \u2066", "badger"),
    ("\u200fالقنفذ\u200f", "arabic"),
    ("\u2067הקיפוד\u2069 ישן", "hebrew"),
    ("ΣΚΑΝΤΖΌΧΟΙΡΟΣ", "greek"),
]


def named(value: object) -> str | None:
    return repr(value[:25]) if isinstance(value, str) else None


@pytest.fixture
def zoo(memory: Store) -> Store:
    memory.facts.add_many(NewFact(corpus_id="zoo", content=content) for content in FACTS.values())
    return memory


@pytest.mark.parametrize(("query", "name", "text_modes"), QUERIES, ids=named)
def test_every_query_has_its_answer_in_every_mode(
    zoo: Store, query: str, name: str, text_modes: set[str]
) -> None:
    everything = contents(zoo)
    for text_mode in TEXT_MODES:
        expected = [FACTS[name]] if text_mode in text_modes else []
        by_text = zoo.facts.search(query, mode="text", text_mode=text_mode)
        assert [hit.fact.content for hit in by_text] == expected, text_mode
        hybrid = zoo.facts.search(query, text_mode=text_mode)
        # Every fact has a vector, and that of a query is never missing.
        assert sorted(hit.fact.content for hit in hybrid) == everything
        assert [h.fact.content for h in hybrid if h.text_score is not None] == expected, text_mode
        assert hybrid.degraded is None
    by_vector = zoo.facts.search(query, mode="vector")
    assert sorted(hit.fact.content for hit in by_vector) == everything
    assert contents(zoo) == everything


@pytest.mark.parametrize(("query", "name"), BY_LOCALE, ids=named)
def test_marks_of_direction_and_foreign_capitals_find_their_fact_or_none(
    zoo: Store, query: str, name: str
) -> None:
    for text_mode in TEXT_MODES:
        by_text = zoo.facts.search(query, mode="text", text_mode=text_mode)
        found = [hit.fact.content for hit in by_text]
        assert found in ([], [FACTS[name]]), text_mode
        hybrid = zoo.facts.search(query, text_mode=text_mode)
        assert len(hybrid) == len(FACTS)
        assert [hit.fact.content for hit in hybrid if hit.text_score is not None] == found


# Each is a tree of operators deeper than the stack of the server that is to walk it.
TOO_DEEP = {
    "all": "x y " * 25_000,
    "phrase": "x y " * 25_000,
    "web": "-a " * 33_000,
}


@pytest.mark.parametrize(("text_mode", "query"), TOO_DEEP.items(), ids=TOO_DEEP)
def test_more_words_than_the_server_takes_apart_are_refused_by_name(
    zoo: Store, text_mode: str, query: str
) -> None:
    for search in (
        lambda: zoo.facts.search(query, text_mode=text_mode),
        lambda: zoo.facts.search_many([query], text_mode=text_mode),
        lambda: list(zoo.facts.search_iter(query, text_mode=text_mode)),
    ):
        with pytest.raises(InvalidInput, match="'any'") as caught:
            search()
        assert caught.value.field == "query"
    assert len(zoo.facts.search(query, text_mode="any")) == len(FACTS)


def test_words_of_no_fact_leave_room_for_one_that_is_there(memory: Store) -> None:
    memory.facts.add_many(
        NewFact(corpus_id="zoo", content=f"Hedgehog {n} sleeps in leaves.") for n in range(300)
    )
    rows = memory.facts.search("leaves", mode="text")
    assert len(rows) == 10
    with memory.engine.connect() as connection:
        counted = connection.scalar(text("SELECT count(*) FROM hegel_word_counts"))
    assert counted > 1, "else words are counted, and those of no fact left out"
    nothing = " ".join(f"nothing{n}" for n in range(500))
    found = memory.facts.search(f"{nothing} leaves", mode="text")
    assert len(found) == 10


@pytest.mark.parametrize("name", ["chinese", "japanese"])
def test_part_of_a_text_without_spaces_is_no_word_of_it(zoo: Store, name: str) -> None:
    """The parser takes apart nothing; vectors are what finds such facts."""
    for text_mode in TEXT_MODES:
        part = FACTS[name][:3]
        assert len(zoo.facts.search(part, mode="text", text_mode=text_mode)) == 0
        assert len(zoo.facts.search(part, text_mode=text_mode)) == len(FACTS)


UNSENDABLE = {"NUL": "badger\x00", "lone surrogate": "badger \ud800", "half of an emoji": "\udd94"}


@pytest.mark.parametrize("bad", UNSENDABLE.values(), ids=UNSENDABLE)
@pytest.mark.parametrize("mode", ["text", "vector", "hybrid"])
@pytest.mark.parametrize("text_mode", TEXT_MODES)
def test_what_the_server_cannot_be_sent_is_refused_and_the_argument_named(
    zoo: Store, mode: str, text_mode: str, bad: str
) -> None:
    options = {"mode": mode, "text_mode": text_mode}
    with pytest.raises(InvalidInput) as caught:
        zoo.facts.search(bad, **options)
    assert caught.value.field == "query"
    with pytest.raises(InvalidInput) as caught:
        zoo.facts.search_many(["badger", bad], **options)
    assert caught.value.field == "query"
    with pytest.raises(InvalidInput) as caught:
        zoo.facts.search("badger", corpus_id=bad, **options)
    assert caught.value.field == "corpus_id"


@pytest.mark.parametrize("bad", UNSENDABLE.values(), ids=UNSENDABLE)
def test_what_the_server_cannot_be_sent_is_refused_in_filters_too(bad: str) -> None:
    for field, value in {
        "categories": ["badgers", bad],
        "labels": [bad],
        "intents": [bad],
        "freshness": [bad],
        "metadata": {"animal": bad},
    }.items():
        with pytest.raises(InvalidInput) as caught:
            FactFilter(**{field: value})
        assert caught.value.field.startswith(f"filters.{field}")


@pytest.mark.parametrize(
    "query", [None, 7, b"badger", ["badger"], datetime(2024, 1, 1, tzinfo=UTC)]
)
def test_what_is_no_text_is_refused(zoo: Store, query: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        zoo.facts.search(query)
    assert caught.value.field == "query"


INJECTIONS = ["'; DROP TABLE hegel_facts; --", "\\", "%s", ":x", '"', "🦔", "شتاء", "a\u202eb"]


@pytest.mark.parametrize("value", INJECTIONS)
def test_filters_mean_their_values_and_nothing_else(zoo: Store, value: str) -> None:
    zoo.facts.add_many(
        [
            NewFact(
                corpus_id=value,
                content=f"badger {value}",
                category=value,
                label=value,
                intent=value,
                metadata={value: [value]},
            )
        ]
    )
    for filters in (
        FactFilter(categories=[value]),
        FactFilter(labels=[value]),
        FactFilter(intents=[value]),
        FactFilter(metadata={value: [value]}),
    ):
        for corpus_id in (None, value):
            found = zoo.facts.search("badger", corpus_id=corpus_id, filters=filters)
            assert [hit.fact.content for hit in found] == [f"badger {value}"]
        assert len(zoo.facts.search("badger", corpus_id="zoo", filters=filters)) == 0
