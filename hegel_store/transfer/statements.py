"""The statements of exporting and importing scopes.

Names of columns come from the tables. What a file holds lies in temporary tables (``incoming``)
when it is compared and stored, so that each question is one statement, however long the file is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    Exists,
    FromClause,
    Select,
    Text,
    and_,
    cast,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert
from sqlalchemy.dialects.postgresql.dml import Insert as PostgresInsert
from sqlalchemy.sql.dml import Update

from hegel_store.transfer.tables import (
    ALIASES,
    MOVES,
    PARENTS,
    PROFILES,
    SCOPES,
    TABLES,
    Carried,
)

INCOMING_ALIASES = ALIASES.incoming.c
INCOMING_MOVES = MOVES.incoming.c


def same(names: Sequence[str], one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Both have the same values in these columns."""
    return and_(*(one.c[name] == other.c[name] for name in names))


def scopes_reached(corpus_id: str, task_type: str) -> Select[Any]:
    """The task types that a scope cannot do without: its own, and those of the profiles that it
    names, and that these name."""
    links = _links(corpus_id)
    # From a row of a table, so that the collation is that of the column.
    reached = select(func.min(SCOPES.table.c.task_type).label("task_type")).where(
        SCOPES.table.c.corpus_id == corpus_id, SCOPES.table.c.task_type == task_type
    )
    walk = reached.cte("reached", recursive=True)
    walk = walk.union(select(links.c.there).join(walk, links.c.here == walk.c.task_type))
    found = walk.c.task_type
    return select(found).where(found.is_not(None)).order_by(found)


def _links(corpus_id: str) -> FromClause:
    """From which scope of a corpus rows name profiles of which other one."""
    pairs = []
    for carried in TABLES.values():
        rows = carried.table
        for name in carried.references:
            named = PROFILES.table.alias()
            start: FromClause = rows
            here = rows.c.get("task_type", named.c.task_type)
            found = (named.c.corpus_id == rows.c.corpus_id) & (named.c.id == rows.c[name])
            if carried is PARENTS:
                child = PROFILES.table.alias()
                here = child.c.task_type
                start = rows.join(
                    child,
                    (child.c.corpus_id == rows.c.corpus_id) & (child.c.id == rows.c.profile_id),
                )
            pairs.append(
                select(here.label("here"), named.c.task_type.label("there"))
                .select_from(start.join(named, found))
                .where(rows.c.corpus_id == corpus_id, here != named.c.task_type)
            )
    return union(*pairs).cte("links")


def count(carried: Carried, corpus_id: str, task_types: Sequence[str]) -> Select[Any]:
    """How many rows of a table these scopes have."""
    return _of_scopes(carried, select(func.count()), corpus_id, task_types)


def rows_of(carried: Carried, corpus_id: str, task_types: Sequence[str]) -> Select[Any]:
    """The rows of these scopes but for the corpus, documents as their text, in the order of the
    key; profiles in the order of their versions."""
    shown = [
        cast(column, Text).label(column.name) if isinstance(column.type, JSONB) else column
        for column in carried.columns
        if column.name != "corpus_id"
    ]
    order = ["task_type", "version", "id"] if carried is PROFILES else carried.key
    chosen = _of_scopes(carried, select(*shown), corpus_id, task_types)
    return chosen.order_by(*(carried.table.c[name] for name in order))


def _of_scopes(
    carried: Carried, chosen: Select[Any], corpus_id: str, task_types: Sequence[str]
) -> Select[Any]:
    rows, profiles = carried.table, PROFILES.table
    owner = rows
    if carried is PARENTS:
        owner = profiles
        chosen = chosen.join_from(
            rows,
            profiles,
            (profiles.c.corpus_id == rows.c.corpus_id) & (profiles.c.id == rows.c.profile_id),
        )
    else:
        chosen = chosen.select_from(rows)
    return chosen.where(rows.c.corpus_id == corpus_id, owner.c.task_type.in_(task_types))


def copy_in(carried: Carried) -> str:
    """The statement that takes the rows of a file."""
    names = ", ".join(column.name for column in carried.incoming.columns)
    return f"COPY {carried.incoming.name} ({names}) FROM STDIN"


def repeated(carried: Carried, names: Sequence[str]) -> Select[Any]:
    """The line of a row whose key another line has."""
    keys = [carried.incoming.c[name] for name in names]
    line = func.max(carried.incoming.c.line)
    return select(line).group_by(*keys).having(func.count() > 1).order_by(line).limit(1)


def unresolved(carried: Carried, name: str) -> Select[Any]:
    """A row that names a profile which is neither in the file nor in the corpus."""
    rows, beside = carried.incoming, PROFILES.incoming.alias()
    wanted = rows.c[name]
    return (
        select(rows.c.line, wanted.label("profile_id"))
        .where(
            wanted.is_not(None),
            ~exists().where(beside.c.id == wanted),
            ~exists().where(
                PROFILES.table.c.corpus_id == rows.c.corpus_id, PROFILES.table.c.id == wanted
            ),
        )
        .order_by(rows.c.line)
        .limit(1)
    )


def stray_parent() -> Select[Any]:
    """A parent of a profile that the file does not bring."""
    rows = PARENTS.incoming
    return (
        select(rows.c.line, rows.c.profile_id)
        .where(~exists().where(PROFILES.incoming.c.id == rows.c.profile_id))
        .order_by(rows.c.line)
        .limit(1)
    )


def take_scopes() -> Insert:
    """Take the counters of the scopes along, and keep their writers waiting until the end."""
    scopes, rows = SCOPES.table, SCOPES.incoming
    names = [column.name for column in SCOPES.columns]
    given = select(*(rows.c[name] for name in names)).order_by(*(rows.c[n] for n in SCOPES.key))
    taking: PostgresInsert = insert(scopes).from_select(names, given)
    return taking.on_conflict_do_update(
        index_elements=list(SCOPES.key),
        set_={
            name: func.greatest(scopes.c[name], taking.excluded[name]) for name in SCOPES.changing
        },
    )


def taken_version() -> Select[Any]:
    """A version of the file that another profile has."""
    rows, ours = PROFILES.incoming, PROFILES.table
    return (
        select(rows.c.line, rows.c.task_type, rows.c.version, rows.c.id, ours.c.id.label("found"))
        .where(same(("corpus_id", "task_type", "version"), rows, ours), ours.c.id != rows.c.id)
        .order_by(rows.c.line)
        .limit(1)
    )


def differing(carried: Carried) -> Select[Any]:
    """A row that is there already, and differs in a column that never changes."""
    rows, ours = carried.incoming, carried.table
    differs = {name: ours.c[name].is_distinct_from(rows.c[name]) for name in carried.fixed}
    return (
        select(rows.c.line, *(found.label(name) for name, found in differs.items()))
        .where(same(carried.key, rows, ours), or_(*differs.values()))
        .order_by(rows.c.line)
        .limit(1)
    )


def other_parents() -> Select[Any]:
    """A profile that is there already, and has more or fewer parents there."""
    profiles, ours, theirs = PROFILES.incoming, PARENTS.table, PARENTS.incoming
    there = exists().where(same(PROFILES.key, PROFILES.table, profiles))
    more = exists().where(
        ours.c.corpus_id == profiles.c.corpus_id,
        ours.c.profile_id == profiles.c.id,
        ~exists().where(same(PARENTS.key, theirs, ours)),
    )
    fewer = exists().where(
        theirs.c.profile_id == profiles.c.id,
        ~exists().where(same(PARENTS.key, ours, theirs)),
    )
    return (
        select(profiles.c.line, profiles.c.id)
        .where(there, or_(more, fewer))
        .order_by(profiles.c.line)
        .limit(1)
    )


def is_new(carried: Carried) -> ColumnElement[bool]:
    """The incoming row is not there yet."""
    return ~exists().where(same(carried.key, carried.table, carried.incoming))


def add(carried: Carried) -> Insert:
    """Store the rows that are not there."""
    rows = carried.incoming
    names = [column.name for column in carried.columns]
    given = select(*(rows.c[name] for name in names))
    if carried is ALIASES:
        # One whose moves are all known, and which is gone, was dropped here.
        given = given.where(or_(not_(_has_moves(rows)), _has_new_moves(rows)))
    statement: PostgresInsert = insert(carried.table).from_select(
        names, given.order_by(rows.c.line)
    )
    return statement.on_conflict_do_nothing(index_elements=list(carried.key))


def refresh(carried: Carried) -> Update:
    """Change the rows that the file has in a newer state."""
    rows, ours = carried.incoming, carried.table
    newer = rows.c[str(carried.changed_at)] > ours.c[str(carried.changed_at)]
    return (
        update(ours)
        .values({name: rows.c[name] for name in carried.changing})
        .where(same(carried.key, rows, ours), newer)
    )


def _moves_of(alias: FromClause) -> ColumnElement[bool]:
    return same(ALIASES.key, MOVES.incoming, alias)


def _has_moves(alias: FromClause) -> Exists:
    """The file has a history of this alias."""
    return exists().where(_moves_of(alias))


def _has_new_moves(alias: FromClause) -> Exists:
    """The file has moves of this alias that are not there."""
    return exists().where(_moves_of(alias), is_new(MOVES))


def _was_passed(alias: FromClause) -> Exists:
    """Where an alias points is a point of the file's history of it."""
    here = alias.c.profile_id
    return exists().where(
        _moves_of(alias),
        or_(INCOMING_MOVES.to_profile_id == here, INCOMING_MOVES.from_profile_id == here),
    )


def hold_aliases() -> Select[Any]:
    """Keep those who would move these aliases waiting until the end."""
    ours = ALIASES.table
    named = or_(exists().where(same(ALIASES.key, ALIASES.incoming, ours)), _has_moves(ours))
    return select(ours.c.alias).where(named).order_by(*ours.primary_key).with_for_update()


def alias_elsewhere() -> Select[Any]:
    """An alias that points at something which it did not point at where the file comes from.

    One that knows all moves of the file may have gone on since.
    """
    ours, theirs = ALIASES.table, ALIASES.incoming
    line = func.coalesce(
        theirs.c.line,
        select(func.max(INCOMING_MOVES.line)).where(_moves_of(ours)).scalar_subquery(),
    )
    return (
        select(line.label("line"), ours.c.task_type, ours.c.alias, ours.c.profile_id)
        .select_from(ours.outerjoin(theirs, same(ALIASES.key, theirs, ours)))
        .where(
            or_(theirs.c.alias.is_not(None), _has_moves(ours)),
            theirs.c.profile_id.is_distinct_from(ours.c.profile_id),
            or_(not_(_has_moves(ours)), _has_new_moves(ours)),
            not_(_was_passed(ours)),
        )
        .order_by(line)
        .limit(1)
    )


def move_aliases() -> Update:
    """Let aliases go on to where the file has them."""
    ours, theirs = ALIASES.table, ALIASES.incoming
    return (
        update(ours)
        .values({name: theirs.c[name] for name in ALIASES.changing})
        .where(
            same(ALIASES.key, theirs, ours),
            theirs.c.profile_id != ours.c.profile_id,
            _has_new_moves(ours),
        )
    )


def drop_aliases() -> Delete:
    """Drop aliases that were dropped where the file comes from."""
    ours = ALIASES.table
    return delete(ours).where(
        _has_new_moves(ours), ~exists().where(same(ALIASES.key, ALIASES.incoming, ours))
    )


COMPARED: Sequence[Carried] = (PROFILES, PARENTS, MOVES)
"""Whose rows never change once they are stored, or only in part."""
ADDED: Sequence[Carried] = tuple(each for each in TABLES.values() if each is not SCOPES)
"""In an order in which each finds what it names."""
