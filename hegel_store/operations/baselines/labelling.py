"""Where labelled queries come from: a file, or the log of retrievals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from hegel_store.database import Executor, translated
from hegel_store.errors import InvalidInput, NotFound
from hegel_store.models.baselines import MAX_QUERY_BYTES, LabelledQuery
from hegel_store.models.checks import (
    check_integer,
    check_moment,
    check_name,
    check_number,
    check_text,
)
from hegel_store.operations.baselines import statements


def queries_from_log(
    session: Executor,
    corpus_id: str,
    *,
    since: datetime | None = None,
    rewarded: float = 0.5,
    limit: int = 200,
) -> Sequence[LabelledQuery]:
    """Queries of logged steps, those asked last first, labelled by their rewards.

    A fact is relevant to a query where the steps that asked it and were shown the fact
    (hegel_retrievals) have a mean reward of ``rewarded`` or more, and above 0; that mean is its
    gain. All facts that a step was shown share its reward, and a fact that was never shown has no
    label, so such a set tells whether answers become worse, and not how good they are. Facts that
    are no longer found are left out.

    Raises InvalidInput.
    """
    values = {
        "corpus_id": check_name("corpus_id", corpus_id),
        "since": None if since is None else check_moment("since", since),
        "rewarded": check_number("rewarded", rewarded),
        "limit": check_integer("limit", limit, minimum=1),
        "longest": MAX_QUERY_BYTES,
    }
    with translated():
        rows = session.execute(statements.LABELS, values).all()
    return [
        LabelledQuery(query=row.query, relevant=dict(zip(row.facts, row.gains, strict=True)))
        for row in rows
    ]


def queries_from_file(
    session: Executor, corpus_id: str, path: str | Path
) -> Sequence[LabelledQuery]:
    """The queries of a file, an object of JSON on each line.

    ``query`` is the text; ``relevant`` lists the facts that answer it, each by its id or its whole
    content, or maps them to their gains (1 where it is a list).

    Raises InvalidInput naming the line, and NotFound for a fact that is not in the corpus.
    """
    given = [_labelled(number, line) for number, line in _lines(Path(path))]
    named = {name for _, _, relevant in given for name in relevant}
    facts = _facts(session, check_name("corpus_id", corpus_id), named)
    queries = []
    for number, query, relevant in given:
        missing = [name for name in relevant if name not in facts]
        if missing:
            raise NotFound(
                "fact", f"{missing[0]!r:.80} in corpus {corpus_id!r} (line {number})", "relevant"
            )
        gains = {facts[name]: gain for name, gain in relevant.items()}
        try:
            queries.append(LabelledQuery(query=query, relevant=gains))
        except InvalidInput as error:
            raise InvalidInput(error.field, f"line {number}: {error.reason}") from None
    return queries


def live_facts(session: Executor, corpus_id: str, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the facts that a search can find."""
    values = {"corpus_id": corpus_id, "ids": list(ids), "contents": []}
    with translated():
        return {row.id for row in session.execute(statements.LIVE, values)}


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise InvalidInput("queries", f"{path} is not UTF-8: {error.reason}") from None
    except OSError as error:
        raise InvalidInput("queries", f"{path} cannot be read: {error.strerror}") from None
    return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def _labelled(number: int, line: str) -> tuple[int, str, dict[str, float]]:
    try:
        given: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("queries", f"line {number} is no JSON: {error}") from None
    if not isinstance(given, dict) or set(given) != {"query", "relevant"}:
        raise InvalidInput("queries", f"line {number} is no object of query and relevant")
    relevant = given["relevant"]
    if isinstance(relevant, list):
        relevant = dict.fromkeys(map(_name, relevant), 1.0)
    if not isinstance(relevant, Mapping) or not relevant:
        raise InvalidInput("relevant", f"line {number}: must name one fact or more")
    gains = {
        check_text("relevant", name): check_number("gains", gain) for name, gain in relevant.items()
    }
    return number, check_text("query", given["query"]), gains


def _name(given: object) -> str:
    return check_text("relevant", given)


def _facts(session: Executor, corpus_id: str, named: set[str]) -> dict[str, UUID]:
    """The ids of live facts by what they were called: the id, or the content."""
    ids = {name: identifier for name in named if (identifier := _as_id(name)) is not None}
    values = {
        "corpus_id": corpus_id,
        "ids": list(ids.values()),
        "contents": sorted(named - set(ids)),
    }
    with translated():
        rows = session.execute(statements.LIVE, values).all()
    there = {row.id for row in rows}
    by_content = {row.content: row.id for row in rows}
    return {name: ids[name] for name in ids if ids[name] in there} | {
        name: by_content[name] for name in named if name in by_content
    }


def _as_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
