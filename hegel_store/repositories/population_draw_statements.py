"""The statements of selection: drawing members at random, and counting who was selected.

The caller gives all random numbers, each in [0, 1), so that equal seeds make equal choices.

Drawing one of n members in a time that does not depend on n: the hash of a profile's id puts the
members of an island on a line of 2**32 points, evenly. A draw picks an island, a window on its line
that is as wide as WINDOW members of the densest island usually are, and a slot from 0 to SLOTS - 1;
it yields the member in that slot of the window, or nobody (rejection sampling). All windows are of
one width and all slots as likely, so every member of every island is as likely to be drawn as any
other, but for windows with more than SLOTS members, which are rarer than one in a million.
Where no island has PROBE members the window is the whole line, with a slot for each.

Drawing by weight is drawing and keeping each with the chance of its weight to the largest one, so
that what is kept is as likely as its weight, however many draws were made.
"""

from __future__ import annotations

from sqlalchemy import text

from hegel_store.repositories.population_statements import SCOPE

PROBE = 64
WINDOW = 16
SLOTS = 44
ACCEPTED = WINDOW / SLOTS
"""The share of draws that yield a member where islands are equal and of PROBE members or more."""

POINTS = 2**32
LIVE = "evicted_at IS NULL AND fitness_score IS NOT NULL"
NARROW = """
    member.profile_id, member.island, member.epoch, member.generation,
    member.fitness_score AS fitness, member.selection_count, member.children_count
"""

# One step of the index for each island, instead of one for each member.
EVERY_ISLAND = f"""
    SELECT min(island) AS island FROM hegel_profile_populations
    WHERE {SCOPE.format(of="")} AND {LIVE}
    UNION ALL
    SELECT (SELECT min(member.island) FROM hegel_profile_populations AS member
            WHERE {SCOPE.format(of="member.")} AND {LIVE} AND member.island > islands.island)
    FROM islands WHERE islands.island IS NOT NULL
"""
ONE_ISLAND = "SELECT CAST(:island AS int4) AS island"

DRAWN = f"""
    WITH RECURSIVE islands (island) AS ({{islands}}), {{weighing}}
    probed AS MATERIALIZED (
        SELECT islands.island, members, reach
        FROM islands, LATERAL (
            SELECT count(*) AS members, max(point) + {POINTS // 2} AS reach
            FROM (
                SELECT CAST(uuid_hash(profile_id) AS int8) AS point
                FROM hegel_profile_populations AS member
                WHERE {SCOPE.format(of="member.")} AND member.island = islands.island AND {LIVE}
                ORDER BY uuid_hash(profile_id)
                LIMIT {PROBE}
            ) AS first
        ) AS probe
        WHERE members > 0
    ), line AS MATERIALIZED (
        SELECT array_agg(island ORDER BY island) AS islands,
               CASE WHEN max(members) < {PROBE} THEN max(members) ELSE {SLOTS} END AS slots,
               CASE WHEN max(members) < {PROBE} THEN 0 ELSE least(
                   min(reach) FILTER (WHERE members = {PROBE}) * {WINDOW} / {PROBE}, {POINTS}
               ) END AS width
        FROM probed
    ), draw AS MATERIALIZED (
        SELECT number, islands[1 + floor(given.island * cardinality(islands))::int4] AS island,
               CASE WHEN width = 0 THEN {-POINTS // 2}
                    ELSE {-POINTS // 2} - width + floor(given.start * ({POINTS} + width))::int8
               END AS first,
               CASE WHEN width = 0 THEN {POINTS} ELSE width END AS width,
               floor(given.slot * slots)::int4 AS slot
        FROM line, unnest(
            CAST(:islands AS float8[]), CAST(:starts AS float8[]), CAST(:slots AS float8[])
        ) WITH ORDINALITY AS given (island, start, slot, number)
    ), drawn AS MATERIALIZED (
        SELECT island, profile_id, fitness_score, row_number() OVER (ORDER BY number) - 1 AS place
        FROM (
            SELECT found.*, draw.number
            FROM (SELECT * FROM draw ORDER BY number) AS draw, LATERAL (
                SELECT member.island, member.profile_id, member.fitness_score
                FROM hegel_profile_populations AS member
                WHERE {SCOPE.format(of="member.")} AND member.island = draw.island AND {LIVE}
                  AND uuid_hash(member.profile_id) >= draw.first
                  AND uuid_hash(member.profile_id) < draw.first + draw.width
                ORDER BY uuid_hash(member.profile_id)
                OFFSET draw.slot LIMIT 1
            ) AS found
            WHERE {{kept}}
            ORDER BY draw.number LIMIT :count * :size
        ) AS enough
    ), chosen AS MATERIALIZED (
        SELECT DISTINCT ON (place / :size) place / :size AS turn, island, profile_id
        FROM drawn
        WHERE place / :size < least(:count, (SELECT count(*) FROM drawn) / :size)
        ORDER BY place / :size, fitness_score DESC, profile_id, island
    )
"""

# Counted in one order, so that two who count the same members do not wait for each other in a
# circle; and by what the counters are, so that none of them is lost.
COUNTED = f"""
    , once AS MATERIALIZED (
        SELECT member.island, member.profile_id, times
        FROM hegel_profile_populations AS member
        JOIN (SELECT island, profile_id, count(*) AS times FROM chosen GROUP BY 1, 2) AS counts
          USING (island, profile_id)
        WHERE {SCOPE.format(of="member.")} AND member.evicted_at IS NULL
        ORDER BY member.island, member.profile_id
        FOR NO KEY UPDATE OF member
    ), counted AS (
        UPDATE hegel_profile_populations AS member
        SET selection_count = selection_count + once.times, last_updated = clock_timestamp()
        FROM once
        WHERE {SCOPE.format(of="member.")} AND member.evicted_at IS NULL
          AND member.island = once.island AND member.profile_id = once.profile_id
        RETURNING {NARROW}
    )
    SELECT counted.* FROM chosen JOIN counted USING (island, profile_id) ORDER BY turn
"""

ANYBODY = text(
    f"""
    SELECT EXISTS (
        SELECT FROM hegel_profile_populations AS member
        WHERE {SCOPE.format(of="member.")} AND {LIVE}
          AND (CAST(:island AS int4) IS NULL OR member.island = CAST(:island AS int4))
    ) AS found
    """
)
TOURNAMENT = text(DRAWN.format(islands=EVERY_ISLAND, weighing="", kept="true") + COUNTED)
TOURNAMENT_ON_ISLAND = text(DRAWN.format(islands=ONE_ISLAND, weighing="", kept="true") + COUNTED)

MEMBERS = f"""
    SELECT member.island, member.profile_id, member.fitness_score AS fitness,
           member.selection_count, member.children_count
    FROM hegel_profile_populations AS member
    WHERE {SCOPE.format(of="member.")} AND {LIVE}
      AND (CAST(:island AS int4) IS NULL OR member.island = CAST(:island AS int4))
"""

FITTEST = text(
    f"""
    WITH chosen AS MATERIALIZED (
        SELECT island, profile_id, turn
        FROM (
            {MEMBERS} ORDER BY fitness_score DESC NULLS LAST, profile_id, island LIMIT 1
        ) AS fittest, generate_series(1, :count) AS turn
    ) {COUNTED}
    """
)

# Scores are scaled by 2**-40, which is exact and leaves room for their sums; those next to nothing
# count as nothing. What would be too large or too small for a float is an error in PostgreSQL.
SCALE = f"CASE WHEN abs({{fitness}}) < 1e-200 THEN 0 ELSE {{fitness}} * {2.0**-40} END"
SCALED = f"""
    SELECT island, profile_id, fitness, children_count, {SCALE.format(fitness="fitness")} AS score
    FROM member
"""
SHIFTED = f"""
    SELECT *, CASE WHEN high = low THEN 1 ELSE score - low END AS weight
    FROM (
        SELECT *, min(score) OVER () AS low, max(score) OVER () AS high FROM ({SCALED}) AS scaled
    ) AS ranged
"""
# The logistic function is (1 + tanh(x / 2)) / 2. It is flat beyond a million deviations.
LOGISTIC = """
    (1 + tanh(0.5 * CAST(:sharpness AS float8) * CASE
        WHEN abs({score} - median) > 1e6 * spread THEN sign({score} - median) * 1e6
        WHEN abs({score} - median) < 1e-9 * spread THEN 0
        ELSE ({score} - median) / spread END))
"""
SPREAD = f"""
    SELECT median, greatest(
        percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(score - median)), {1e-6 * 2.0**-40}
    ) AS spread
    FROM ({SCALED}) AS scaled, (
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY score) AS median
        FROM ({SCALED}) AS scaled
    ) AS middle
    GROUP BY median
"""
SIGMOID = f"""
    SELECT scaled.*, {LOGISTIC.format(score="score")} / (1 + children_count) AS weight
    FROM ({SCALED}) AS scaled, ({SPREAD}) AS spread
"""
PROPORTIONAL = f"""
    WITH member AS MATERIALIZED ({MEMBERS}), weighted AS ({{weights}}),
    wheel AS MATERIALIZED (
        SELECT island, profile_id,
               sum(weight) OVER (ORDER BY fitness DESC, profile_id, island) AS until,
               sum(weight) OVER () AS total
        FROM weighted WHERE weight > 0
    ), chosen AS MATERIALIZED (
        SELECT turn, island, profile_id
        FROM unnest(CAST(:points AS float8[])) WITH ORDINALITY AS spin (point, turn), LATERAL (
            SELECT island, profile_id FROM wheel
            WHERE until > point * total OR until >= (SELECT max(until) FROM wheel)
            ORDER BY until, island, profile_id LIMIT 1
        ) AS stop
    ) {COUNTED}
"""
# The extremes are at the ends of the index of fitness.
EXTREME = f"""
    (SELECT {SCALE.format(fitness="fitness_score")} FROM hegel_profile_populations AS member
     WHERE {SCOPE.format(of="member.")} AND {LIVE} {{island}}
     ORDER BY fitness_score {{order}} LIMIT 1)
"""
EXTREMES = f"""
    extremes AS MATERIALIZED (
        SELECT {EXTREME.format(order="ASC NULLS FIRST", island="{island}")} AS low,
               {EXTREME.format(order="DESC NULLS LAST", island="{island}")} AS high
    ),
"""
CHANCE = "(CAST(:chances AS float8[]))[draw.number]"
KEPT_SHIFTED = f"""
    (SELECT high = low OR {CHANCE} * (high - low) < {SCALE.format(fitness="fitness_score")} - low
     FROM extremes)
"""
# What the median needs is in the index of the sample; children are asked of those who are drawn.
FITNESSES = f"""
    SELECT island, profile_id, fitness_score AS fitness, 0 AS children_count
    FROM hegel_profile_populations AS member
    WHERE {SCOPE.format(of="member.")} AND {LIVE} {{island}}
"""
SPREADING = f"member AS MATERIALIZED ({FITNESSES}), spread AS MATERIALIZED ({SPREAD}),"
KEPT_SIGMOID = f"""
    (SELECT 2 * {CHANCE} < {LOGISTIC.format(score="score")} / (1 + children_count)
     FROM spread, (
         SELECT children_count, {SCALE.format(fitness="found.fitness_score")} AS score
         FROM hegel_profile_populations AS own
         WHERE {SCOPE.format(of="own.")} AND own.island = found.island
           AND own.profile_id = found.profile_id
         OFFSET 0
     ) AS own)
"""
SPINS = {
    (weighting, on_island): text(
        DRAWN.format(
            islands=ONE_ISLAND if on_island else EVERY_ISLAND,
            weighing=weighing.format(
                island="AND member.island = CAST(:island AS int4)" if on_island else ""
            ),
            kept=kept,
        )
        + COUNTED
    )
    for weighting, weighing, kept in (
        ("shifted", EXTREMES, KEPT_SHIFTED),
        ("sigmoid", SPREADING, KEPT_SIGMOID),
    )
    for on_island in (False, True)
}
"""By weighting, and whether on one island."""
WHEELS = {
    "shifted": text(PROPORTIONAL.format(weights=SHIFTED)),
    "sigmoid": text(PROPORTIONAL.format(weights=SIGMOID)),
}
"""The same by adding up the weights of all members."""

UCB = text(
    f"""
    WITH member AS MATERIALIZED ({MEMBERS}), highest AS MATERIALIZED (
        SELECT island, profile_id, selection_count = 0 AS never,
               fitness + CAST(:c AS float8)
                   * sqrt(2 * ln(greatest(total, 1)) / greatest(selection_count, 1)) AS bound
        FROM member, (SELECT sum(selection_count) AS total FROM member) AS total
        ORDER BY never DESC, bound DESC, profile_id, island
        LIMIT :count
    ), chosen AS MATERIALIZED (
        SELECT island, profile_id, row_number() OVER (
            ORDER BY never DESC, bound DESC, profile_id, island
        ) AS turn
        FROM highest
    ) {COUNTED}
    """
)

CHOSEN = text(
    f"""
    WITH chosen AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:islands AS int4[]), CAST(:profiles AS uuid[]))
            WITH ORDINALITY AS chosen (island, profile_id, turn)
    ) {COUNTED}
    """
)
