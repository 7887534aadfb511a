"""The statements of islands: epochs, resets, migration, and how many siblings live."""

from __future__ import annotations

from sqlalchemy import text

from hegel_store.repositories.population_statements import ENTERED, EPOCH, ISLAND, SCOPE

READ_EPOCH = text(f"SELECT coalesce(({EPOCH}), 0) AS epoch")
ENTER = text(f"WITH {ENTERED.format(lock='SHARE')} SELECT epoch FROM entered")
HOLD = text(f"WITH {ENTERED.format(lock='UPDATE')} SELECT epoch FROM entered")

RAISE_EPOCH = text(
    """
    INSERT INTO hegel_population_islands AS own
        (corpus_id, task_type, population, island, epoch, reset_at)
    VALUES (:corpus_id, :task_type, :population, :island, 1, clock_timestamp())
    ON CONFLICT (corpus_id, task_type, population, island) DO UPDATE
        SET epoch = own.epoch + 1, reset_at = clock_timestamp()
    RETURNING epoch
    """
)

EVICT_ALL = text(
    f"""
    UPDATE hegel_profile_populations
    SET evicted_at = clock_timestamp(), last_updated = clock_timestamp()
    WHERE {ISLAND} AND evicted_at IS NULL
    """
)

# The same rows for all pairs, as of before anybody moved. Whoever is or was a member of the target
# stays what it is there.
MIGRATE = text(
    f"""
    WITH road AS (
        SELECT source, target, coalesce(own.epoch, 0) AS epoch
        FROM unnest(CAST(:sources AS int4[]), CAST(:targets AS int4[])) AS road (source, target)
        LEFT JOIN hegel_population_islands AS own
          ON {SCOPE.format(of="own.")} AND own.island = road.target
    )
    INSERT INTO hegel_profile_populations (
        corpus_id, task_type, population, island, profile_id, epoch, fitness_score, objectives,
        generation, descriptor, cell_key, population_metadata)
    SELECT CAST(:corpus_id AS text), CAST(:task_type AS text), CAST(:population AS text),
           target, profile_id, road.epoch, fitness_score, objectives, generation, descriptor,
           cell_key, population_metadata || jsonb_build_object('migrated_from', source)
    FROM road, LATERAL (
        SELECT * FROM hegel_profile_populations AS member
        WHERE {SCOPE.format(of="member.")} AND member.island = road.source
          AND evicted_at IS NULL AND fitness_score IS NOT NULL
        ORDER BY fitness_score DESC NULLS LAST, profile_id
        LIMIT :count
    ) AS migrant
    ORDER BY target, fitness_score DESC
    ON CONFLICT (corpus_id, task_type, population, island, profile_id) DO NOTHING
    RETURNING island, profile_id
    """
)

LIMIT_SIBLINGS = text(
    f"""
    WITH ranked AS (
        SELECT member.island, member.profile_id, row_number() OVER (
            PARTITION BY member.island, profile.base_profile_id
            ORDER BY fitness_score DESC NULLS LAST, member.profile_id
        ) AS place
        FROM hegel_profile_populations AS member
        JOIN hegel_prompt_profiles AS profile
          ON profile.corpus_id = member.corpus_id AND profile.id = member.profile_id
        WHERE {SCOPE.format(of="member.")} AND member.evicted_at IS NULL
          AND (CAST(:island AS int4) IS NULL OR member.island = CAST(:island AS int4))
          AND profile.base_profile_id IS NOT NULL
    ), crowded AS MATERIALIZED (
        SELECT island, profile_id FROM ranked WHERE place > :per_parent
    )
    UPDATE hegel_profile_populations AS member
    SET evicted_at = clock_timestamp(), last_updated = clock_timestamp()
    FROM crowded
    WHERE {SCOPE.format(of="member.")} AND member.evicted_at IS NULL
      AND member.island = crowded.island AND member.profile_id = crowded.profile_id
    RETURNING member.island, member.profile_id
    """
)
