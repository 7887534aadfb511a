"""Searching inside the prompts: roles, the whole document, any words, long prompts."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from hegel_store.repositories import profile_search_statements as statements
from hegel_store.store import Store
from tests.plans import explain, nodes


def prompts(**roles: str) -> dict[str, object]:
    return {role: {"system_prompt": prompt} for role, prompt in roles.items()}


def test_search_looks_into_one_role_or_the_whole_document(store: Store) -> None:
    worker = store.profiles.append("news", "qa", prompts(worker="Cite every source", judge="x"))
    reviewer = store.profiles.append("news", "qa", prompts(reviewer="Check the citation"))
    judge = store.profiles.append("law", "qa", prompts(judge="Demand citations"))
    search = store.profiles.search
    assert search("citing", role="worker") == [worker]
    assert search("citation", role="reviewer") == [reviewer]
    assert search("citations", role="judge") == [judge]
    assert search("citations", role="judge", corpus_id="news") == []
    assert {profile.id for profile in search("cite OR citation")} == {
        worker.id,
        reviewer.id,
        judge.id,
    }
    assert search("cite OR citation", corpus_id="law") == [judge]
    assert search("citations", role="nobody") == []
    assert search("", role="worker") == search("the", role="worker") == []
    assert len(search("cite OR citation", limit=2)) == 2
    assert search("cite", limit=0) == []


def test_word_after_a_line_break_is_found_in_the_whole_document(store: Store) -> None:
    made = store.profiles.append("news", "qa", prompts(worker="Be brief.\nCite\tsources. C:\\new"))
    for words in ("brief", "cite", "sources", "new"):
        assert store.profiles.search(words, role="worker") == [made]
        assert store.profiles.search(words) == [made], words


@pytest.mark.parametrize("role", ['a"b', "a,b", "{a}", "a b", "'; --", "🦔", "NULL", "0", "a\\b"])
def test_roles_of_any_name_can_be_searched(store: Store, role: str) -> None:
    made = store.profiles.append("news", "qa", prompts(**{role: "hedgehogs"}))
    store.profiles.append("news", "qa", prompts(a="hedgehogs", b="hedgehogs"))
    assert store.profiles.search("hedgehog", role=role) == [made]


@pytest.mark.parametrize(
    "words", ["'", '"', "&|!():*", "\\", "a:*b", "<->", "%_", "-", "🦔", "שלום", "-hedgehog"]
)
def test_any_words_are_a_search(store: Store, words: str) -> None:
    store.profiles.append("news", "qa", prompts(worker="hedgehog"))
    for role in (None, "worker", "judge"):
        assert len(store.profiles.search(words, role=role)) in (0, 1)


def test_equally_good_profiles_come_by_id(store: Store) -> None:
    made = [
        store.profiles.append(corpus, "qa", prompts(worker="hedgehog"))
        for corpus in ("news", "law", "news", "law")
    ]
    by_id = sorted(made, key=lambda profile: (profile.corpus_id, profile.id))
    assert store.profiles.search("hedgehog", role="worker") == by_id
    assert store.profiles.search("hedgehog", role="worker", limit=3) == by_id[:3]


@pytest.mark.parametrize(
    ("role", "index"),
    [
        ("worker", "idx_hegel_prompt_profiles_worker_prompt"),
        ("reviewer", "idx_hegel_prompt_profiles_reviewer_prompt"),
        (None, "idx_hegel_prompt_profiles_source_fts"),
    ],
)
def test_search_uses_the_index_of_its_role(store: Store, role: str | None, index: str) -> None:
    statement = statements.by_words(role, [])
    values = {"text": "hedgehog", "limit": 20, "ranked": 200}
    with store.engine.begin() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = explain(connection, statement, values)
    scans = [node.get("Index Name") for node in nodes(plan)]
    assert index in scans


ADVERSARIAL = {
    "chinese words": " ".join(
        chr(0x4E00 + n // 200) + chr(0x4E00 + n % 200) for n in range(40_000)
    ),
    "rare ideographs": " ".join(chr(0x20000 + n) for n in range(60_000)),
    "hyphenated words": " ".join(f"{n:x}a-{n:x}b-{n:x}c" for n in range(90_000)),
    "hyphenated ideographs": " ".join(
        chr(0x20000 + n) + "-" + chr(0x20000 + n * 7 % 40_000) for n in range(40_000)
    ),
    "addresses": " ".join(f"https://a{n}.example.org/b{n}?c={n}" for n in range(60_000)),
    "one word": "x" * 3_000_000,
}


@pytest.mark.parametrize("kind", ADVERSARIAL)
def test_prompts_longer_than_a_tsvector_are_stored_and_found_by_their_beginning(
    store: Store, kind: str
) -> None:
    prompt = "hedgehog " + ADVERSARIAL[kind] + " porcupine"
    made = store.profiles.append(
        "news", "qa", prompts(worker=prompt, reviewer=prompt, judge=prompt)
    )
    for role in ("worker", "reviewer", "judge", None):
        assert store.profiles.search("hedgehog", role=role) == [made]
    assert store.profiles.search("porcupine", role="worker") == []
    assert store.profiles.get("news", made.id).profile["worker"]["system_prompt"] == prompt
