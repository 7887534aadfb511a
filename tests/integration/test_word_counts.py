"""How many facts have a word: what hegel_documents_with() answers, from where, and to whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import psycopg
import pytest

import hegel_store
from hegel_store.models import NewFact
from hegel_store.store import Store
from tests.conftest import Server

WORDS = ("hedgehog", "badger", "weasel", "otter", "stoat", "lynx")


@pytest.fixture
def admin(url: str) -> Iterator[psycopg.Connection]:
    """The owner, past the library, each statement by itself."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def reader(server: Server, admin: psycopg.Connection, url: str) -> Iterator[psycopg.Connection]:
    """Who may read the facts, and nothing else."""
    admin.execute("DROP ROLE IF EXISTS word_reader")
    admin.execute("CREATE ROLE word_reader LOGIN")
    admin.execute("GRANT USAGE ON SCHEMA public TO word_reader")
    admin.execute("GRANT SELECT ON hegel_facts TO word_reader")
    with psycopg.connect(url, user="word_reader", autocommit=True) as connection:
        yield connection
    admin.execute("DROP OWNED BY word_reader")
    admin.execute("DROP ROLE word_reader")


def insert(admin: psycopg.Connection, contents: Sequence[str]) -> None:
    with admin.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO hegel_facts (corpus_id, content, language) VALUES ('c', %s, 'simple')",
            [[content] for content in contents],
        )


def corpus(begin: int, count: int) -> list[str]:
    """Facts of which every n-th has the n-th of the words, and each has a word of its own."""
    return [
        " ".join([f"n{n}", *(word for place, word in enumerate(WORDS, 1) if n % place == 0)])
        for n in range(begin, begin + count)
    ]


def documents(connection: psycopg.Connection, words: Sequence[str]) -> dict[str, float]:
    """What the function says, by word."""
    rows = connection.execute(
        "SELECT lexeme, documents FROM hegel_documents_with(%s::text[])", [list(words)]
    ).fetchall()
    assert len(rows) == len(words)
    return dict(rows)


def facts_said(connection: psycopg.Connection) -> float:
    row = connection.execute("SELECT facts FROM hegel_documents_with('{badger}')").fetchone()
    assert row is not None
    return row[0]


def counted(admin: psycopg.Connection, words: Sequence[str]) -> dict[str, float]:
    """The truth."""
    rows = admin.execute(
        """
        SELECT word, (SELECT count(*) FROM hegel_facts WHERE content_tsv @@ quoted::tsquery)
        FROM unnest(%s::text[]) AS word,
            LATERAL (
                SELECT '''' || replace(replace(word, '\\', '\\\\'), '''', '''''') || '''' AS quoted
            ) AS made
        """,
        [list(words)],
    ).fetchall()
    return {word: pytest.approx(number, rel=1e-4) for word, number in rows}


def copied(admin: psycopg.Connection) -> dict[str, float]:
    return dict(admin.execute("SELECT lexeme, documents FROM hegel_word_counts").fetchall())


def count_words(connection: psycopg.Connection) -> None:
    connection.execute("SELECT hegel_count_words()")


def test_listed_words_have_their_true_counts_and_others_are_rarer(admin):
    insert(admin, corpus(0, 1200))
    count_words(admin)
    listed = copied(admin)
    del listed[""]
    assert set(WORDS) <= set(listed)
    assert documents(admin, list(listed)) == counted(admin, list(listed))
    unlisted = documents(admin, ["unicorn", "n7"])
    assert set(unlisted) - set(listed)
    rarest = min(listed.values())
    for word in set(unlisted) - set(listed):
        assert 0 < unlisted[word] < rarest
    assert documents(admin, []) == {}


def test_before_any_analyze_the_rows_are_counted(admin):
    assert documents(admin, WORDS) == dict.fromkeys(WORDS, 0)
    admin.execute("ALTER TABLE hegel_facts SET (autovacuum_enabled = off)")
    insert(admin, corpus(0, 120))
    assert copied(admin) == {}
    assert documents(admin, [*WORDS, "n7", "unicorn"]) == counted(admin, [*WORDS, "n7", "unicorn"])
    assert facts_said(admin) == 120


def test_the_copy_serves_until_the_table_has_doubled_and_then_the_statistics_do(admin):
    admin.execute("ALTER TABLE hegel_facts SET (autovacuum_enabled = off)")
    insert(admin, corpus(0, 600))
    count_words(admin)
    before = copied(admin)
    # Other words than before, so that the copy and the statistics tell different things.
    insert(admin, [f"lynx m{n}" for n in range(500)])
    admin.execute("ANALYZE hegel_facts")
    grown = documents(admin, ["badger", "lynx"])
    assert facts_said(admin) == 1100
    assert grown == {
        word: pytest.approx(before[word] * 1100 / 600, rel=1e-4) for word in ("badger", "lynx")
    }
    insert(admin, [f"lynx o{n}" for n in range(400)])
    admin.execute("ANALYZE hegel_facts")
    assert copied(admin) == before
    assert facts_said(admin) == 1500
    assert documents(admin, WORDS) == counted(admin, WORDS)
    count_words(admin)
    assert copied(admin) != before
    assert documents(admin, WORDS) == counted(admin, WORDS)


@pytest.mark.parametrize("source", ["rows", "statistics", "copy"])
def test_lexemes_with_quotes_and_backslashes_are_counted(admin, source):
    admin.execute("ALTER TABLE hegel_facts SET (autovacuum_enabled = off)")
    # Words that a parser of PostgreSQL would take apart, as a language of another one may not.
    odd = ["o'clock", "C:\\new", "''", "\\", "a\\'b", '"', "{a,b}", "NULL", "null", " ", "%s"]
    admin.execute("ALTER TABLE hegel_facts ALTER content_tsv DROP EXPRESSION")
    with admin.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO hegel_facts (corpus_id, content, content_tsv)"
            " VALUES ('c', %s, array_to_tsvector(%s::text[]))",
            [[str(n), odd[: 1 + n % len(odd)]] for n in range(10 * len(odd))],
        )
    if source == "statistics":
        admin.execute("ANALYZE hegel_facts")
        assert copied(admin) == {}
    if source == "copy":
        count_words(admin)
        assert set(odd) < set(copied(admin))
    expected = {word: pytest.approx(10 * (len(odd) - n)) for n, word in enumerate(odd)}
    assert documents(admin, odd) == expected
    if source == "rows":
        assert counted(admin, odd) == expected


def test_who_may_only_read_the_facts_gets_the_counts(admin, reader):
    insert(admin, corpus(0, 300))
    expected = counted(admin, WORDS)
    assert documents(reader, WORDS) == expected
    count_words(reader)
    assert copied(admin)
    assert documents(reader, WORDS) == expected
    admin.execute("REVOKE SELECT ON hegel_facts FROM word_reader")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute("SELECT lexeme FROM hegel_word_counts")


def test_a_row_security_policy_hides_the_facts_and_not_how_rare_words_are(admin, reader, url):
    insert(admin, corpus(0, 300))
    count_words(admin)
    admin.execute("GRANT SELECT ON hegel_labels, hegel_embedding_spaces TO word_reader")
    as_reader = url.replace("postgres@", "word_reader@")
    with hegel_store.connect(as_reader) as store:
        assert len(store.facts.search("badger", mode="text")) == 10
        admin.execute("ALTER TABLE hegel_facts ENABLE ROW LEVEL SECURITY")
        admin.execute("CREATE POLICY hidden ON hegel_facts TO word_reader USING (false)")
        assert reader.execute("SELECT count(*) FROM hegel_facts").fetchone() == (0,)
        hidden = reader.execute("SELECT FROM pg_stats WHERE tablename = 'hegel_facts'").fetchall()
        assert hidden == []
        assert documents(reader, WORDS) == counted(admin, WORDS)
        in_statistics = "SELECT lexeme, documents FROM hegel_documents_in_statistics(%s::text[])"
        assert dict(reader.execute(in_statistics, [list(WORDS)])) == counted(admin, WORDS)
        for mode in ("text", "hybrid"):
            found = store.facts.search("badger otter", mode=mode, embedding=[1.0] + [0.0] * 383)
            assert list(found) == []
    admin.execute("DROP POLICY hidden ON hegel_facts")


IMPOSTORS = [
    "CREATE TEMP TABLE hegel_word_counts AS"
    " SELECT word AS lexeme, 1::real AS documents, 300::real AS facts"
    " FROM unnest('{badger,otter,\"\"}'::text[]) AS word",
    "CREATE TEMP VIEW hegel_word_counts AS SELECT ''::text AS lexeme, 1::real AS documents,"
    " 1::real AS facts",
    "CREATE TEMP TABLE hegel_facts AS SELECT ''::tsvector AS content_tsv FROM"
    " generate_series(1, 10)",
    "CREATE TEMP VIEW hegel_facts AS SELECT ''::tsvector AS content_tsv",
    "CREATE TEMP TABLE pg_class AS SELECT 'hegel_facts'::name AS relname, 0::oid AS oid,"
    " 0::oid AS relnamespace, 7::real AS reltuples",
    "CREATE TEMP TABLE pg_stats AS SELECT 'public'::name AS schemaname,"
    " 'hegel_facts'::name AS tablename, 'content_tsv'::name AS attname,"
    " '{badger}'::text[] AS most_common_elems, '{0.9,0.1,0.9,0}'::real[] AS most_common_elem_freqs",
    "CREATE TEMP TABLE pg_namespace AS SELECT oid, 'pg_temp'::name AS nspname"
    " FROM pg_catalog.pg_namespace",
    "CREATE FUNCTION pg_temp.greatest(float8, integer) RETURNS float8 LANGUAGE sql"
    " RETURN 1 / (1 - $2)",
]


@pytest.mark.parametrize("source", ["rows", "statistics", "copy"])
def test_what_the_caller_puts_on_the_search_path_does_not_change_the_answer(admin, reader, source):
    admin.execute("ALTER TABLE hegel_facts SET (autovacuum_enabled = off)")
    insert(admin, corpus(0, 300))
    if source == "statistics":
        admin.execute("ANALYZE hegel_facts")
    if source == "copy":
        count_words(admin)
    expected = counted(admin, WORDS)
    for impostor in IMPOSTORS:
        with reader.transaction(force_rollback=True):
            reader.execute(impostor)
            reader.execute("SET LOCAL search_path = pg_temp, public, pg_catalog")
            assert documents(reader, WORDS) == expected, impostor
            assert facts_said(reader) == 300, impostor


def test_what_the_caller_puts_on_the_search_path_is_not_what_is_counted(admin, reader):
    admin.execute("ALTER TABLE hegel_facts SET (autovacuum_enabled = off)")
    insert(admin, corpus(0, 300))
    count_words(admin)
    insert(admin, [f"lynx m{n}" for n in range(100)])
    expected = counted(admin, ["badger", "lynx"])
    assert documents(reader, ["badger", "lynx"]) != expected
    for impostor in IMPOSTORS:
        with reader.transaction(force_rollback=True):
            reader.execute(impostor)
            reader.execute("SET LOCAL search_path = pg_temp, public, pg_catalog")
            count_words(reader)
            assert documents(reader, ["badger", "lynx"]) == expected, impostor


def test_counting_gives_up_while_the_copy_is_read_and_the_former_counts_go_on_serving(
    admin: psycopg.Connection, store: Store, url: str
) -> None:
    insert(admin, corpus(0, 300))
    count_words(admin)
    before = copied(admin)
    notices: list[str] = []
    admin.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
    with psycopg.connect(url) as other:
        other.execute("SELECT count(*) FROM hegel_word_counts")
        count_words(admin)
        assert len(notices) == 1
        assert notices[0].startswith("word counts stay as they are")
        added = store.facts.add_many(
            NewFact(corpus_id="c", content=f"lynx m{n}") for n in range(100)
        )
        assert added.added == 100
        assert copied(admin) == before
        assert documents(admin, ["badger"]) == {
            "badger": pytest.approx(before["badger"] * 400 / 300, rel=1e-4)
        }
        assert len(store.facts.search("lynx", mode="text")) == 10
    count_words(admin)
    assert copied(admin)["lynx"] == counted(admin, ["lynx"])["lynx"]


def test_facts_are_added_and_that_is_said_when_counting_runs_out_of_time(
    admin: psycopg.Connection, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    facts = [NewFact(corpus_id="c", content=f"lynx m{n}") for n in range(100)]
    with (
        hegel_store.connect(url, statement_timeout=0.6) as hurried,
        psycopg.connect(url) as other,
    ):
        # What VACUUM holds, and ANALYZE waits for.
        other.execute("LOCK TABLE hegel_facts IN SHARE UPDATE EXCLUSIVE MODE")
        result = hurried.facts.add_many(facts)
    assert (result.added, result.merged) == (100, 0)
    assert "word counts stay as they are" in caplog.text


def test_adding_many_facts_counts_the_words_anew_and_adding_few_does_not(store, admin):
    store.facts.add_many(NewFact(corpus_id="c", content=text) for text in corpus(0, 600))
    assert documents(admin, ["badger", "otter"]) == counted(admin, ["badger", "otter"])
    before = copied(admin)
    assert before["badger"] == pytest.approx(300)
    store.facts.add_many(NewFact(corpus_id="c", content=f"badger m{n}") for n in range(55))
    assert copied(admin) == before
    store.facts.add_many(NewFact(corpus_id="c", content=f"badger o{n}") for n in range(70))
    assert copied(admin)["badger"] == counted(admin, ["badger"])["badger"]
