"""Indexes as operations are told of them: checked before anything is sent, and written as SQL."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hegel_store.errors import InvalidInput
from hegel_store.migrate.statements import check_identifier, literal, quoted
from hegel_store.models.checks import check_choice, check_integer, check_text

Build = Mapping[str, str | int]

BUILD_SETTINGS = (
    "maintenance_work_mem",
    "max_parallel_maintenance_workers",
    "statement_timeout",
)

HNSW_CLASSES = (
    *(
        f"{kind}_{distance}_ops"
        for kind in ("vector", "halfvec", "sparsevec")
        for distance in ("l2", "ip", "cosine", "l1")
    ),
    "bit_hamming_ops",
    "bit_jaccard_ops",
)
IVFFLAT_CLASSES = (
    *(
        f"{kind}_{distance}_ops"
        for kind in ("vector", "halfvec")
        for distance in ("l2", "ip", "cosine")
    ),
    "bit_hamming_ops",
)


@dataclass(frozen=True, slots=True)
class Index:
    """An index: ``on`` is the text between the parentheses, ``parameters`` are those of WITH."""

    name: str
    table: str
    on: str
    using: str
    unique: bool
    include: tuple[str, ...]
    parameters: Mapping[str, str | int | float | bool]
    where: str | None

    def statement(self, how: str, name: str, table: str) -> str:
        """``CREATE INDEX`` for ``name`` and ``table``, which are quoted already.

        ``how`` is "CONCURRENTLY", "ONLY" (the table without its partitions), or empty.
        """
        words = ["CREATE", *(["UNIQUE"] if self.unique else []), "INDEX"]
        words += ["CONCURRENTLY"] if how == "CONCURRENTLY" else []
        words += [name, "ON", *(["ONLY"] if how == "ONLY" else []), table]
        words += ["USING", quoted(self.using), f"({self.on})"]
        if self.include:
            words.append(f"INCLUDE ({', '.join(map(quoted, self.include))})")
        if self.parameters:
            pairs = (f"{key} = {literal(value)}" for key, value in self.parameters.items())
            words.append(f"WITH ({', '.join(pairs)})")
        if self.where is not None:
            words.append(f"WHERE {self.where}")
        return " ".join(words)


def checked_index(
    name: str,
    table: str,
    on: str,
    *,
    using: str = "btree",
    unique: bool = False,
    include: Sequence[str] = (),
    parameters: Mapping[str, str | int | float | bool] | None = None,
    where: str | None = None,
) -> Index:
    """The index, with every part checked; raises InvalidInput naming the part."""
    for field, value in (("on", on), ("where", where)):
        if value is not None and not check_text(field, value).strip():
            raise InvalidInput(field, "must not be blank")
    if isinstance(include, str):
        raise InvalidInput("include", "must be a sequence of column names, not one text")
    for key, setting in (parameters or {}).items():
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", check_text("parameters", key)):
            raise InvalidInput("parameters", f"has a name that is none: {key!r:.80}")
        if not isinstance(setting, str | int | float):
            raise InvalidInput(
                f"parameters.{key}", f"must be text or a number, not {type(setting).__name__}"
            )
    return Index(
        name=check_identifier("name", name),
        table=check_identifier("table", table),
        on=on,
        using=check_identifier("using", using),
        unique=bool(unique),
        include=tuple(check_identifier("include", column) for column in include),
        parameters=dict(parameters or {}),
        where=where,
    )


def hnsw_index(
    name: str,
    table: str,
    column: str,
    *,
    opclass: str,
    m: int,
    ef_construction: int,
    where: str | None,
) -> Index:
    """An HNSW index of pgvector; raises InvalidInput for what pgvector would refuse."""
    check_choice("opclass", opclass, HNSW_CLASSES)
    check_integer("m", m, minimum=2, maximum=100)
    check_integer("ef_construction", ef_construction, minimum=4, maximum=1000)
    if ef_construction < 2 * m:
        raise InvalidInput(
            "ef_construction", f"must be at least twice m, {2 * m}, not {ef_construction}"
        )
    return checked_index(
        name,
        table,
        f"{quoted(check_identifier('column', column))} {opclass}",
        using="hnsw",
        parameters={"m": m, "ef_construction": ef_construction},
        where=where,
    )


def ivfflat_index(
    name: str, table: str, column: str, *, opclass: str, lists: int, where: str | None
) -> Index:
    """An IVFFlat index of pgvector; raises InvalidInput for what pgvector would refuse."""
    check_choice("opclass", opclass, IVFFLAT_CLASSES)
    check_integer("lists", lists, minimum=1, maximum=32768)
    return checked_index(
        name,
        table,
        f"{quoted(check_identifier('column', column))} {opclass}",
        using="ivfflat",
        parameters={"lists": lists},
        where=where,
    )


def checked_build(build: Build | None) -> Build:
    """Settings for the session that builds; raises InvalidInput for one that is no such setting."""
    for name, value in (build or {}).items():
        check_choice("build", name, BUILD_SETTINGS)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise InvalidInput(
                f"build.{name}", f"must be text or an integer, not {type(value).__name__}"
            )
    return dict(build or {})
