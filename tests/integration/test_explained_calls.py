"""Calls of repositories from words: explained with their plans, and profiled."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from hegel_store.errors import ConfigurationError, InvalidInput, NotFound
from hegel_store.models import FactFilter, NewStep
from hegel_store.observing import flush, listen, stop
from hegel_store.operations.watching import explain, resolve
from hegel_store.operations.watching.calling import NAMES, calls_of, repositories_of
from hegel_store.unit_of_work import UnitOfWork
from tests.commands import run
from tests.samples import fact, rows

NEXT_YEAR = datetime.now(UTC) + timedelta(days=300)


def scanned(store, rows: int = 20_000) -> None:
    with store.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO hegel_facts (corpus_id, content, category)"
                " SELECT 'news', 'fact ' || n, 'rest' FROM generate_series(1, :rows) AS n"
            ),
            {"rows": rows},
        )
        connection.execute(text("ANALYZE hegel_facts"))


def test_a_call_is_explained_by_the_statement_that_it_sends(store, new):
    with store.begin() as work:
        call = resolve(repositories_of(work), "profiles.latest", ["news", "qa"])
        explanation = explain(work.session, call)
    (one,) = explanation.statements
    assert explanation.answer.id == new.profile.id
    assert "hegel_prompt_profiles" in one.statement
    assert one.milliseconds > 0
    assert "Index Scan" in "".join(one.lines)
    assert one.warnings == []
    shown = run("explain", "profiles.latest", "news", "qa", "--url", _url(store))
    assert "Index Scan" in shown
    assert "planned" in shown


def _url(store) -> str:
    return store.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")


def test_a_write_is_explained_and_leaves_nothing(store, url, new):
    """Not even the month that its step is the first of."""
    tables = "SELECT relname FROM pg_class WHERE relname ~ 'training_steps' ORDER BY 1"
    before = rows(store, tables)
    step = {
        "corpus_id": "news",
        "task_type": "qa",
        "old_profile_id": str(new.profile.id),
        "query": "?",
        "predicted_answer": "!",
        "created_at": NEXT_YEAR.isoformat(),
    }
    told = json.loads(run("explain", "steps.log", json.dumps(step), "--json", "--url", url))
    plans = [one for one in told["statements"] if one["plan"] is not None]
    assert [one for one in plans if "INSERT INTO hegel_training_steps" in one["statement"]]
    assert plans[-1]["plan"]["Plan"]["Node Type"] == "ModifyTable"
    run("explain", "profiles.append", "news", "qa", "{}", f"base={new.profile.id}", "--url", url)
    assert rows(store, "SELECT count(*) FROM hegel_training_steps") == [(0,)]
    assert rows(store, "SELECT count(*) FROM hegel_prompt_profiles") == [(1,)]
    assert rows(store, tables) == before


def steps_of(new, count: int, **changed: object) -> str:
    """So many steps as a word of a command line."""
    one = {
        "corpus_id": "news",
        "task_type": "qa",
        "old_profile_id": str(new.profile.id),
        "query": "?",
        "predicted_answer": "!",
        **changed,
    }
    named = "created_at" in changed
    return json.dumps([{**one, "id": str(uuid4())} if named else one for _ in range(count)])


def test_a_copy_is_told_with_its_rows_and_what_comes_after_it_is_explained(store, url, new):
    words = steps_of(new, 9)
    told = json.loads(run("explain", "steps.log_many", words, "--json", "--url", url))
    (copy,) = (one for one in told["statements"] if one["statement"].startswith("COPY"))
    assert (copy["plan"], copy["milliseconds"]) == (None, None)
    assert (copy["copied"]["rows"], copy["copied"]["error"]) == (9, None)
    assert copy["copied"]["milliseconds"] > 0
    shown = run("explain", "steps.log_many", words, "--url", url)
    assert "EXPLAIN does not take COPY; it ran once: 9 rows in" in shown
    assert rows(store, "SELECT count(*) FROM hegel_training_steps") == [(0,)]

    def call():
        work.steps.log_many([new() for _ in range(9)])
        return work.steps.recent("news", "qa")

    with store.begin() as work:
        explanation = explain(work.session, call)
        assert "hegel_copy_watcher" not in work.session.connection().info
    assert explanation.statements[-1].plan["Plan"]["Actual Rows"] == 9


def test_a_copy_that_is_refused_says_so_and_the_insert_in_its_place_is_explained(store, url, new):
    moment = datetime.now(UTC).isoformat()
    words = steps_of(new, 9, created_at=moment)
    resolve(repositories_of(store), "steps.log_many", [words])()
    shown = run("explain", "steps.log_many", words, "--url", url)
    assert "it was refused after 9 rows" in shown
    assert "UniqueViolation" in shown
    _, after, insert = shown.partition("UniqueViolation")
    assert after
    assert "INSERT INTO hegel_training_steps" in insert
    assert "ms planning and execution" in insert


def test_each_statement_is_explained_as_the_rows_are_that_it_meets(store, new):
    """The second statement of a call sees what the first one wrote, once."""

    def call():
        with_first = NewStep(
            corpus_id="news",
            task_type="qa",
            old_profile_id=new.profile.id,
            query="a",
            predicted_answer="b",
        )
        work.steps.log(with_first)
        return work.steps.recent("news", "qa")

    with store.begin() as work:
        explanation = explain(work.session, call)
    assert len(explanation.answer) == 1
    last = explanation.statements[-1]
    assert last.plan["Plan"]["Actual Rows"] == 1


def test_plans_that_deserve_a_look_are_told(store, url):
    scanned(store)

    def found(statement: str, **values: object) -> set[str]:
        with store.begin() as work:
            explanation = explain(
                work.session, lambda: work.session.execute(text(statement), values).all()
            )
        return {finding.code for one in explanation.statements for finding in one.warnings}

    assert found("SELECT 1 FROM hegel_facts WHERE seen_count > 7") >= {
        "plan-sequential-scan",
        "plan-filter",
    }
    with_sort = "SELECT content FROM hegel_facts ORDER BY md5(content)"
    assert "plan-spilled" not in found(with_sort)
    with store.begin() as work:
        work.session.execute(text("SET LOCAL work_mem = '64kB'"))
        explanation = explain(work.session, lambda: work.session.execute(text(with_sort)).all())
    codes = [finding.code for finding in explanation.statements[0].warnings]
    assert "plan-spilled" in codes
    assert "plan-wrong-estimate" in found(
        "SELECT n FROM generate_series(1, 5000) AS n WHERE n % 2 = CAST(:n AS int) * 0", n=1
    )
    assert found("SELECT 1 FROM hegel_facts LIMIT 3") == set(), "ended early, as was wished"
    assert found("SELECT content FROM hegel_facts WHERE corpus_id = 'none'") == set()


def test_every_public_call_has_parameters_that_words_can_fill(store):
    with store.begin() as work:
        repositories = repositories_of(work)
        names = calls_of(repositories)
        assert {"facts.search", "profiles.latest", "populations.fittest", "runs.start"} <= {*names}
        for name in names:
            with pytest.raises(InvalidInput):
                resolve(repositories, name, ["no_such_parameter=1"] * 9)


def test_words_become_what_the_parameters_take(store):
    identifier = uuid4()
    with store.begin() as work:
        repositories = repositories_of(work)
        search = resolve(
            repositories,
            "facts.search",
            ["to be = or not", "limit=3", 'filters={"categories": ["a"]}', "recall=0.9"],
        )
        number = resolve(repositories, "profiles.get", ["2024", f"{identifier}"])
        with pytest.raises(NotFound):
            number()
    assert search.positional == ["to be = or not"]
    assert search.named == {
        "limit": 3,
        "filters": FactFilter(categories=["a"]),
        "recall": 0.9,
    }
    assert number.positional == ["2024", identifier], "a name of digits stays one"


@pytest.mark.parametrize(
    ("words", "field", "reason"),
    [
        (["latest"], "call", r"'latest' is no call: did you mean profiles\.latest\?$"),
        (["profiles.lates"], "call", r"did you mean profiles\.latest\?$"),
        (["add"], "call", r"did you mean populations\.add\?$"),
        (["profiles.zzz"], "call", r"is no call: there are profiles\.alias_history, profiles\.al"),
        (["profiles.latest", "news"], "call", "missing a required argument: 'task_type'"),
        (["profiles.latest", "news", "qa", "more"], "call", "does not take 'more'"),
        (["profiles.get", "news", "no-id"], "profile_id", "UUID"),
        (["facts.search", "x", "limit=many"], "limit", "integer"),
        (["steps.log", '{"corpus_id": "news"}'], "step", "required"),
    ],
)
def test_words_that_mean_nothing_are_refused_by_name(url, words, field, reason):
    with pytest.raises(InvalidInput, match=reason) as caught:
        run("explain", *words, "--no-embeddings", "--url", url)
    assert caught.value.field == field


def test_a_search_is_explained_with_its_real_statement(store, url):
    store.facts.add_many([fact("Hedgehogs sleep in autumn.")])
    shown = run(
        "explain", "facts.search", "hedgehogs", "corpus_id=news", "--no-embeddings", "--url", url
    )
    assert "hegel_facts" in shown
    assert "ms planning and execution" in shown


def test_a_call_is_profiled_and_what_it_writes_is_rolled_back(store, url, tmp_path):
    pytest.importorskip("pyinstrument", reason="the `profile` extra is not installed")
    page = tmp_path / "profile.html"
    shown = run(
        "profile", "profiles.append", "news", "qa", "{}", "--seconds", "0.3",
        "--html", page, "--url", url,
    )  # fmt: skip
    assert "calls of profiles.append" in shown
    assert "append" in shown.partition("\n")[2]
    assert "<html" in page.read_text()
    told = json.loads(
        run("profile", "profiles.latest", "news", "qa", "--seconds", "0.2", "--json", "--url", url)
    )
    assert told["calls"] > 5
    assert told["samples"] > 0
    assert told["profile"]["root_frame"]
    assert rows(store, "SELECT count(*) FROM hegel_prompt_profiles") == [(0,)]


class Transactions:
    """How many units of work there were."""

    def __init__(self) -> None:
        self.count = 0

    def ended(self, call, frame, at):
        self.count += call.name == "transaction"

    def happened(self, happening, at):
        pass


def profiled(*arguments: object) -> dict:
    return json.loads(run("profile", *arguments, "--seconds", "0.2", "--json"))


def test_a_call_is_profiled_as_it_is_made_and_leaves_nothing_unless_it_is_told_to(store, url, new):
    pytest.importorskip("pyinstrument", reason="the `profile` extra is not installed")
    counting = Transactions()
    listen(counting)
    try:
        read = profiled("profiles.latest", "news", "qa", "--url", url)
    finally:
        stop(counting)
        flush()
    assert read["made"] == "as they are"
    assert read["calls"] > 1
    assert counting.count == 1, "only to see whether it writes"
    tables = "SELECT relname FROM pg_class WHERE relname ~ 'training_steps' ORDER BY 1"
    before = rows(store, tables)
    step = json.loads(steps_of(new, 1, created_at=NEXT_YEAR.isoformat()))[0]
    written = profiled("steps.log", json.dumps(step), "--url", url)
    assert written["made"] == "each in a transaction that was rolled back"
    assert rows(store, tables) == before
    assert rows(store, "SELECT count(*) FROM hegel_training_steps") == [(0,)]
    kept = profiled("profiles.append", "news", "qa", "{}", "--commit", "--url", url)
    assert kept["made"] == "as they are, and what they wrote stays"
    ((stored,),) = rows(store, "SELECT count(*) FROM hegel_prompt_profiles")
    assert stored == 1 + kept["calls"] + 1, "one before, and one that warms up"


def test_a_store_and_a_unit_of_work_have_the_repositories_that_calls_name():
    of_work = {field.name for field in fields(UnitOfWork)} - {"session"}
    assert of_work == set(NAMES)


def test_profiling_says_what_it_needs(monkeypatch, url):
    import sys

    monkeypatch.setitem(sys.modules, "pyinstrument", None)
    with pytest.raises(ConfigurationError, match=r"hegel_store\[profile\]"):
        run("profile", "profiles.latest", "news", "qa", "--url", url)
