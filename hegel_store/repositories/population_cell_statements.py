"""The statements of MAP-Elites cells: who holds one, and which cells there are."""

from __future__ import annotations

from sqlalchemy import text

from hegel_store.repositories.population_statements import (
    COLUMNS,
    ISLAND,
    KEPT,
    RETURNED,
    SCOPE,
    VALUES,
)

# The former holder is evicted before the new one is written (it is counted for that), or the
# unique index would see two.
PLACE = text(
    f"""
    WITH holder AS (
        SELECT profile_id, fitness_score FROM hegel_profile_populations
        WHERE {ISLAND} AND cell_key = :cell_key AND holds_cell AND evicted_at IS NULL
          AND profile_id <> :profile_id
    ), beaten AS (
        UPDATE hegel_profile_populations AS member SET
            evicted_at = clock_timestamp(), holds_cell = false, last_updated = clock_timestamp()
        FROM holder
        WHERE {SCOPE.format(of="member.")} AND member.island = :island
          AND member.profile_id = holder.profile_id
          AND coalesce(holder.fitness_score < CAST(:fitness AS float8), true)
        RETURNING member.profile_id
    ), verdict AS MATERIALIZED (
        SELECT (SELECT count(*) FROM beaten) = (SELECT count(*) FROM holder) AS placed
    )
    INSERT INTO hegel_profile_populations AS member
        ({COLUMNS}, holds_cell, evicted_at)
    SELECT {VALUES}, CAST(:epoch AS int4), placed,
           CASE WHEN NOT placed THEN clock_timestamp() END
    FROM verdict
    ON CONFLICT (corpus_id, task_type, population, island, profile_id) DO UPDATE SET
        {KEPT},
        holds_cell = excluded.holds_cell,
        evicted_at = CASE WHEN NOT excluded.holds_cell
                          THEN coalesce(member.evicted_at, excluded.evicted_at) END
    RETURNING {RETURNED}, (SELECT profile_id FROM beaten) AS replaced
    """
)

HELD = text(
    f"""
    SELECT {RETURNED} FROM hegel_profile_populations
    WHERE {ISLAND} AND holds_cell AND evicted_at IS NULL
    ORDER BY cell_key
    """
)

RELEASE = text(
    f"""
    UPDATE hegel_profile_populations SET holds_cell = false
    WHERE {ISLAND} AND holds_cell AND evicted_at IS NULL
    RETURNING profile_id
    """
)

# The range is that of all whom this epoch has seen, evicted or not, as a running range would be.
# A quotient too small for a float would be an error; with MAX_BINS it is the first bin anyway.
REBIN = text(
    f"""
    WITH feature AS (
        SELECT name, bins, place
        FROM unnest(CAST(:names AS text[]), CAST(:bins AS int4[]))
            WITH ORDINALITY AS feature (name, bins, place)
    ), measured AS (
        SELECT member.profile_id, member.fitness_score, feature.place, feature.bins,
               CAST(member.descriptor ->> feature.name AS float8) AS value
        FROM hegel_profile_populations AS member, feature
        WHERE {SCOPE.format(of="member.")} AND member.island = :island AND member.epoch = :epoch
          AND jsonb_typeof(member.descriptor -> feature.name) = 'number'
    ), ranged AS (
        SELECT *, min(value) OVER feature AS low, max(value) OVER feature AS high
        FROM measured WINDOW feature AS (PARTITION BY place)
    ), cell AS (
        SELECT profile_id, fitness_score, string_agg(
            CAST(least(bins - 1, CASE
                WHEN low = high THEN floor(0.5 * bins)
                WHEN value - low < 1e-7 * (high - low) THEN 0
                ELSE floor((value - low) / (high - low) * bins) END) AS text),
            '-' ORDER BY place) AS cell_key
        FROM ranged
        WHERE profile_id = ANY(CAST(:holders AS uuid[]))
        GROUP BY profile_id, fitness_score
        HAVING count(*) = (SELECT count(*) FROM feature)
    ), ranked AS (
        SELECT profile_id, cell_key, row_number() OVER (
            PARTITION BY cell_key ORDER BY fitness_score DESC NULLS LAST, profile_id) = 1 AS best
        FROM cell
    )
    UPDATE hegel_profile_populations AS member SET
        cell_key = ranked.cell_key,
        holds_cell = ranked.best,
        evicted_at = CASE WHEN NOT ranked.best THEN clock_timestamp() END,
        last_updated = clock_timestamp()
    FROM ranked
    WHERE {SCOPE.format(of="member.")} AND member.island = :island
      AND member.profile_id = ranked.profile_id
    """
)
