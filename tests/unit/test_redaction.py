"""What the patterns find, and what they leave."""

from __future__ import annotations

import re

import pytest

from hegel_store.journal import KEYS, MAIL_ADDRESSES, redacting
from hegel_store.models import NewStep
from hegel_store.models.identifiers import uuid7

SECRETS = [
    "sk-" + "a1B2" * 6,
    "ghp_" + "a" * 36,
    "github_pat_" + "b" * 30,
    "glpat-" + "c" * 20,
    "xoxb-" + "1" * 12,
    "AKIA" + "ABCD" * 4,
    "AIza" + "d" * 35,
    "hf_" + "e" * 34,
    "eyJ" + "f" * 20 + "." + "g" * 20 + "." + "h" * 20,
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    "jane.doe+x@mail.example.org",
]


def step(**rest: object) -> NewStep:
    values = {"corpus_id": "c", "task_type": "qa", "old_profile_id": uuid7()}
    return NewStep(**values | {"query": "q", "predicted_answer": "a"} | rest)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_replaced_wherever_it_stands(secret: str) -> None:
    given = step(
        query=f"use {secret}!",
        predicted_answer=secret,
        gold_answer=f"({secret})",
        metrics={"a": [1, {"b": f"x {secret}"}], secret: None},
        debate_trace={"text": f'"{secret}"\n\\u0041 é'},
    )
    redacted = redacting()(given)
    everything = " ".join(
        [
            redacted.query,
            redacted.predicted_answer,
            str(redacted.gold_answer),
            redacted.metrics_json,
            redacted.debate_trace_json,
        ]
    )
    assert secret not in everything
    assert secret.split("\n")[-1] not in everything
    assert everything.count("[redacted]") == 6
    assert (redacted.id, redacted.created_at) == (given.id, given.created_at)


def test_a_password_in_a_url_and_a_bearer_go_and_the_rest_stays() -> None:
    redacted = redacting(replacement="***")(
        step(
            query="postgresql://me:hunter2@db:5432/x", predicted_answer="Bearer abcdefghijklmnop12"
        )
    )
    assert redacted.query == "postgresql://***@db:5432/x"
    assert redacted.predicted_answer == "Bearer ***"


def test_what_is_no_secret_stays_as_it_is() -> None:
    given = step(
        query="ask-me-anything about sk-learn, a@b and 3@x, task-force-of-many-people",
        predicted_answer="http://host:80/path the bearer of news",
        metrics={"id": "01a20009-5266-7b9a-8f45-f61213f2c4fe", "n": 12345678901234567890},
    )
    assert redacting()(given) == given


def test_patterns_of_ones_own() -> None:
    redact = redacting([r"\bCUST-\d+", "(?i)secret"])
    assert redact(step(query="cust-1 CUST-77 SeCrEt")).query == "cust-1 [redacted] [redacted]"
    assert redact(step(query="a@example.org")).query == "a@example.org"
    with pytest.raises(re.error):
        redacting(["("])
    assert set(KEYS).isdisjoint(MAIL_ADDRESSES)


def test_a_replacement_is_taken_as_it_is() -> None:
    assert redacting(["x"], replacement=r"\1\g<0>")(step(query="x")).query == r"\1\g<0>"
