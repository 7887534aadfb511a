"""What `hegel-store recall` says of good and poor indexes, asked with stored facts and with others.

    python tests/benchmarks/bench_recall.py [--url postgresql://...]

The facts are the sentences of the standard library's docstrings; 300 of them are held back as
questions. The output is that of the command.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parents[2]))

from hegel_store.cli import app
from hegel_store.demo.corpus import standard_library
from hegel_store.embeddings import SentenceTransformerEmbedder
from hegel_store.models import NewFact
from hegel_store.store import Store, connect
from tests.benchmarks.servers import database, parse_arguments

HELD_BACK = 300
INDEX = "idx_hegel_facts_embedding_384"


def main() -> None:
    """Load the facts, and run the command on two indexes with both kinds of queries."""
    arguments = parse_arguments(__doc__ or "")
    sentences = list(
        dict.fromkeys(
            " ".join(sentence.split())
            for item in standard_library()
            for sentence in item.sentences
            if 4 <= len(sentence.split()) <= 60
        )
    )
    random.Random(1).shuffle(sentences)
    with (
        database(arguments) as url,
        connect(url, embedder=SentenceTransformerEmbedder()) as store,
        tempfile.TemporaryDirectory() as folder,
    ):
        questions = Path(folder) / "questions.txt"
        questions.write_text("\n".join(sentences[:HELD_BACK]), encoding="utf-8")
        store.upgrade()
        store.facts.add_many(
            NewFact(corpus_id="library", content=sentence) for sentence in sentences[HELD_BACK:]
        )
        for m, ef_construction in ((16, 64), (4, 16)):
            _rebuild(store, m, ef_construction)
            for options in (["--seed", "1"], ["--queries", str(questions)]):
                shown = " ".join(options).replace(f"{folder}/", "")
                print(f"$ hegel-store recall {shown}", flush=True)
                app(["recall", "--url", url, *options], standalone_mode=False)


def _rebuild(store: Store, m: int, ef_construction: int) -> None:
    with store.engine.begin() as connection:
        connection.execute(text(f"DROP INDEX {INDEX}"))
        connection.execute(
            text(
                f"CREATE INDEX {INDEX} ON hegel_facts USING hnsw (embedding_384 halfvec_cosine_ops)"
                f" WITH (m = {m}, ef_construction = {ef_construction}) WHERE deleted_at IS NULL"
            )
        )
        connection.execute(text("ANALYZE hegel_facts"))


if __name__ == "__main__":
    main()
