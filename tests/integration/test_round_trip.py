"""What goes into the database comes out of it exactly, or is refused by name and stored nowhere."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from hegel_store.errors import InvalidInput
from hegel_store.models import NewFact, NewStep
from hegel_store.models.facts import LANGUAGES
from hegel_store.models.identifiers import uuid7_time
from hegel_store.repositories.fact_writing import content_key
from hegel_store.store import Store
from tests.strategies import any_object, any_text, storable

# One database serves all the examples of a test.
against_the_database = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)

# Four bytes each and hard to compress: what the keys of an index must bear.
LONG_NAME = "".join(chr(0x1F300 + 7 * i % 700) for i in range(200))

finite = st.floats(allow_nan=False, allow_infinity=False)
moments = st.datetimes(
    min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31), timezones=st.timezones()
)


def count(store: Store, table: str) -> int:
    with store.engine.connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def key_order(value: object) -> object:
    """The keys at every level, in the order they are in."""
    if isinstance(value, dict):
        return [(key, key_order(item)) for key, item in value.items()]
    return [key_order(item) for item in value] if isinstance(value, list) else None


@against_the_database
@given(document=any_object)
def test_any_profile_comes_back_in_the_order_it_was_written(
    store: Store, document: dict[str, object]
) -> None:
    if not storable(document):
        before = count(store, "hegel_prompt_profiles")
        with pytest.raises(InvalidInput) as caught:
            store.profiles.append("news", "qa", document)
        assert caught.value.field.startswith("profile")
        assert count(store, "hegel_prompt_profiles") == before
        return
    made = store.profiles.append("news", "qa", document, metadata=document)
    read = store.profiles.get("news", made.id)
    assert read == made
    assert read.profile == read.metadata == document
    assert key_order(read.profile) == key_order(document)


@against_the_database
@given(
    query=any_text,
    answer=any_text,
    gold=st.none() | any_text,
    reward=st.none() | finite,
    metrics=any_object,
    trace=any_object,
)
def test_any_step_comes_back_or_is_refused_by_name(
    store: Store,
    query: str,
    answer: str,
    gold: str | None,
    reward: float | None,
    metrics: dict[str, object],
    trace: dict[str, object],
) -> None:
    given_values = {
        "query": query,
        "predicted_answer": answer,
        "gold_answer": gold,
        "metrics": metrics,
        "debate_trace": trace,
    }
    refused = {name for name, value in given_values.items() if not storable(value)}
    profile = store.profiles.latest("news", "qa") or store.profiles.append("news", "qa", {})
    values = {"corpus_id": "news", "task_type": "qa", "old_profile_id": profile.id}
    if refused:
        with pytest.raises(InvalidInput) as caught:
            NewStep(**values, **given_values, reward=reward)
        assert caught.value.field.split(".")[0].split(" ")[0].split("[")[0] in refused
        return
    step = NewStep(**values, **given_values, reward=reward)
    logged = store.steps.log(step)
    assert store.steps.log(step) == logged, "a retry finds the same step"
    assert store.steps.log_many([step]) == 0
    (read,) = store.steps.recent("news", "qa", limit=1)
    assert read == logged
    assert (read.query, read.predicted_answer, read.gold_answer) == (query, answer, gold)
    assert (read.reward, read.metrics, read.debate_trace) == (reward, metrics, trace)


@against_the_database
@given(
    content=any_text,
    label=any_text,
    confidence=st.floats(0, 1),
    metadata=any_object,
    language=st.sampled_from(LANGUAGES),
    valid_from=moments,
)
def test_any_fact_comes_back_or_is_refused_by_name(
    store: Store,
    content: str,
    label: str,
    confidence: float,
    metadata: dict[str, object],
    language: str,
    valid_from: datetime,
) -> None:
    values = {"content": content, "label": label, "metadata": metadata}
    refused = {name for name, value in values.items() if not storable(value)}
    refused |= {name for name in ("content", "label") if not values[name].strip()}
    more = {"confidence": confidence, "language": language, "valid_from": valid_from}
    if refused:
        with pytest.raises(InvalidInput) as caught:
            NewFact(corpus_id="news", **values, **more)
        assert caught.value.field.split(".")[0].split(" ")[0].split("[")[0] in refused
        return
    fact = NewFact(corpus_id="news", **values, **more)
    (identifier,) = store.facts.add_many([fact]).ids
    read = store.facts.get("news", identifier)
    if read.seen_count == 1:
        assert (read.label, read.metadata, read.language) == (label, metadata, language)
        assert read.valid_from == valid_from.astimezone(UTC)
    assert read.content == content
    assert read.confidence >= confidence
    assert store.facts.forget("news", identifier) == 1


@against_the_database
@given(corpus=any_text, task=any_text)
def test_any_name_of_a_scope_is_kept_apart_or_refused(store: Store, corpus: str, task: str) -> None:
    bad = [
        f
        for f, v in (("corpus_id", corpus), ("task_type", task))
        if not (v.strip() and storable(v))
    ]
    if bad:
        for call in (
            lambda: store.profiles.append(corpus, task, {}),
            lambda: store.profiles.latest(corpus, task),
            lambda: store.steps.recent(corpus, task),
            lambda: store.populations.fittest(corpus, task),
        ):
            with pytest.raises(InvalidInput) as caught:
                call()
            assert caught.value.field in bad
        return
    store.profiles.append(corpus, task, {"corpus": corpus})
    latest = store.profiles.latest(corpus, task)
    assert latest is not None
    assert (latest.corpus_id, latest.task_type, latest.profile) == (
        corpus,
        task,
        {"corpus": corpus},
    )


@against_the_database
@given(words=any_text)
def test_any_text_is_a_query(store: Store, words: str) -> None:
    searches = (
        lambda: store.profiles.search(words),
        lambda: store.profiles.search("x", role=words),
        lambda: store.steps.search(words),
        lambda: store.facts.search(words, mode="text"),
    )
    for search in searches:
        if storable(words) and (words.strip() or search is not searches[1]):
            assert list(search()) == []
        else:
            with pytest.raises(InvalidInput):
                search()


def test_longest_names_fit_every_index(store: Store) -> None:
    profile = store.profiles.append(LONG_NAME, LONG_NAME, {})
    store.profiles.set_alias(LONG_NAME, LONG_NAME, LONG_NAME, profile.id)
    store.populations.add(
        LONG_NAME, LONG_NAME, profile.id, population=LONG_NAME, cell_key=LONG_NAME, fitness=0.0
    )
    store.steps.log(
        NewStep(
            corpus_id=LONG_NAME,
            task_type=LONG_NAME,
            old_profile_id=profile.id,
            query="",
            predicted_answer="",
            run_id=LONG_NAME,
            optimization_strategy=LONG_NAME,
        )
    )
    store.facts.add_many(
        [
            NewFact(
                corpus_id=LONG_NAME,
                content="x",
                category=LONG_NAME,
                label=LONG_NAME,
                intent=LONG_NAME,
            )
        ]
    )
    assert store.profiles.by_alias(LONG_NAME, LONG_NAME, LONG_NAME) == profile
    assert len(store.populations.fittest(LONG_NAME, LONG_NAME, population=LONG_NAME)) == 1
    assert len(store.steps.recent(LONG_NAME, LONG_NAME)) == 1
    assert store.facts.search("x", corpus_id=LONG_NAME, mode="text")[0].fact.label == LONG_NAME


def test_ids_of_the_server_have_the_layout_of_ours(store: Store) -> None:
    with store.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT hegel_uuidv7() AS id, clock_timestamp() AS now FROM generate_series(1, 200)"
            )
        ).all()
    for identifier, now in rows:
        assert (identifier.version, identifier.variant) == (7, "specified in RFC 4122")
        assert -0.002 < (now - uuid7_time(identifier)).total_seconds() < 60
    assert len({identifier for identifier, _ in rows}) == 200


SAMPLE = (
    "The running hedgehogs' études aren't: Straße, niños corriendo, бегущие ежи, τρέχοντας, "
    "koşuyorlar, juoksevat, दौड़ना, எலிகள், לויפן, يركضون, futók, alergând, kørende, běžící ab-cd "
    "https://example.org/a?b=c 3.14 it's don't l'homme gatti topi lopend dödande"
)


def test_every_language_is_stemmed_by_its_own_configuration(store: Store) -> None:
    with store.engine.connect() as connection:
        for language in LANGUAGES:
            ours, theirs = connection.execute(
                text(
                    "SELECT hegel_tsvector(:language, :sample)::text, "
                    "to_tsvector(CAST(:language AS regconfig), :sample)::text"
                ),
                {"language": language, "sample": SAMPLE},
            ).one()
            assert ours == theirs, language
        assert (
            len(
                {
                    connection.execute(
                        text("SELECT hegel_tsvector(:language, :sample)::text"),
                        {"language": language, "sample": SAMPLE},
                    ).scalar_one()
                    for language in LANGUAGES
                }
            )
            > 20
        ), "the sample tells languages apart"


def test_server_ships_no_language_that_is_left_out(store: Store) -> None:
    """18 has one more (estonian); what both versions have must be what can be chosen."""
    with store.engine.connect() as connection:
        shipped = set(connection.execute(text("SELECT cfgname FROM pg_ts_config")).scalars())
    assert set(LANGUAGES) <= shipped
    assert shipped - set(LANGUAGES) <= {"estonian"}


@against_the_database
@given(content=any_text.filter(lambda content: storable(content) and content.strip()))
def test_content_hash_is_the_same_in_python_and_in_the_database(store: Store, content: str) -> None:
    with store.engine.connect() as connection:
        stored = connection.execute(
            text("SELECT hegel_content_hash(:content)"), {"content": content}
        ).scalar_one()
    assert content_key(NewFact(corpus_id="news", content=content)) == ("news", bytes(stored))


def test_hash_of_a_profile_is_that_of_its_source(store: Store) -> None:
    made = store.profiles.append("news", "qa", {"b": "é🦔", "a": 0.0})
    assert made.content_hash == hashlib.sha256('{"b": "é🦔", "a": 0.0}'.encode()).hexdigest()
    assert isinstance(made.id, UUID)
