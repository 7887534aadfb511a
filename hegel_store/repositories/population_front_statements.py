"""The statements of Pareto fronts."""

from __future__ import annotations

from sqlalchemy import TextClause, text

from hegel_store.repositories.population_draw_statements import NARROW
from hegel_store.repositories.population_statements import SCOPE

# In order of the first objective, where a member that dominates another one is likely to be met
# early.
POINTS = """
    WITH point AS MATERIALIZED (
        SELECT member.island, member.profile_id, {values}
        FROM hegel_profile_populations AS member
        WHERE {scope} AND member.evicted_at IS NULL
          AND (CAST(:island AS int4) IS NULL OR member.island = CAST(:island AS int4))
          AND {numbers}
        ORDER BY value_0 DESC
    )
"""
DOMINATED = """
    SELECT point.*, EXISTS (
        SELECT FROM point AS other WHERE {none_worse} AND ({one_better})
    ) AS dominated
    FROM point
"""
# Of two objectives one sweep tells: along the first one, a member is dominated by the best second
# value of those before it, or by a better one of its equals.
SWEPT = """
    SELECT *, coalesce(
        max(value_1) OVER (
            ORDER BY value_0 DESC GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) >= value_1, false
    ) OR max(value_1) OVER (ORDER BY value_0 DESC) > value_1 AS dominated
    FROM point
"""


def front(objectives: int) -> TextClause:
    """The live members that no other one dominates, by so many objectives.

    Takes ``objectives`` (names) and ``signs`` (1 to maximise, -1 to minimise), as arrays.
    """
    return text(
        f"""
        {_points(objectives)}, best AS MATERIALIZED (
            SELECT * FROM ({_compared(objectives)}) AS compared WHERE NOT dominated
        )
        SELECT {NARROW}
        FROM best JOIN hegel_profile_populations AS member USING (island, profile_id)
        WHERE {SCOPE.format(of="member.")}
        ORDER BY {", ".join(f"best.value_{i} DESC" for i in range(objectives))},
                 member.profile_id, member.island
        """
    )


def prune(objectives: int) -> TextClause:
    """Evict the live members that another one dominates. Takes what front() takes."""
    return text(
        f"""
        {_points(objectives)}, dominated AS MATERIALIZED (
            SELECT island, profile_id FROM ({_compared(objectives)}) AS compared WHERE dominated
        )
        UPDATE hegel_profile_populations AS member
        SET evicted_at = clock_timestamp(), last_updated = clock_timestamp()
        FROM dominated
        WHERE {SCOPE.format(of="member.")} AND member.evicted_at IS NULL
          AND member.island = dominated.island AND member.profile_id = dominated.profile_id
        RETURNING member.island, member.profile_id
        """
    )


def _points(objectives: int) -> str:
    names = [f"(CAST(:objectives AS text[]))[{i + 1}]" for i in range(objectives)]
    return POINTS.format(
        scope=SCOPE.format(of="member."),
        values=", ".join(
            f"(CAST(:signs AS float8[]))[{i + 1}] * CAST(objectives ->> {name} AS float8)"
            f" AS value_{i}"
            for i, name in enumerate(names)
        ),
        numbers=" AND ".join(f"jsonb_typeof(objectives -> {name}) = 'number'" for name in names),
    )


def _compared(objectives: int) -> str:
    """The points, each with whether it is dominated."""
    if objectives == 2:
        return SWEPT
    values = [f"value_{i}" for i in range(objectives)]
    return DOMINATED.format(
        none_worse=" AND ".join(f"other.{value} >= point.{value}" for value in values),
        one_better=" OR ".join(f"other.{value} > point.{value}" for value in values),
    )
