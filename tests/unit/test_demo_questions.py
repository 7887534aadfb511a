"""Questions give nothing away, and the splits never mix."""

from __future__ import annotations

import hashlib
import random
import re
import subprocess
import sys

import pytest

from hegel_store.demo.corpus import DocumentedObject
from hegel_store.demo.questions import (
    BLANK,
    MAXIMUM_FACT,
    QuestionSet,
    blanked,
    build,
    held_back,
    normalised,
    split_of,
)

DETAIL = "The optional timeout gives the seconds that waiting may take at most."


def documented(name: str, *sentences: str, signature: str = "()") -> DocumentedObject:
    module, _, rest = name.partition(".")
    return DocumentedObject(module, rest, "function", signature, sentences)


@pytest.fixture(scope="module")
def everything(objects: list[DocumentedObject]) -> QuestionSet:
    return build(objects, maximum_facts=100_000, maximum_questions=100_000)


def questions_of(asked: QuestionSet):
    return [*asked.training, *asked.validation, *asked.evaluation]


def test_no_question_holds_a_part_of_the_name(everything):
    for question in questions_of(everything):
        words = {word.lower() for word in re.findall(r"[A-Za-z_]\w*", question.text)}
        assert not words & set(question.gold.lower().split(".")), question


def test_no_fact_holds_the_sentence_that_was_held_back(objects, everything):
    stored = "\n".join(normalised(fact.content) for fact in everything.facts)
    by_name = {item.name: item for item in objects}
    for question in questions_of(everything):
        held = held_back(by_name[question.gold])
        assert held is not None
        assert normalised(held) not in stored


def test_every_question_has_its_answer_among_the_facts(everything):
    names = [fact.name for fact in everything.facts]
    assert len(set(names)) == len(names)
    assert {question.gold for question in questions_of(everything)} <= set(names)
    assert all(len(fact.content) <= MAXIMUM_FACT + len(" ...") for fact in everything.facts)


def test_splits_are_large_and_share_no_object_and_no_text(everything):
    splits = (everything.training, everything.validation, everything.evaluation)
    assert [len(split) > floor for split, floor in zip(splits, (300, 150, 500), strict=True)] == [
        True,
        True,
        True,
    ]
    for texts in (
        [question.gold for split in splits for question in split],
        [normalised(question.text) for split in splits for question in split],
    ):
        assert len(set(texts)) == len(texts)


def test_an_object_keeps_its_split_at_any_size(objects, everything):
    small = build(objects, maximum_facts=1_000, maximum_questions=200)
    assert len(small.facts) == 1_000
    assert len(questions_of(small)) == 200
    assert all(question.split == split_of(question.gold) for question in questions_of(small))
    assert {question.gold for question in small.evaluation}.isdisjoint(
        question.gold for question in everything.training
    )


def test_the_order_of_the_objects_does_not_matter(objects):
    shuffled = random.Random(1).sample(objects, len(objects))
    assert build(shuffled, maximum_facts=500) == build(objects, maximum_facts=500)


def test_hash_randomisation_does_not_matter():
    code = (
        "import pathlib, asyncio; from hegel_store.demo import corpus, questions;"
        "folder = pathlib.Path(asyncio.__file__).parent;"
        "print(questions.build(corpus.standard_library(folder)))"
    )
    digests = set()
    for salt in ("1", "2"):
        printed = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": salt},
            capture_output=True,
            check=True,
        ).stdout
        assert b"Question(" in printed
        digests.add(hashlib.sha256(printed).hexdigest())
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("name", "sentence", "expected"),
    [
        ("json.dumps", "Like dumps(), but for JSON.", f"Like {BLANK}(), but for {BLANK}."),
        ("inspect.getsource", "See getsourcefile() too.", f"See {BLANK}() too."),
        ("http.CookieJar.clear", "Clears cookies from a jar.", f"{BLANK} {BLANK} from a {BLANK}."),
        ("os.is_dir", "Is this dir open?", f"Is this {BLANK} open?"),
        ("m.set_value", "Settings have values.", f"Settings have {BLANK}."),
    ],
)
def test_every_part_of_the_name_is_blanked_out(name, sentence, expected):
    assert blanked(sentence, documented(name, "It does.")) == expected


def test_what_two_objects_say_alike_is_not_asked():
    twins = [documented("alpha.run", "Runs it.", DETAIL), documented("beta.go", "Goes.", DETAIL)]
    assert questions_of(build(twins)) == []
    assert len(questions_of(build(twins[:1]))) == 1


def test_the_summary_is_never_held_back():
    assert held_back(documented("alpha.run", DETAIL)) is None
    assert held_back(documented("alpha.run", "Runs it.", DETAIL)) == DETAIL
    assert held_back(documented("alpha.run", "Runs it.", "| a | b | c |", "Too short.")) is None


def test_a_fact_names_its_parameters():
    item = documented("alpha.run", "Runs.", signature="(Job, *args, wait=None, **options)")
    (fact,) = build([item]).facts
    assert fact.parameters == ("job", "args", "wait", "options")
    assert fact.content == "alpha.run(Job, *args, wait=None, **options): Runs."
