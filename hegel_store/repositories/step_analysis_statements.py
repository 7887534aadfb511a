"""The statements that add rewards up, built without a session."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Double,
    Numeric,
    Select,
    Subquery,
    cast,
    func,
    or_,
    select,
    true,
)

from hegel_store.schema import training_steps

STEPS = training_steps.c


def _where(
    since: datetime | None,
    until: datetime | None,
    corpus_id: str | None,
    task_type: str | None,
    step_type: str | None,
) -> list[ColumnElement[bool]]:
    """The conditions for steps of since <= time < until."""
    conditions = [] if since is None else [STEPS.created_at >= since]
    if until is not None:
        conditions.append(STEPS.created_at < until)
    for column, value in (
        (STEPS.corpus_id, corpus_id),
        (STEPS.task_type, task_type),
        (STEPS.step_type, step_type),
    ):
        if value is not None:
            conditions.append(column == value)
    return conditions


def _totals() -> tuple[ColumnElement[Any], ...]:
    return (
        func.avg(STEPS.reward).label("average_reward"),
        func.count().label("steps"),
        func.count(STEPS.reward).label("rewards"),
        func.stddev_samp(STEPS.reward).label("standard_deviation"),
    )


def compare(
    first: UUID,
    second: UUID,
    since: datetime | None,
    until: datetime | None,
    corpus_id: str,
    task_type: str | None,
    step_type: str | None,
) -> Select[Any]:
    """One row: the pairs' differences added up, and the totals of each profile, as first_...

    Sums are exact decimals, to the 15 digits of each reward, and means are compared by
    multiplying: as floats, the mean of 0.1 three times would not be that of 0.1 once.
    """
    conditions = _where(since, until, corpus_id, task_type, step_type)
    reward = cast(STEPS.reward, Numeric)
    by_first, by_second = STEPS.old_profile_id == first, STEPS.old_profile_id == second
    query = (
        select(
            func.sum(reward).filter(by_first).label("first_sum"),
            func.count(reward).filter(by_first).label("first_count"),
            func.sum(reward).filter(by_second).label("second_sum"),
            func.count(reward).filter(by_second).label("second_count"),
        )
        .where(*conditions, or_(by_first, by_second))
        .group_by(STEPS.task_type, STEPS.query)
        .subquery("query")
    ).c
    gain = query.second_sum * query.first_count - query.first_sum * query.second_count
    pair = (
        select(
            gain.label("gain"),
            cast(gain / (query.first_count * query.second_count), Double).label("difference"),
        )
        .where(query.first_count > 0, query.second_count > 0)
        .subquery("pair")
    ).c
    paired = select(
        func.count().label("pairs"),
        func.count().filter(pair.gain > 0).label("wins"),
        func.count().filter(pair.gain == 0).label("ties"),
        func.count().filter(pair.gain < 0).label("losses"),
        func.avg(pair.difference).label("mean_difference"),
        func.stddev_samp(pair.difference).label("standard_deviation"),
    ).subquery("paired")

    def totals(profile: UUID, name: str) -> Subquery:
        return (
            select(*(column.label(f"{name}_{column.name}") for column in _totals()))
            .where(*conditions, STEPS.old_profile_id == profile)
            .subquery(name)
        )

    one, other = totals(first, "first"), totals(second, "second")
    return select(paired, one, other).select_from(paired.join(one, true()).join(other, true()))


def moving_average(
    corpus_id: str,
    task_type: str,
    window: int,
    since: datetime | None,
    until: datetime | None,
    step_type: str | None,
) -> Select[Any]:
    """Each step with the mean of the last ``window`` rewards up to it, in order of time.

    Steps are numbered by how many rewards there are up to them, and the window is a range of these
    numbers: one without a reward has the number of the last one that has. Decimals, unlike floats,
    can be taken out of a sum again, so that a long window costs no more than a short one.
    """
    in_time = (STEPS.created_at, STEPS.id)
    numbered = (
        select(*in_time, STEPS.reward, func.count(STEPS.reward).over(order_by=in_time).label("nth"))
        .where(*_where(since, until, corpus_id, task_type, step_type))
        .subquery("numbered")
    )
    average = func.avg(cast(numbered.c.reward, Numeric)).over(
        order_by=numbered.c.nth, range_=(1 - window, 0)
    )
    return select(
        numbered.c.created_at,
        numbered.c.id.label("step_id"),
        numbered.c.reward,
        cast(average, Double).label("average"),
        func.least(numbered.c.nth, window).label("averaged"),
    ).order_by(numbered.c.created_at, numbered.c.id)
