"""Baselines of a corpus: recorded, checked, listed and dropped."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, RowMapping

from hegel_store.database import Autocommit, translated
from hegel_store.errors import EmbedderMissing, InvalidInput, NotFound
from hegel_store.models.baselines import (
    METRICS,
    Baseline,
    CheckReport,
    Finding,
    LabelledQuery,
    Latency,
    Quality,
    RedLine,
)
from hegel_store.models.checks import check_choice, check_integer, check_json, check_name
from hegel_store.operations.baselines import statements
from hegel_store.operations.baselines.comparing import changed_conditions, compared
from hegel_store.operations.baselines.conditions import conditions
from hegel_store.operations.baselines.labelling import live_facts
from hegel_store.operations.baselines.measuring import Measurement, Measuring, remembering
from hegel_store.repositories.spaces import Spaces
from hegel_store.search.fusion import Mode

FEWEST_QUERIES = 5
"""Resampling fewer says nothing about others."""
MOST_QUERIES = 2_000
FIRST_BLOCKS = 5
RECORDED_BLOCKS = 10
MOST_BLOCKS = 20


class Baselines:
    """The baselines of one corpus; ``spaces`` are the store's. All raise InvalidInput and
    DatabaseError."""

    def __init__(self, engine: Engine, session: Autocommit, spaces: Spaces, corpus_id: str) -> None:
        self.corpus_id = check_name("corpus_id", corpus_id)
        self._engine = engine
        self._session = session
        self._spaces = spaces

    def record(
        self,
        name: str,
        queries: Sequence[LabelledQuery],
        *,
        k: int = 10,
        mode: Mode = "hybrid",
        space: str | None = None,
        blocks: int = RECORDED_BLOCKS,
        replace: bool = False,
    ) -> Baseline:
        """Ask the queries (FEWEST_QUERIES..MOST_QUERIES of them) and store how that went.

        Takes ``blocks`` (3..100) times SEARCHES searches or more. Raises InvalidInput for a name
        that is taken, unless told to ``replace`` it, EmbedderMissing, and what a search raises.
        """
        check_name("name", name)
        check_integer("k", k, minimum=1, maximum=1000)
        check_choice("mode", mode, ("hybrid", "vector", "text"))
        check_integer("blocks", blocks, minimum=3, maximum=100)
        given = list(queries)
        if not FEWEST_QUERIES <= len(given) <= MOST_QUERIES:
            raise InvalidInput(
                "queries", f"must be {FEWEST_QUERIES} to {MOST_QUERIES:,}, not {len(given)}"
            )
        key = {"corpus_id": self.corpus_id, "name": name}
        with translated():
            is_there = self._session.execute(statements.IS_THERE, key).scalar_one()
        if is_there and not replace:
            raise _taken(name)
        measured = self._measuring(given, k, mode, space).blocks(blocks)
        values = key | {
            "k": k,
            "mode": mode,
            "space": space,
            "queries": _queries_text(given, measured),
            "latency": json.dumps(asdict(measured.latency)),
            "conditions": json.dumps(self._conditions()),
        }
        statement = statements.REPLACE if replace else statements.ADD
        with translated():
            row = self._session.execute(statement, values).mappings().one_or_none()
        if row is None:
            raise _taken(name)
        return _baseline_of(row)

    def get(self, name: str) -> Baseline:
        """Raises NotFound."""
        key = {"corpus_id": self.corpus_id, "name": check_name("name", name)}
        with translated():
            row = self._session.execute(statements.GET, key).mappings().one_or_none()
        if row is None:
            raise NotFound("baseline", f"{name!r} in corpus {self.corpus_id!r}", "name")
        return _baseline_of(row)

    def all(self) -> Sequence[Baseline]:
        """By name."""
        with translated():
            rows = self._session.execute(statements.ALL, {"corpus_id": self.corpus_id})
            return [_baseline_of(row) for row in rows.mappings()]

    def drop(self, name: str) -> bool:
        """Whether it was there."""
        key = {"corpus_id": self.corpus_id, "name": check_name("name", name)}
        with translated():
            done = self._session.execute(statements.DROP, key)
        return bool(done.rowcount)  # type: ignore[attr-defined]

    def check(
        self, name: str, *, red_line: RedLine | None = None, most_blocks: int = MOST_BLOCKS
    ) -> CheckReport:
        """Ask the queries of a baseline anew, and hold what comes of it against the red line.

        Blocks are added until latency can be told, up to ``most_blocks`` (3..100). Times of another
        day are comparable only as far as the reference statement goes: on another machine record
        anew. Raises NotFound, EmbedderMissing and what a search raises.
        """
        line = RedLine() if red_line is None else red_line
        check_integer("most_blocks", most_blocks, minimum=3, maximum=100)
        baseline = self.get(name)
        measuring = self.measuring(baseline)
        measured = measuring.blocks(min(FIRST_BLOCKS, most_blocks))
        while True:
            findings = compared(
                baseline.qualities,
                measured.qualities,
                baseline.latency.ratios,
                measured.ratios,
                line,
            )
            done = len(measured.ratios)
            if is_told(findings) or done >= most_blocks:
                break
            measured += measuring.blocks(min(done, most_blocks - done))
        relevant = {fact_id for query in baseline.queries for fact_id in query.relevant}
        live = live_facts(self._session, self.corpus_id, sorted(relevant))
        return CheckReport(
            name=name,
            findings=findings,
            blocks=done,
            gone=len(relevant - live),
            changed=changed_conditions(baseline.conditions, self._conditions()),
        )

    def measuring(self, baseline: Baseline) -> Measuring:
        """What asks the queries of a baseline as it was recorded."""
        return self._measuring(baseline.queries, baseline.k, baseline.mode, baseline.space)

    def _measuring(
        self, queries: Sequence[LabelledQuery], k: int, mode: Mode, space: str | None
    ) -> Measuring:
        if mode != "text" and self._spaces.is_empty:
            raise EmbedderMissing(f"{mode} searches are measured with the store's embedder")
        return Measuring(
            engine=self._engine,
            spaces=remembering(self._spaces),
            corpus_id=self.corpus_id,
            queries=queries,
            k=k,
            mode=mode,
            space=space,
        )

    def _conditions(self) -> Mapping[str, Any]:
        with translated(), self._session.transaction() as connection:
            return conditions(connection, self.corpus_id)


def is_told(findings: Sequence[Finding]) -> bool:
    """Whether more blocks could not change the verdict: they add to latency alone."""
    return findings[-1].verdict != "unsure" or any(f.verdict == "breach" for f in findings)


def _taken(name: str) -> InvalidInput:
    return InvalidInput("name", f"{name!r} is recorded already: replace it, or take another name")


def _queries_text(queries: Sequence[LabelledQuery], measured: Measurement) -> str:
    rows = [
        {
            "query": query.query,
            "relevant": {str(fact_id): gain for fact_id, gain in query.relevant.items()},
        }
        | asdict(quality)
        for query, quality in zip(queries, measured.qualities, strict=True)
    ]
    check_json("queries", {"queries": rows})
    return json.dumps(rows, ensure_ascii=False)


def _baseline_of(row: RowMapping) -> Baseline:
    return Baseline(
        corpus_id=row["corpus_id"],
        name=row["name"],
        k=row["k"],
        mode=row["mode"],
        space=row["space"],
        queries=[
            LabelledQuery(
                query=each["query"],
                relevant={UUID(fact_id): gain for fact_id, gain in each["relevant"].items()},
            )
            for each in row["queries"]
        ],
        qualities=[Quality(**{name: each[name] for name in METRICS}) for each in row["queries"]],
        latency=Latency(**row["latency"]),
        conditions=row["conditions"],
        recorded_by=row["recorded_by"],
        recorded_at=row["recorded_at"],
    )
