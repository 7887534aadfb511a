"""The statements of OpenEvolve's programs as members of a population."""

from __future__ import annotations

from sqlalchemy import text

from hegel_store.repositories.population_statements import EPOCH, SCOPE

# Whoever changes the population holds this row until the end of the transaction.
LOCK_STATE = text(
    """
    SELECT version, state FROM hegel_run_states
    WHERE corpus_id = :corpus_id AND run_id = :run_id
    FOR UPDATE
    """
)

# Narrow rows, as many as the population is large, however long the run; ordered so that every
# controller has the programs in the order in which they came.
LIVE = text(
    f"""
    SELECT member.profile_id, member.island, member.epoch,
           CASE WHEN member.holds_cell THEN member.cell_key END AS cell_key,
           profile.updated_at > profile.created_at AS annotated,
           member.population_metadata -> 'openevolve' AS details
    FROM hegel_profile_populations AS member
    JOIN hegel_prompt_profiles AS profile
      ON profile.corpus_id = member.corpus_id AND profile.id = member.profile_id
    WHERE {SCOPE.format(of="member.")} AND member.evicted_at IS NULL
      AND member.population_metadata ? 'openevolve'
    ORDER BY profile.version
    """
)

PROGRAMS = text(
    """
    SELECT id, source, metadata -> 'openevolve' AS details FROM hegel_prompt_profiles
    WHERE corpus_id = :corpus_id AND id = ANY (CAST(:profile_ids AS uuid[]))
    """
)

# On which island a program is or was, in which epoch, and the one that the island is in now.
STANDING = text(
    f"""
    SELECT member.island, member.epoch, coalesce(own.epoch, 0) AS current_epoch
    FROM hegel_profile_populations AS member
    LEFT JOIN hegel_population_islands AS own
      ON own.corpus_id = member.corpus_id AND own.task_type = member.task_type
     AND own.population = member.population AND own.island = member.island
    WHERE {SCOPE.format(of="member.")} AND member.profile_id = :profile_id
      AND member.population_metadata ? 'openevolve'
    """
)

INSERT = text(
    f"""
    INSERT INTO hegel_profile_populations (
        corpus_id, task_type, population, island, profile_id, epoch, fitness_score, objectives,
        generation, descriptor, cell_key, holds_cell, evicted_at, population_metadata)
    VALUES (
        :corpus_id, :task_type, :population, :island, :profile_id, coalesce(({EPOCH}), 0),
        CAST(:fitness AS float8), CAST(:objectives AS jsonb), :generation,
        CAST(:descriptor AS jsonb), CAST(:cell_key AS text), CAST(:cell_key AS text) IS NOT NULL,
        CASE WHEN :evicted THEN clock_timestamp() END, CAST(:metadata AS jsonb))
    """
)

# A cell that is lost keeps its name in the row, as the one that was held last.
CHANGE = text(
    f"""
    UPDATE hegel_profile_populations AS member SET
        cell_key = coalesce(change.cell_key, member.cell_key),
        holds_cell = change.cell_key IS NOT NULL,
        evicted_at = CASE WHEN change.evicted
                          THEN coalesce(member.evicted_at, clock_timestamp()) END,
        population_metadata = member.population_metadata || change.metadata,
        last_updated = clock_timestamp()
    FROM unnest(
        CAST(:profile_ids AS uuid[]), CAST(:islands AS int4[]), CAST(:cell_keys AS text[]),
        CAST(:evicted AS boolean[]), CAST(:metadata AS jsonb[])
    ) AS change (profile_id, island, cell_key, evicted, metadata)
    WHERE {SCOPE.format(of="member.")} AND member.island = change.island
      AND member.profile_id = change.profile_id
    """
)
