"""Finding profiles by words, substrings and parts of their documents, with highlights."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from hegel_store.errors import InvalidInput
from hegel_store.models import ProfileHit
from hegel_store.repositories import profile_search_statements as statements
from hegel_store.repositories.profile_search import _in_json
from hegel_store.store import Store
from tests.integration.test_profile_search import prompts
from tests.plans import explain, nodes
from tests.strategies import storable

PLAIN = {"start": "[", "stop": "]", "escape": str}


def found(store: Store, *arguments: object, **options: object) -> list[ProfileHit]:
    return list(store.profiles.find(*arguments, **PLAIN, **options))


def ids(hits: list[ProfileHit]) -> set[object]:
    return {hit.profile.id for hit in hits}


def test_words_are_found_as_search_finds_them_and_marked_by_role(store: Store) -> None:
    made = store.profiles.append(
        "news", "qa", {"z": {"system_prompt": "Cite <b>sources</b>"}} | prompts(worker="No citing")
    )
    noted = store.profiles.append("news", "sum", {"note": "a source", "worker": {"temperature": 1}})
    hits = store.profiles.find("cite OR source")
    assert [hit.profile for hit in hits] == store.profiles.search("cite OR source")
    by_id = {hit.profile.id: hit for hit in hits}
    # What the server takes for a tag is left out by it, as in the snippets of steps.
    assert list(by_id[made.id].highlights) == ["z", "worker"]
    assert by_id[made.id].highlights["worker"] == "No <mark>citing</mark>"
    assert by_id[noted.id].highlights == {}
    assert all(hit.score > 0 for hit in hits)
    (hit,) = found(store, "source -cited", role="z") or found(store, "source", role="z")
    assert list(hit.highlights) == ["z"]
    for options in ({"task_type": "sum"}, {"corpus_id": "news", "limit": 1}, {"role": "worker"}):
        assert [hit.profile for hit in found(store, "cite", **options)] == store.profiles.search(
            "cite", **options
        )


def test_more_matches_than_are_ranked_leave_the_newest(store: Store, monkeypatch) -> None:
    from hegel_store.repositories import profile_search

    monkeypatch.setattr(profile_search, "RANKED", 3)
    made = [
        store.profiles.append("news", "qa", prompts(worker="hedgehog " * (9 - n))) for n in range(6)
    ]
    newest = {profile.id for profile in made[3:]}
    assert ids(found(store, "hedgehog", limit=3)) == newest
    assert {profile.id for profile in store.profiles.search("hedgehog", limit=2)} <= newest
    assert len(found(store, "hedgehog", limit=5)) == 5


letters = st.text(st.sampled_from('aAbn"\\%_\n\t\x01\x1f\x7f /u0äÄ🦔{}[],:'), max_size=8)


@given(st.dictionaries(st.sampled_from(["worker", "judge", "a.b"]), letters, max_size=3), letters)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150
)
def test_substring_is_found_where_python_finds_it(store: Store, roles, wanted) -> None:
    if not wanted:
        return
    made = store.profiles.append("news", "qa", prompts(**roles))
    for match_case in (True, False):

        def inside(prompt: str, match_case: bool = match_case) -> bool:
            return wanted in prompt if match_case else wanted.lower() in prompt.lower()

        for role in (None, "worker", "judge"):
            asked = {"mode": "substring", "match_case": match_case, "role": role}
            hits = found(store, wanted, latest_only=True, limit=1, **asked)
            expected = {
                name for name, prompt in roles.items() if inside(prompt) and role in (None, name)
            }
            assert ids(hits) == ({made.id} if expected else set())
            if hits:
                assert set(hits[0].highlights) == expected
                assert hits[0].score is None


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60).filter(storable))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_escapes_of_json_are_those_of_the_server(store: Store, words: str) -> None:
    with store.engine.connect() as connection:
        told = connection.execute(
            text("SELECT CAST(to_jsonb(CAST(:words AS text)) AS text)"), {"words": words}
        ).scalar_one()
    assert told == f'"{_in_json(words)}"'


def test_substring_across_prompts_or_outside_of_them_is_none(store: Store) -> None:
    store.profiles.append("news", "qa", prompts(a="one", b="two\nthree") | {"note": "four"})
    store.profiles.append("news", "qa", {"a": {"system_prompt": {"one": "two"}}, "b": [1]})
    for wanted in ("one, two", 'one", "two', "four", "\\n", "n three", "system_prompt", "two\\"):
        assert found(store, wanted, mode="substring") == []
    assert len(found(store, "two\nthree", mode="substring")) == 1


def test_places_in_a_long_prompt_are_shown_and_the_rest_is_not(store: Store) -> None:
    filler = "word " * 500
    store.profiles.append(
        "news", "qa", prompts(worker=f"{filler}Über \x1b<x>{filler}überall{filler}über")
    )
    (hit,) = found(store, "über", mode="substring")
    shown = hit.highlights["worker"]
    assert shown.count("[") == 2
    assert "[Über]  <x>" in shown
    assert shown.count(" ... ") == 1
    assert len(shown) < 700
    (hit,) = store.profiles.find("<X>", mode="substring")
    assert "<mark>&lt;x&gt;</mark>" in hit.highlights["worker"]


def test_document_contains_what_is_asked_for_newest_first(store: Store) -> None:
    warm = store.profiles.append(
        "news", "qa", {"worker": {"temperature": 0.2, "system_prompt": "a"}}
    )
    cold = store.profiles.append(
        "news", "qa", {"worker": {"temperature": 0.2, "tools": ["a", "b"]}}
    )
    other = store.profiles.append("law", "qa", {"worker": {"temperature": 0.2}})

    def containing(part: dict[str, object], **options: object) -> list[object]:
        return [hit.profile.id for hit in found(store, containing=part, **options)]

    part = {"worker": {"temperature": 0.2}}
    assert containing(part) == [other.id, cold.id, warm.id]
    assert containing(part, limit=2) == [other.id, cold.id]
    assert containing(part, corpus_id="news", latest_only=True) == [cold.id]
    assert containing({"worker": {"tools": ["b"]}}) == [cold.id]
    assert containing({"worker": {"temperature": "0.2"}}) == []
    assert ids(found(store, "a", mode="substring", containing=part)) == {warm.id}


@pytest.mark.parametrize(
    ("arguments", "options", "field"),
    [
        ((), {}, "text"),
        ((), {"containing": {}, "role": "worker"}, "role"),
        (("",), {"mode": "substring"}, "text"),
        (("a\0",), {}, "text"),
        (("a",), {"mode": "regex"}, "mode"),
        (("a",), {"match_case": True}, "match_case"),
        ((), {"containing": {"a": float("nan")}}, "containing.a"),
        ((), {"containing": ["a"]}, "containing"),
        (("a",), {"limit": -1}, "limit"),
        (("a",), {"task_type": " "}, "task_type"),
    ],
)
def test_what_makes_no_search_is_refused(store: Store, arguments, options, field) -> None:
    with pytest.raises(InvalidInput) as refused:
        store.profiles.find(*arguments, **options)
    assert refused.value.field == field


def test_containing_uses_its_index_and_headlines_are_of_returned_rows(store: Store) -> None:
    for n in range(30):
        store.profiles.append("news", "qa", prompts(worker=f"hedgehog {n}"))
    with store.engine.begin() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        values = {"containing": '{"worker": {"temperature": 1}}', "limit": 20}
        plan = explain(connection, statements.by_filters(["containing"]), values)
        used = [node.get("Index Name") for node in nodes(plan)]
        assert "idx_hegel_prompt_profiles_profile_gin" in used
        values = {
            "text": "hedgehog",
            "limit": 7,
            "ranked": 20,
            "marks": "\1\2\3",
            "short": 300,
            "whole": "HighlightAll=true",
            "passages": "MaxFragments=2",
        }
        statement = statements.by_words(None, [], highlights=True)
        plan = explain(connection, statement, values, verbose=True)
    making = [node for node in nodes(plan) if "ts_headline" in str(node.get("Output"))]
    assert making
    assert all(node["Actual Loops"] <= 7 for node in making)
