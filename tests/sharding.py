"""Which tables of a statement are read or written by their corpus, by taking the statement apart.

A table counts as read by its corpus where its ``corpus_id`` must be equal (not only may be, as in
one branch of an OR) to something that is given: a parameter, a column of a query beside it, or the
``corpus_id`` of another table of which that is known. Every query inside a statement is looked at,
so a column of one carries what was given to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp

from hegel_store.schema import metadata

KEY = "corpus_id"
VIEWS = {
    "hegel_latest_profiles",
    "hegel_profile_performance_summary",
    "hegel_population_rankings",
}
DISTRIBUTED = {name for name, table in metadata.tables.items() if KEY in table.columns} | VIEWS
LEVELS = (exp.Select, exp.Update, exp.Delete, exp.Insert)
GIVEN = "given"


def parsed(statement: str) -> list[exp.Expression]:
    """Raises sqlglot.ParseError. ``statement`` is as the driver gets it."""
    plain = re.sub(r"%(?:\(\w+\))?s", "'bound'", statement).replace("%%", "%")
    return [each for each in sqlglot.parse(plain, dialect="postgres") if each is not None]


def without_corpus(statement: str) -> set[str]:
    """The distributed tables that are not read or written by their corpus."""
    return {
        table.name for tree in parsed(statement) for table in _tables(tree) if not _is_keyed(table)
    }


def _tables(tree: exp.Expression) -> Iterator[exp.Table]:
    names = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if _distributed(table) and table.name not in names:
            yield table


def _distributed(table: exp.Table) -> bool:
    name = re.sub(r"_\d{4}_\d{2}$", "", table.name)  # one month of the steps
    return name in DISTRIBUTED


def _is_keyed(table: exp.Table) -> bool:
    if _is_inserted_into(table):
        return _is_inserted_with_key(table)
    known, reached = {id(table)}, [table]
    while reached:
        for partner in _equals(reached.pop()):
            if partner == GIVEN:
                return True
            assert isinstance(partner, exp.Table)
            if _is_inserted_into(partner) and _is_inserted_with_key(partner):
                return True
            if id(partner) not in known:
                known.add(id(partner))
                reached.append(partner)
    return False


def _is_inserted_into(table: exp.Table) -> bool:
    level = _level(table)
    return isinstance(level, exp.Insert) and level.this.find(exp.Table) is table


def _is_inserted_with_key(table: exp.Table) -> bool:
    level = _level(table)
    return level is not None and KEY in {column.name for column in level.this.expressions}


def _level(node: exp.Expression) -> exp.Expression | None:
    """The query, of those inside each other, that a node belongs to."""
    found = node.parent
    while found is not None and not isinstance(found, LEVELS):
        found = found.parent
    return found


def _equals(table: exp.Table) -> Iterator[exp.Table | str]:
    """What the corpus of this table must be equal to, by the query that it stands in."""
    level = _level(table)
    if level is None:
        return
    for left, right, among in _equalities(level):
        for one, other in ((left, right), (right, left)):
            if _owner(one, level) is table and (
                among is None or any(each is table for each in among)
            ):
                yield _owner(other, level) or GIVEN
    # (corpus_id, ...) IN (SELECT corpus_id, ...), from inside.
    around = level.find_ancestor(exp.In, *LEVELS)
    outside = _level(level)
    if isinstance(around, exp.In) and outside is not None and isinstance(level, exp.Select):
        keys = around.this.expressions if isinstance(around.this, exp.Tuple) else [around.this]
        for key, column in zip(keys, level.expressions, strict=False):
            if _owner(column, level) is table and isinstance(key, exp.Column) and key.name == KEY:
                yield _owner(key, outside) or GIVEN


Equality = tuple[exp.Expression, exp.Expression, list[exp.Table] | None]


def _equalities(level: exp.Expression) -> Iterator[Equality]:
    """What has to be equal, and of which tables that says something, where not of all."""
    where = level.args.get("where")
    if where is not None:
        yield from ((left, right, None) for left, right in _pairs(where.this))
    for join in level.find_all(exp.Join):
        if _level(join) is not level:
            continue
        # An outer join keeps the rows of its left side, whatever its condition says.
        among = _tables_of(join.this, level) if join.side else None
        if join.args.get("on") is not None:
            yield from ((left, right, among) for left, right in _pairs(join.args["on"]))
        if KEY in {column.name for column in join.args.get("using") or []}:
            for before in _before(join):
                yield before, join.this, among


def _before(join: exp.Join) -> list[exp.Expression]:
    """The sources to the left of a join."""
    parent = join.parent
    assert parent is not None
    siblings = parent.args["joins"]
    begin = parent.args.get("from_") or parent.args.get("from")
    first = begin.this if begin is not None else parent
    return [first, *(each.this for each in siblings[: join.index or 0])]


def _pairs(condition: exp.Expression) -> Iterator[tuple[exp.Expression, exp.Expression]]:
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        yield from _pairs(condition.left)
        yield from _pairs(condition.right)
    elif isinstance(condition, exp.EQ) or (
        isinstance(condition, exp.In) and condition.args.get("query") is None
    ):
        left = condition.this
        right = condition.args.get("expression")
        lefts = left.expressions if isinstance(left, exp.Tuple) else [left]
        same = isinstance(right, exp.Tuple) and isinstance(left, exp.Tuple)
        rights = right.expressions if same else [right or exp.Null()] * len(lefts)
        yield from zip(lefts, rights, strict=True)

    elif isinstance(condition, exp.In):
        select = condition.args["query"].find(exp.Select)
        keys = condition.this
        for key, column in zip(
            keys.expressions if isinstance(keys, exp.Tuple) else [keys],
            select.expressions,
            strict=False,
        ):
            yield key, _owner(column, select) or exp.Null()


def _tables_of(node: exp.Expression, level: exp.Expression) -> list[exp.Table]:
    return [table for table in node.find_all(exp.Table) if _level(table) is level]


def _owner(column: exp.Expression, level: exp.Expression) -> exp.Table | None:
    """The distributed table whose corpus this is; None for whatever else is given."""
    ctes = {cte.alias for cte in level.root().find_all(exp.CTE)}
    if isinstance(column, exp.Table):
        return column if _distributed(column) and column.name not in ctes else None
    while isinstance(column, exp.Cast | exp.Paren | exp.Alias):
        column = column.this
    if not isinstance(column, exp.Column) or column.name != KEY:
        return None
    at: exp.Expression | None = level
    while at is not None:
        sources = _tables_of(at, at)
        tables = [each for each in sources if each.name not in ctes and _distributed(each)]
        for table in tables:
            if column.table == table.alias_or_name or (not column.table and len(tables) == 1):
                return table
        if not column.table or column.table in {each.alias_or_name for each in sources}:
            return None
        at = _level(at)
    return None
