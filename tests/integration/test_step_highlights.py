"""Steps found by words, with the words marked where they stand."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hegel_store.models import StepHit
from hegel_store.repositories import step_reading_statements as statements
from hegel_store.search.snippets import START, STOP
from hegel_store.store import Store
from tests.plans import explain, nodes
from tests.samples import MAY, Steps

PLAIN = {"start": "[", "stop": "]", "escape": str}
LONGEST = 2_000
"""Characters of a snippet of two passages of about 20 words, however long these are here."""


def found(store: Store, words: str, **options: object) -> StepHit:
    (hit,) = store.steps.search_highlighted(words, **options)
    return hit


def test_words_are_marked_where_they_were_found(store: Store, new: Steps) -> None:
    step = store.steps.log(
        new(
            query="Where do running hedgehogs sleep?",
            predicted_answer="A hedgehog sleeps in leaves.",
            gold_answer="In a nest.",
        )
    )
    assert found(store, "hedgehog") == StepHit(
        step=step,
        query="Where do running <mark>hedgehogs</mark> sleep?",
        predicted_answer="A <mark>hedgehog</mark> sleeps in leaves.",
        gold_answer=None,
    )
    assert found(store, "nest", **PLAIN) == StepHit(
        step=step, query=None, predicted_answer=None, gold_answer="In a [nest]."
    )
    assert found(store, "run sleep", **PLAIN).query == "Where do [running] hedgehogs [sleep]?"


def test_words_that_must_not_be_there_are_not_marked(store: Store, new: Steps) -> None:
    store.steps.log(new(query="A hedgehog", predicted_answer="A nest of a hedgehog"))
    hit = found(store, "hedgehog -nest", **PLAIN)
    assert (hit.query, hit.predicted_answer) == ("A [hedgehog]", "A nest of a [hedgehog]")
    hit = found(store, "-badger", **PLAIN)
    assert (hit.query, hit.predicted_answer, hit.gold_answer) == (None, None, None)


def test_hits_are_the_steps_of_search_in_its_order(store: Store, new: Steps) -> None:
    law = Steps(store, "law", "summarise")
    steps = [
        new(query="Running hedgehogs", created_at=MAY),
        new(predicted_answer="a hedgehog ran", created_at=MAY + timedelta(days=31)),
        law(gold_answer="HEDGEHOG", created_at=MAY - timedelta(days=31)),
        new(query="hedgehog", gold_answer="", created_at=MAY),
        new(created_at=MAY),
    ]
    store.steps.log_many(steps)
    for words in ("hedgehog", "running", "hedgehog running", "", "the", "'; DROP", "hedgehog -ran"):
        for options in (
            {},
            {"limit": 2},
            {"limit": 0},
            {"corpus_id": "law"},
            {"corpus_id": "news", "task_type": "qa"},
        ):
            hits = store.steps.search_highlighted(words, **options)
            assert [hit.step for hit in hits] == store.steps.search(words, **options)
            for hit in hits:
                assert hit.query or hit.predicted_answer or hit.gold_answer


def test_what_is_no_marker_is_escaped(store: Store, new: Steps) -> None:
    text = "\"Fish\" & 'chips' < hedgehog > <b>dinner"
    step = store.steps.log(new(query=text))
    hit = found(store, "hedgehog")
    assert hit.step.query == text == step.query
    assert hit.query == (
        "&quot;Fish&quot; &amp; &#x27;chips&#x27; &lt; <mark>hedgehog</mark> &gt; &lt;b&gt;dinner"
    )
    assert found(store, "hedgehog", start="<i>", stop="</i>").query == hit.query.replace(
        "mark>", "i>"
    )
    shouted = found(store, "hedgehog", start="", stop="", escape=str.upper)
    assert shouted.query == "\"FISH\" & 'CHIPS' < HEDGEHOG > <B>DINNER"


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        ('"', '"'),
        ("', MaxWords=1, StartSel='", "%s"),
        (":start", "{stop}"),
        ("\\", "\\\\"),
        ("🦔", ""),
        (STOP, START),
    ],
)
def test_any_text_is_a_marker(store: Store, new: Steps, start: str, stop: str) -> None:
    store.steps.log(new(query="one hedgehog here"))
    assert (
        found(store, "hedgehog", start=start, stop=stop).query == f"one {start}hedgehog{stop} here"
    )


def test_marks_of_the_server_in_a_text_mark_nothing(store: Store, new: Steps) -> None:
    store.steps.log(new(query="a\x01b\x02c\x03d hedgehog\x02 \x01e", predicted_answer="\x01no\x02"))
    hit = found(store, "hedgehog", **PLAIN)
    assert hit.query == "a b c d [hedgehog]   e"
    assert hit.predicted_answer is None


def test_terminal_is_told_nothing(store: Store, new: Steps) -> None:
    store.steps.log(new(query="\x1b[31mred\x07\r hedgehog\x7f\x9b2J\tin\nlines"))
    assert found(store, "hedgehog", **PLAIN).query == " [31mred   [hedgehog]  2J\tin\nlines"


def test_passages_of_a_text_are_apart_and_bounded(store: Store, new: Steps) -> None:
    filler = " ".join(f"word{n}" for n in range(400))
    store.steps.log(new(query=f"hedgehog {filler} hedgehogs {filler}"))
    snippet = found(store, "hedgehog", **PLAIN).query
    assert re.findall(r"\[(\w+)\]", snippet) == ["hedgehog", "hedgehogs"]
    assert snippet.count(" ... ") == 1
    assert len(snippet.split()) <= 42


FREAKS = {
    "blanks": " " * 1_900,
    "dots": ". " * 900,
    "one word": "x" * 1_900,
    "ideographs": chr(0x20000) * 500,
    "a word that is not indexed": chr(0x4E00) * 30_000,
    "an address": "https://example.org/" + "a/" * 900,
    "tags": "<b>" * 10_000,
    "prose": "the quick brown fox " * 200_000,
    "numbers": "1.5e7 " * 300_000,
}


@pytest.mark.parametrize("kind", FREAKS)
def test_snippets_of_freaks_are_short_and_hold_the_word(
    store: Store, new: Steps, kind: str
) -> None:
    freak = FREAKS[kind]
    text = f"{freak} hedgehog {freak}" if len(freak) < 40_000 else f"hedgehog {freak}"
    store.steps.log(new(query=text, predicted_answer=text, gold_answer=text))
    hit = found(store, "hedgehog", **PLAIN)
    for snippet in (hit.query, hit.predicted_answer, hit.gold_answer):
        assert snippet is not None
        assert "[hedgehog]" in snippet
        assert len(snippet) < LONGEST


def test_only_what_is_searchable_is_highlighted(store: Store, new: Steps) -> None:
    store.steps.log(
        new(
            query="hedgehog " + "x " * 50_000 + "hedgehogs",
            predicted_answer="y " * 25_000 + "hedgehogs",
            gold_answer="y " * 24_990 + "hedgehogs",
        )
    )
    hit = found(store, "hedgehog", **PLAIN)
    assert re.findall(r"\[(\w+)\]", hit.query) == ["hedgehog"]
    assert hit.predicted_answer is None
    assert "[hedgehogs]" in hit.gold_answer


def test_snippets_are_made_of_the_returned_rows_only(store: Store, new: Steps) -> None:
    store.steps.log_many(new(query=f"hedgehog {n}") for n in range(300))
    statement = statements.search_highlighted("hedgehog", None, None, 7)
    with store.engine.begin() as connection:
        plan = explain(connection, statement, verbose=True)
    making = [node for node in nodes(plan) if "ts_headline" in str(node.get("Output"))]
    assert making
    for node in making:
        assert node["Actual Rows"] == 7
    (limit,) = [node for node in nodes(plan) if node["Node Type"] == "Limit"]
    assert "ts_headline" not in str([node.get("Output") for node in nodes(limit)])


class Marked(HTMLParser):
    """What a browser would show of a snippet, and the elements that it would make."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.elements: list[str] = []

    def handle_starttag(self, tag: str, attributes: object) -> None:
        self.elements.append(f"{tag} {attributes}")

    def handle_endtag(self, tag: str) -> None:
        self.elements.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.text += data


hostile = st.text(
    st.sampled_from("<>&\"'/=!-;[] \x01\x02\x03\x1bamrk")
    | st.characters(exclude_categories=("Cs",)),
    max_size=40,
).filter(lambda text: "\0" not in text)


@given(hostile, hostile)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_snippet_makes_no_element_but_the_marker(
    store: Store, new: Steps, before: str, after: str
) -> None:
    text = f"{before} hedgehog {after}"
    step = store.steps.log(new(query=text))
    hits = store.steps.search_highlighted("hedgehog", limit=1)
    assume(hits and hits[0].step.id == step.id)  # the word may be a part of a tag or an address
    parser = Marked()
    parser.feed(hits[0].query)
    parser.close()
    assert set(parser.elements) == {"mark []", "/mark"}
    assert parser.text == re.sub(r"[^\t\n\x20-\x7e\xa0-\U0010ffff]", " ", text)
