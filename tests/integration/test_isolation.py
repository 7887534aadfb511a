"""Row-level security is switched on and off, and what a bound store does goes on as before."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, event, text

import hegel_store
from hegel_store.errors import InvalidInput, PermissionDenied
from hegel_store.models import FactFilter
from hegel_store.models.maintenance import TaskReport
from hegel_store.operations import roles, row_security
from hegel_store.operations.maintenance import maintain
from hegel_store.operations.row_security import switching
from hegel_store.store import Store
from hegel_store.unit_of_work import UnitOfWork
from tests.commands import run
from tests.embedders import HashingEmbedder
from tests.samples import Steps, fact, rows
from tests.tenants import OURS, ROLE, THEIRS, fill, tenant

MANY = text(
    """
    INSERT INTO hegel_facts (corpus_id, content, language)
    SELECT corpus, 'n' || n || CASE WHEN n % 97 = 0 THEN ' badger' ELSE ' weasel' END, 'simple'
    FROM generate_series(1, 3000) AS n, unnest(CAST(:corpora AS text[])) AS corpus
    """
)
# Of this transaction; the function's reads are in it.
GIN_SCANS = text(
    "SELECT pg_stat_get_xact_numscans(CAST('idx_hegel_facts_content_fts' AS regclass))"
)
SCANNED_ROWS = text("SELECT pg_stat_get_xact_tuples_returned(CAST('hegel_facts' AS regclass))")


@pytest.fixture
def role_url(url: str) -> Iterator[str]:
    """The address of a role that owns nothing."""
    with tenant(url) as address:
        yield address


@pytest.fixture
def many(store: Store) -> Store:
    """The owner's store, with facts in two corpora."""
    with store.begin() as work:
        work.session.execute(MANY, {"corpora": [OURS, THEIRS]})
    execute(store, "SELECT hegel_count_words()")
    return store


def execute(store: Store, statement: str) -> None:
    with store.engine.begin() as owner:
        owner.execute(text(statement))


def switch_on(store: Store) -> None:
    assert row_security.switch_on(store.engine) != []


def test_a_bound_role_does_everything(url: str, role_url: str, store: Store) -> None:
    """The whole of fill(), with nothing granted beyond the tables."""
    switch_on(store)
    fill(role_url, OURS, "badger")
    fill(role_url, THEIRS, "weasel")
    with hegel_store.connect(role_url, corpus=OURS, embedder=HashingEmbedder()) as bound:
        new = Steps(bound, OURS, "many")
        assert bound.steps.log_many([new(query=f"question {n}") for n in range(50)]) == 50
        with bound.begin() as work:
            assert work.steps.log_many([new(query=f"again {n}") for n in range(20)]) == 20
        assert len(bound.steps.recent(OURS, "many", limit=100)) == 70
        assert len(bound.steps.search("question 7", corpus_id=OURS)) > 0
        assert len(bound.profiles.search("badger", corpus_id=OURS)) > 0
        for mode in ("hybrid", "text", "vector"):
            assert bound.facts.search("badger 7", mode=mode).hits[0].fact.content == "badger 7"
        with bound.step_writer() as writer:
            writer.log(new(query="in the background"), durable=True)
        assert bound.facts.search("weasel", mode="text").hits == []


@pytest.mark.parametrize("text_mode", ["any", "all", "web"])
def test_a_bound_store_finds_the_same_with_and_without_policies(
    many: Store, role_url: str, text_mode: str
) -> None:
    asked = ["badger n97", "badger weasel n12 n14", '"badger" -n97', "nothing of this"]
    filters = FactFilter(min_confidence=0.1)

    def answers() -> list[list[tuple[object, ...]]]:
        with hegel_store.connect(role_url, corpus=OURS) as bound:
            return [
                [
                    (hit.fact.id, hit.score)
                    for hit in bound.facts.search(
                        query, mode="text", text_mode=text_mode, filters=filters
                    )
                ]
                for query in asked
            ]

    before = answers()
    switch_on(many)
    execute(many, "DELETE FROM hegel_corpus_words")  # as nobody had counted before
    assert answers() == before
    assert len(before[0]) > 0
    with hegel_store.connect(role_url, corpus=OURS) as bound:
        streamed = bound.facts.search_iter(asked[0], mode="text", text_mode=text_mode, limit=10)
        first = [hit.fact.id for hit in streamed]
    assert first == [each[0] for each in before[0]] or text_mode == "any"


def test_a_bound_search_reads_the_index_of_words_under_policies(many: Store, role_url: str) -> None:
    switch_on(many)
    with hegel_store.connect(role_url, corpus=OURS) as bound, bound.begin() as work:
        found = work.facts.search("badger", mode="text")
        assert len(found) == 10
        assert work.session.execute(GIN_SCANS).scalar_one() > 0
        # Those of the word in both corpora, and not all that there are.
        assert work.session.execute(SCANNED_ROWS).scalar_one() < 300


def test_words_are_counted_by_corpus_and_anew_as_it_grows(many: Store, role_url: str) -> None:
    switch_on(many)
    asked = "SELECT documents, facts FROM hegel_documents_in_corpus('{badger}')"
    with hegel_store.connect(role_url, corpus=OURS) as bound:
        assert rows(bound, asked) == [(30.0, 3000.0)]
        bound.facts.add_many(fact(f"badger {n}", OURS, language="simple") for n in range(100))
        assert rows(bound, asked) == [(30.0, 3000.0)]
        bound.facts.add_many(fact(f"badger and {n}", OURS, language="simple") for n in range(400))
        assert rows(bound, asked) == [(530.0, 3500.0)]
    with hegel_store.connect(role_url, corpus=THEIRS) as theirs:
        assert rows(theirs, asked) == [(30.0, 3000.0)]


def test_small_batches_and_units_of_work_add_up_to_counts(many: Store, role_url: str) -> None:
    counts = "SELECT documents, facts FROM hegel_corpus_words WHERE lexeme = 'badger'"

    def fails(work: UnitOfWork) -> None:
        work.facts.add_many(fact(f"badger not stored {n}", "new") for n in range(50))
        raise ZeroDivisionError

    with hegel_store.connect(role_url, corpus="new") as bound:

        def add(begin: int, count: int) -> None:
            bound.facts.add_many(
                fact(f"badger {n}", "new", language="simple") for n in range(begin, begin + count)
            )

        add(0, 49)
        assert rows(bound, counts) == []
        add(49, 1)
        assert rows(bound, counts) == [(50.0, 50.0)]
        with pytest.raises(ZeroDivisionError):
            bound.transact(fails)
        for first in (50, 75):
            with bound.begin() as work:
                work.facts.add_many(
                    fact(f"badger {n}", "new", language="simple") for n in range(first, first + 25)
                )
                assert rows(bound, counts) == [(50.0, 50.0)]
        assert rows(bound, counts) == [(100.0, 100.0)]


def test_a_corpus_is_counted_by_tenths_and_asked_no_more_often(many: Store, role_url: str) -> None:
    switch_on(many)
    counts = "SELECT facts FROM hegel_corpus_words WHERE lexeme = ''"
    asked: list[str] = []
    with hegel_store.connect(role_url, corpus=OURS) as bound:
        event.listen(
            bound.engine, "before_cursor_execute", lambda *given: asked.append(str(given[2]))
        )
        for batch in range(20):
            bound.facts.add_many(
                fact(f"badger {batch} {n}", OURS, language="simple") for n in range(49)
            )
        # By the first 98, which are too few, at a tenth of 3000, and again.
        assert sum("hegel_count_corpus_words" in each for each in asked) == 3
        assert rows(bound, counts) == [(3686.0,)]


def test_words_of_a_corpus_that_somebody_else_has_loaded_are_counted_by_maintenance(
    many: Store, role_url: str
) -> None:
    switch_on(many)
    with many.begin() as owner:
        owner.session.execute(MANY, {"corpora": ["new"]})
    many.facts.add_many(fact(f"badger {n}", OURS, language="simple") for n in range(400))
    found = words_task(many)
    assert found.did[-2:] == ["words of new counted", "words of ours counted"]
    assert words_task(many).status == "nothing due"
    asked = "SELECT documents, facts FROM hegel_documents_in_corpus('{badger}')"
    for corpus, counted in ((OURS, (430.0, 3400.0)), ("new", (30.0, 3000.0))):
        with hegel_store.connect(role_url, corpus=corpus) as bound:
            assert rows(bound, asked) == [counted]


def words_task(store: Store) -> TaskReport:
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as owner:
        owner.execute(text("ANALYZE hegel_facts"))
    (found,) = [task for task in maintain(store).tasks if task.task == "words"]
    return found


def test_it_is_switched_on_and_off_and_says_so(url: str, store: Store, role_url: str) -> None:
    store.facts.add_many([fact("kept", OURS)])

    def status() -> dict[str, object]:
        return json.loads(run("isolation", "status", "--json", "--url", url))

    def switch(*arguments: str) -> list[str]:
        return json.loads(run("isolation", *arguments, "--json", "--url", url))["statements"]

    assert status()["state"] == "off"
    planned = switch("on", "--dry-run")
    assert status()["state"] == "off"
    assert switch("on") == planned
    assert switch("on") == switch("on", "--dry-run") == []
    now = status()
    assert (now["state"], now["open"], now["problems"]) == ("on", [], [])
    assert "postgres" in now["passing"]
    assert ROLE not in now["passing"]
    assert "hegel_facts" in now["covered"]
    assert "isolation" in run("isolation", "status", "--url", url)
    with hegel_store.connect(role_url) as role:
        assert rows(role, "SELECT * FROM hegel_facts") == []
        assert len(switch("off")) > 0
        assert len(rows(role, "SELECT * FROM hegel_facts")) == 1
        assert len(role.facts.search("kept", mode="text")) == 1
    assert status()["state"] == "off"
    assert switch("off") == []


def test_the_commands_say_what_is_next(url: str, store: Store) -> None:
    shown = run("isolation", "status", "--url", url)
    assert f"{len(row_security.examine(store.engine).open)} " in shown
    assert "hegel_facts" not in shown
    assert "isolation is" not in run("isolation", "on", "--dry-run", "--url", url)
    (*_, last) = run("isolation", "on", "--url", url).splitlines()
    assert last.startswith("isolation is on: connect workers with corpus=")
    execute(store, "ALTER TABLE hegel_facts DISABLE ROW LEVEL SECURITY")
    assert "tables open    │ hegel_facts" in run("isolation", "status", "--url", url)
    (*_, last) = run("isolation", "off", "--url", url).splitlines()
    assert last.startswith("isolation is off: ")
    assert "`hegel-store roles apply`" in last


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("ALTER TABLE hegel_runs DISABLE ROW LEVEL SECURITY", "hegel_runs shows every corpus"),
        ("DROP POLICY hegel_corpus ON hegel_runs", "hegel_runs shows nothing: it has no policy"),
        ("CREATE POLICY more ON hegel_runs USING (true)", "hegel_runs has a policy"),
        ("GRANT SELECT ON hegel_word_counts TO PUBLIC", "PUBLIC may read hegel_word_counts"),
        (
            "GRANT EXECUTE ON FUNCTION hegel_documents_with(text[]) TO PUBLIC",
            "PUBLIC may call hegel_documents_with",
        ),
    ],
)
def test_what_was_opened_is_named(store: Store, change: str, problem: str) -> None:
    switch_on(store)
    execute(store, change)
    found = row_security.examine(store.engine)
    assert found.state == "partly on"
    assert any(said.startswith(problem) for said in found.problems)


def test_a_month_that_is_made_before_the_log_is_switched_is_closed_too(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = switching._apply

    def apply_later(engine: Engine, step: switching.Step) -> None:
        execute(store, "SELECT hegel_ensure_step_month('2024-05-01')")
        apply(engine, step)

    monkeypatch.setattr(switching, "_apply", apply_later)
    switch_on(store)
    found = row_security.examine(store.engine)
    assert "hegel_training_steps_2024_05" in found.covered
    assert found.open == []


def test_a_switch_off_that_was_interrupted_is_finished_by_the_next(store: Store) -> None:
    """Before its last step, which opens the functions that count words in all corpora."""
    asked = (
        "SELECT count(*) FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner)))"
        " WHERE proname IN ('hegel_documents_with', 'hegel_documents_in_statistics')"
        " AND grantee = 0"
    )
    assert rows(store, asked) == [(2,)]
    switch_on(store)
    planned = row_security.switch_off(store.engine, dry_run=True)
    for statement in planned[:-2]:
        execute(store, statement)
    assert rows(store, asked) == [(0,)]
    assert row_security.switch_off(store.engine) == planned[-2:]
    assert rows(store, asked) == [(2,)]
    assert row_security.switch_off(store.engine) == []


def test_switching_off_what_was_never_on_changes_nothing(granted: str, store: Store) -> None:
    """Although everybody may not call the functions where there are roles."""
    assert row_security.switch_off(store.engine) == []
    assert roles.differences(store.engine) == []


def test_who_says_no_corpus_is_told_to(role_url: str, store: Store) -> None:
    store.facts.add_many([fact("kept", OURS)])
    switch_on(store)
    with hegel_store.connect(role_url) as role:
        for refuse in (
            lambda: role.facts.search("kept", mode="text"),
            lambda: role.facts.add_many([fact("more", OURS)]),
        ):
            with pytest.raises(PermissionDenied, match=r"connect with corpus=.*isolation status"):
                refuse()


def test_only_the_owner_switches(role_url: str, store: Store) -> None:
    with hegel_store.connect(role_url) as role:
        with pytest.raises(PermissionDenied, match=r"the owner of the tables, postgres$"):
            row_security.switch_on(role.engine)
        roles.apply(store.engine, prefix="crew")
        try:
            told = r"crew_migrate: set HEGEL_ROLE=migrate HEGEL_ROLE_PREFIX=crew$"
            with pytest.raises(PermissionDenied, match=told):
                row_security.switch_on(role.engine)
        finally:
            roles.drop(store.engine, prefix="crew")
    assert row_security.examine(store.engine).state == "off"


@pytest.mark.parametrize("corpus", ["", "  ", "x" * 201, "a\0b"])
def test_a_name_that_no_corpus_can_have_is_refused(url: str, corpus: str) -> None:
    with pytest.raises(InvalidInput, match="corpus"):
        hegel_store.connect(url, corpus=corpus)


def test_a_statement_that_fails_leaves_a_bound_connection_usable(url: str) -> None:
    def fails(work: UnitOfWork) -> None:
        work.facts.add_many([fact("not stored", OURS)])
        raise ZeroDivisionError

    with hegel_store.connect(url, corpus=OURS) as bound:
        for _ in range(3):
            with pytest.raises(Exception, match="division by zero"):
                bound._database.autocommit.execute(text("SELECT 1 / 0"))
            bound.facts.add_many([fact("stored", OURS)])
            with pytest.raises(ZeroDivisionError):
                bound.transact(fails)
        assert rows(bound, "SELECT content, seen_count FROM hegel_facts") == [("stored", 3)]
