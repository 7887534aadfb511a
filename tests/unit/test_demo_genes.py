"""The first profile is the library's own; new ones differ from it as they should."""

from __future__ import annotations

import copy
import inspect
import json
import random
from dataclasses import replace

import pytest

from hegel_store.demo.agent import request_for, worded
from hegel_store.demo.genes import (
    CHOICES,
    changes,
    crossed,
    fingerprint,
    first_profile,
    genes,
    mutated,
    set_value,
    value_of,
)
from hegel_store.models import FactFilter
from hegel_store.repositories import FactRepository
from hegel_store.search.statement import Search

PATHS = genes(vectors=True)


def drawn(seed: int, changes_made: int = 8):
    source = random.Random(seed)
    profile = first_profile()
    for _ in range(changes_made):
        profile = mutated(profile, PATHS, source)
    return profile


def test_the_first_profile_is_what_the_search_does_by_itself():
    profile = first_profile()
    limit = inspect.signature(FactRepository.search).parameters["limit"].default
    asked = {"query": "?", "corpus_id": None, "mode": "hybrid", "filters": FactFilter()}
    retrieval = profile["worker"]["retrieval"]
    first, plain = Search(**asked, limit=limit, **retrieval), Search(**asked, limit=limit)
    assert first.depth == plain.depth
    assert replace(first, candidates=None) == plain
    assert len(retrieval) == 4
    assert profile["worker"]["proposals"] == limit
    assert set(profile["reviewer"]["acceptance"].values()) == {0.0}
    request = request_for(profile, "Is  this it?")
    assert (request.query, request.meaning) == ("Is this it?", "Is this it?")


def test_the_first_profile_is_one_of_the_choices():
    for path, choices in CHOICES.items():
        assert value_of(first_profile(), path) in choices


@pytest.mark.parametrize("seed", range(30))
def test_a_mutation_changes_a_few_genes_of_one_role(seed):
    parent = drawn(seed)
    before = copy.deepcopy(parent)
    child = mutated(parent, PATHS, random.Random(seed))
    changed = changes(parent, child)
    assert 1 <= len(changed) <= 3
    assert len({name.split(".")[0] for name in changed}) == 1
    assert parent == before
    for path, choices in CHOICES.items():
        assert value_of(child, path) in choices


def test_every_gene_is_reached():
    reached = {name for seed in range(200) for name in changes(first_profile(), drawn(seed, 1))}
    assert reached == {".".join(path) for path in CHOICES}


@pytest.mark.parametrize("seed", range(10))
def test_a_crossover_takes_every_gene_from_a_parent(seed):
    first, second = drawn(seed), drawn(seed + 1_000)
    child = crossed(first, second, PATHS, random.Random(seed))
    for path in CHOICES:
        assert value_of(child, path) in (value_of(first, path), value_of(second, path))
    assert changes(first, child)
    assert changes(second, child)


def test_the_same_seed_gives_the_same_profile():
    assert fingerprint(drawn(3)) == fingerprint(drawn(3))
    assert fingerprint(drawn(3)) != fingerprint(drawn(4))


def test_without_vectors_no_gene_about_vectors_changes():
    words_only = genes(vectors=False)
    assert ("worker", "retrieval", "vector_weight") not in words_only
    for seed in range(50):
        changed = changes(
            first_profile(), mutated(first_profile(), words_only, random.Random(seed))
        )
        assert not {"worker.retrieval.fusion", "reviewer.acceptance.agreement"} & set(changed)


def test_changes_are_json_and_name_old_and_new():
    new = first_profile()
    set_value(new, ("worker", "proposals"), 30)
    assert json.loads(json.dumps(changes(first_profile(), new))) == {"worker.proposals": [10, 30]}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{question}", "If the NameError is raised"),
        ("{words}", "NameError raised"),
        ("{question} {pieces}", "If the NameError is raised name error"),
        ("{words} {pieces}", "NameError raised name error"),
        ("Python: {question}", "Python: If the NameError is raised"),
        ("{unknown_to_nobody[0]}", KeyError),
    ],
)
def test_templates_word_the_question(template, expected):
    if expected is KeyError:
        with pytest.raises(KeyError):
            worded(template, "any")
    else:
        assert worded(template, "If the NameError is raised") == expected


def test_a_template_that_leaves_nothing_gives_the_question():
    assert worded("{words}", "if it is not so") == "if it is not so"
    assert worded("{question}", "with {braces} inside") == "with {braces} inside"
