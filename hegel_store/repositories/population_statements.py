"""The statements of single members: adding, scoring, evicting, and who is fittest."""

from __future__ import annotations

from sqlalchemy import text

RETURNED = """
    corpus_id, task_type, population, island, profile_id, epoch, fitness_score AS fitness,
    objectives, generation, selection_count, children_count, descriptor, cell_key, holds_cell,
    evicted_at, population_metadata AS metadata, last_updated
"""
SCOPE = """
    {of}corpus_id = :corpus_id AND {of}task_type = :task_type AND {of}population = :population
"""
ISLAND = SCOPE.format(of="") + "AND island = :island"
KEY = ISLAND + " AND profile_id = :profile_id"

EPOCH = f"SELECT epoch FROM hegel_population_islands WHERE {ISLAND}"

# The row of the island, made where there is none, with a lock until the end of the transaction:
# shared with others who only need the epoch to stay. No row comes back where somebody else's is
# just being made; by the next statement it is there.
ENTERED = f"""
    seen AS ({EPOCH} FOR {{lock}}),
    made AS (
        INSERT INTO hegel_population_islands (corpus_id, task_type, population, island)
        SELECT CAST(:corpus_id AS text), CAST(:task_type AS text), CAST(:population AS text),
               CAST(:island AS int4)
        WHERE NOT EXISTS (SELECT FROM seen)
        ON CONFLICT DO NOTHING
        RETURNING epoch
    ),
    entered AS (SELECT epoch FROM seen UNION ALL SELECT epoch FROM made)
"""

COLUMNS = """
    corpus_id, task_type, population, island, profile_id, fitness_score, objectives, generation,
    descriptor, cell_key, population_metadata, epoch
"""
VALUES = """
    CAST(:corpus_id AS text), CAST(:task_type AS text), CAST(:population AS text),
    CAST(:island AS int4), CAST(:profile_id AS uuid), CAST(:fitness AS float8),
    CAST(:objectives AS jsonb), coalesce(CAST(:generation AS int4), 1),
    CAST(:descriptor AS jsonb), CAST(:cell_key AS text), CAST(:metadata AS jsonb)
"""
# What is not given is left as it was.
KEPT = """
    fitness_score = coalesce(excluded.fitness_score, member.fitness_score),
    objectives = member.objectives || excluded.objectives,
    generation = coalesce(CAST(:generation AS int4), member.generation),
    descriptor = member.descriptor || excluded.descriptor,
    cell_key = coalesce(excluded.cell_key, member.cell_key),
    population_metadata = member.population_metadata || excluded.population_metadata,
    epoch = excluded.epoch,
    last_updated = clock_timestamp()
"""

# Being added again ends an eviction. Whoever held a cell then or is given another one holds none:
# that is decided by placing alone.
ADD_TEMPLATE = f"""
    {{entered}}
    INSERT INTO hegel_profile_populations AS member ({COLUMNS})
    SELECT {VALUES}, {{epoch}}
    ON CONFLICT (corpus_id, task_type, population, island, profile_id) DO UPDATE SET
        {KEPT},
        evicted_at = NULL,
        holds_cell = member.holds_cell AND member.evicted_at IS NULL
            AND coalesce(excluded.cell_key = member.cell_key, true)
    RETURNING {RETURNED}
"""
ADD = text(ADD_TEMPLATE.format(entered="", epoch=f"coalesce(({EPOCH}), 0)"))
ADD_IN_EPOCH = text(
    ADD_TEMPLATE.format(
        entered=f"WITH {ENTERED.format(lock='SHARE')}",
        epoch="entered.epoch FROM entered WHERE entered.epoch = CAST(:epoch AS int4)",
    )
)

RECORD_TEMPLATE = f"""
    UPDATE hegel_profile_populations SET
        fitness_score = CAST(:fitness AS float8),
        objectives = objectives || CAST(:objectives AS jsonb),
        last_updated = clock_timestamp()
    WHERE {KEY} {{where}}
    RETURNING {RETURNED}
"""
RECORD_FITNESS = text(RECORD_TEMPLATE.format(where=""))
RECORD_FITNESS_IN_EPOCH = text(
    RECORD_TEMPLATE.format(where=f"AND coalesce(({EPOCH}), 0) = CAST(:epoch AS int4)")
)

EVICT = text(
    f"""
    UPDATE hegel_profile_populations SET
        evicted_at = coalesce(evicted_at, clock_timestamp()), last_updated = clock_timestamp()
    WHERE {KEY}
    RETURNING {RETURNED}
    """
)

# A profile that lives on several islands counts once, where it is fittest. Asking of each member
# whether the same profile does better elsewhere keeps the walk of the fitness index, which stops
# at the limit; DISTINCT ON would read the whole scope first. NULLS LAST, though no score is null
# here, because the index is in that order and would not be used otherwise.
FITTEST = """
    SELECT {returned}
    FROM hegel_profile_populations AS member
    WHERE corpus_id = :corpus_id AND task_type = :task_type AND population = :population
      AND evicted_at IS NULL AND fitness_score IS NOT NULL
      {where}
    ORDER BY fitness_score DESC NULLS LAST, profile_id
    LIMIT :limit
"""
FITTEST_ON_ISLAND = text(FITTEST.format(returned=RETURNED, where="AND island = :island"))
FITTEST_ANYWHERE = text(
    FITTEST.format(
        returned=RETURNED,
        where="""AND NOT EXISTS (
          SELECT FROM hegel_profile_populations AS other
          WHERE other.corpus_id = member.corpus_id AND other.profile_id = member.profile_id
            AND other.task_type = member.task_type AND other.population = member.population
            AND other.evicted_at IS NULL
            AND (other.fitness_score > member.fitness_score
                 OR other.fitness_score = member.fitness_score AND other.island < member.island)
      )""",
    )
)

# One row for each parent, in the order in which everybody locks them.
COUNT_CHILDREN = text(
    f"""
    WITH parents AS (
        SELECT profile_id, count(*) AS children
        FROM unnest(CAST(:parents AS uuid[])) AS parent (profile_id) GROUP BY profile_id
    ), locked AS MATERIALIZED (
        SELECT member.profile_id, parents.children
        FROM hegel_profile_populations AS member JOIN parents USING (profile_id)
        WHERE {ISLAND}
        ORDER BY member.profile_id
        FOR NO KEY UPDATE OF member
    )
    UPDATE hegel_profile_populations AS member
    SET children_count = children_count + locked.children, last_updated = clock_timestamp()
    FROM locked
    WHERE {SCOPE.format(of="member.")} AND island = :island
      AND member.profile_id = locked.profile_id
    """
)
