"""Where the sentences of a prompt come from."""

from __future__ import annotations

import random
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from hegel_store.errors import InvalidInput, NotFound
from hegel_store.models import PromptProfile
from hegel_store.prompts import sentences
from hegel_store.prompts.sentences import normalised
from hegel_store.store import Store
from tests.integration.test_profile_ancestry import counted_statements

TREE = "🌳 Be brief."


def append(
    store: Store, prompt: str, *parents: PromptProfile, task_type: str = "qa", **roles: Any
) -> PromptProfile:
    document = {"worker": {"system_prompt": prompt}, **roles}
    return store.profiles.append("news", task_type, document, parents=parents)


def blamed(store: Store, profile: PromptProfile, **options: Any) -> list[tuple[str, int]]:
    return [
        (each.text.strip(), each.version)
        for each in store.profiles.blame("news", profile.id, **options)
    ]


def test_each_sentence_is_blamed_on_the_version_that_first_had_it(store: Store) -> None:
    first = append(store, f"{TREE} Cite.")
    second = append(store, f"{TREE} Name the page. Cite.", first)
    append(store, "Be kind. Be polite.", second)  # a child that is no ancestor
    third = append(store, f"Be kind. {TREE}\n\n  Name the page. Cite!", second)
    with counted_statements(store.engine) as sent:
        found = store.profiles.blame("news", third.id)
    assert len(sent) == 1
    assert [(each.text, each.version) for each in found] == [
        ("Be kind. ", 4),
        (f"{TREE}\n\n  ", 1),
        ("Name the page. ", 2),
        ("Cite!", 4),
    ]
    origin = found[1]
    assert (origin.role, origin.profile_id, origin.task_type, origin.created_at) == (
        "worker",
        first.id,
        "qa",
        first.created_at,
    )


def test_a_sentence_that_came_back_is_blamed_on_who_had_it_first(store: Store) -> None:
    first = append(store, f"{TREE} Cite.")
    second = append(store, "Cite.", first)
    third = append(store, f"Cite. {TREE}", second)
    assert blamed(store, third) == [("Cite.", 1), (TREE, 1)]
    restored = store.profiles.rollback("news", "qa", first.id)
    assert blamed(store, restored) == [(TREE, 1), ("Cite.", 1)]


def test_of_two_parents_the_older_one_is_blamed(store: Store) -> None:
    root = append(store, "Root.")
    left = append(store, "Root. Both. Left.", root)
    right = append(store, "Both. Root. Right.", root)
    for parents in ((left, right), (right, left)):
        merged = append(store, "Right. Left. Both. Root. New.", *parents)
        assert blamed(store, merged) == [
            ("Right.", 3),
            ("Left.", 2),
            ("Both.", 2),
            ("Root.", 1),
            ("New.", merged.version),
        ]


def test_an_ancestor_is_blamed_before_its_descendants_whatever_the_clocks_say(
    store: Store,
) -> None:
    root = append(store, "Old.", task_type="summarise")
    child = append(store, "Old. New.", root)
    with store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE hegel_prompt_profiles DISABLE TRIGGER USER"))
        connection.execute(
            text(
                "UPDATE hegel_prompt_profiles SET created_at = created_at + interval '1 day' "
                "WHERE task_type = 'summarise'"
            )
        )
        connection.execute(text("ALTER TABLE hegel_prompt_profiles ENABLE TRIGGER USER"))
    tip = append(store, "New. Old.", child)
    assert [(each.task_type, each.version) for each in store.profiles.blame("news", tip.id)] == [
        ("qa", 1),
        ("summarise", 1),
    ]


def test_roles_are_looked_at_by_themselves(store: Store) -> None:
    judge = {"system_prompt": "Be fair."}
    first = append(store, f"{TREE} Be fair.", judge={"n": 1}, zeal={"system_prompt": 7}, x=1)
    second = store.profiles.append(
        "news",
        "qa",
        {"judge": judge, "worker": {"system_prompt": TREE}, "empty": {"system_prompt": ""}},
        base=first,
    )
    assert [
        (each.role, each.text, each.version) for each in store.profiles.blame("news", second.id)
    ] == [("judge", "Be fair.", 2), ("worker", TREE, 1)]
    assert blamed(store, second, role="worker") == [(TREE, 1)]
    assert blamed(store, second, role="empty") == []
    for role in ("zeal", "WORKER", "x"):
        with pytest.raises(NotFound) as caught:
            store.profiles.blame("news", second.id, role=role)
        assert caught.value.field == "role"
    assert store.profiles.blame("news", store.profiles.append("news", "qa", {}).id) == []


def test_a_prompt_of_blanks_is_one_sentence(store: Store) -> None:
    parent = append(store, "")
    for blank in ("\n", " ", "\n \n"):
        parent = append(store, blank, parent)
        (found,) = store.profiles.blame("news", parent.id)
        assert (found.text, found.version) == (blank, 2)


def test_a_profile_that_is_not_there_is_not_found(store: Store) -> None:
    there = append(store, TREE)
    for corpus, profile_id in (("news", uuid4()), ("law", there.id)):
        with pytest.raises(NotFound) as caught:
            store.profiles.blame(corpus, profile_id)
        assert caught.value.field == "profile_id"
    with pytest.raises(InvalidInput):
        store.profiles.blame("news", there.id, role="")


def test_blame_of_a_random_tangle_is_what_a_plain_search_finds(store: Store) -> None:
    generator = random.Random(3)
    words = [f"Rule {n}." for n in range(12)]
    made: list[PromptProfile] = []
    for _ in range(40):
        prompt = " ".join(generator.sample(words, generator.randint(0, 6)))
        parents = generator.sample(made, min(len(made), generator.randint(0, 3)))
        made.append(append(store, prompt, *parents))
    for profile in made:
        ancestors = sorted(
            store.profiles.lineage("news", profile.id), key=lambda each: each.version
        )
        prompt = profile.profile["worker"]["system_prompt"]
        expected = [
            (
                sentence.strip(),
                next(
                    each.version
                    for each in ancestors
                    if normalised(sentence)
                    in map(normalised, sentences(each.profile["worker"]["system_prompt"]))
                ),
            )
            for sentence in sentences(prompt)
        ]
        assert blamed(store, profile) == expected
        assert "".join(e.text for e in store.profiles.blame("news", profile.id)) == prompt


def test_the_first_version_with_a_text_is_found(store: Store) -> None:
    quoted = 'Say "no".\nThen 100% \\ stop_ 🦔'
    append(store, "Say no.")
    second = append(store, f"First. {quoted}", judge={"system_prompt": "Rule 1."})
    append(store, quoted)
    append(store, quoted, task_type="summarise")
    with counted_statements(store.engine) as sent:
        assert store.profiles.first_with("news", "qa", quoted) == second
    assert len(sent) == 1
    for part in ('"no".\nThen', "100% \\ stop_ 🦔", "irst. S"):
        assert store.profiles.first_with("news", "qa", part) == second
    for other in ('\\"no\\"', 'Say "no". Then', "say no.", "S_y", "system_prompt", "judge"):
        assert store.profiles.first_with("news", "qa", other) is None
    assert store.profiles.first_with("news", "qa", "Rule 1.", role="worker") is None
    assert store.profiles.first_with("news", "qa", "Rule 1.", role="judge") == second
    assert store.profiles.first_with("law", "qa", quoted) is None
    for bad in ("", " \n", "\0", None):
        with pytest.raises(InvalidInput) as caught:
            store.profiles.first_with("news", "qa", bad)
        assert caught.value.field == "sentence"
