r"""Views that show the old rows as ours.

Each old row is read as one JSON document, so that a column that is not there is a key that is not
there. A value is taken when it is valid for the type of our column and fits its constraints;
whatever is not taken, or not with all of its digits, and has something in it, is in the view's
column ``adopted``, by the name of its old column. So every value of an old row has a place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from hegel_store.adoption.tables import OldTable
from hegel_store.migrate.statements import quoted, run

EARLIEST = "timestamptz '2000-01-01 00:00:00+00'"
"""The first moment of which steps are kept; it stands for an unknown time."""

OBJECT = "jsonb_typeof({}) = 'object'"
# With a key 'adopted' of its own it would be overwritten; it is kept inside of ours instead.
ANNOTATED = OBJECT + " AND NOT jsonb_exists({}, 'adopted')"
NAME = r"{} ~ '\S' AND char_length({}) <= 200"
MOMENT = f"{{}} BETWEEN {EARLIEST} AND now() + interval '367 days'"
FINITE = "{} > '-Infinity' AND {} < 'Infinity'"
COUNT = "{} >= 0"

TOO_LONG = "is longer than 200 characters"
NO_MOMENT = "is no time between the year 2000 and 367 days from now"
NO_OBJECT = "is no JSON object"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of ours, and how it is read.

    ``fits`` is a condition on the value; ``default`` is taken where the old row has none that
    fits. ``refusal`` says what is wrong with a row whose value does not fit, where that is not to
    be taken. ``names`` are those that an old table may call it by, first found first taken.
    """

    name: str
    kind: str = "text"
    fits: str = "{} IS NOT NULL"
    default: str = "NULL"
    refusal: str = ""
    names: tuple[str, ...] = ()

    def old_name(self, columns: Mapping[str, str]) -> str:
        """The column it is read from; its own name, which yields nothing, when there is none."""
        return next((name for name in self.names if name in columns), self.name)

    @property
    def is_taken(self) -> str:
        return self.fits.replace("{}", f"typed.{self.name}")

    def is_whole(self, old: str) -> str:
        """A condition on the value and the text ``old`` it is taken from: nothing of it is lost.

        A number is whole when the shortest text that stands for its double precision is the same
        number: 0.1 is, though no double precision is a tenth, and 0.1234567890123456789 is not.
        """
        if self.kind != "float8":
            return "true"
        # By way of text, as a cast of a double precision to numeric keeps 15 digits only.
        return f"""CASE WHEN pg_input_is_valid({old}, 'numeric')
            THEN CAST({old} AS numeric) = CAST(CAST(typed.{self.name} AS text) AS numeric) END"""


CORPUS = Field("corpus_id", fits=NAME, default="'default'", refusal=TOO_LONG)
TASK = Field("task_type", fits=NAME, default="'qa'", refusal=TOO_LONG)
CREATED = Field("created_at", "timestamptz", MOMENT, EARLIEST, NO_MOMENT)

FIELDS: Mapping[str, Sequence[Field]] = {
    "prompt_profiles": (
        CORPUS,
        TASK,
        CREATED,
        Field("updated_at", "timestamptz", MOMENT, refusal=NO_MOMENT),
        Field("base_profile_id", "uuid"),
        Field("profile", "jsonb", OBJECT, "'{}'", NO_OBJECT),
        Field("role_prompts", "jsonb", OBJECT, "'{}'", NO_OBJECT),
        Field("performance_stats", "jsonb", OBJECT, "'{}'"),
        Field("metadata", "jsonb", ANNOTATED, "'{}'"),
    ),
    "training_steps": (
        CORPUS,
        TASK,
        CREATED,
        Field("old_profile_id", "uuid"),
        Field("new_profile_id", "uuid"),
        Field(
            "step_type", fits="{} IN ('training', 'evaluation', 'validation')", default="'training'"
        ),
        Field("query", default="''"),
        Field("predicted_answer", default="''"),
        Field("gold_answer"),
        Field("reward", "float8", FINITE),
        Field("metrics", "jsonb", ANNOTATED, "'{}'"),
        Field("debate_trace", "jsonb", OBJECT, "'{}'"),
        Field("optimization_strategy"),
        Field("processing_time_ms", "int4", COUNT),
        Field("run_id", fits=NAME),
    ),
    "profile_populations": (
        CORPUS,
        TASK,
        Field("population", fits=NAME, default="'default'", refusal=TOO_LONG),
        Field("island", "int4", COUNT, "0"),
        Field("profile_id", "uuid"),
        Field("epoch", "int4", COUNT, "0"),
        Field("fitness_score", "float8", FINITE),
        Field("objectives", "jsonb", OBJECT, "'{}'"),
        Field("generation", "int4", COUNT, "1"),
        Field("selection_count", "int4", COUNT, "0"),
        Field("children_count", "int4", COUNT, "0"),
        Field("descriptor", "jsonb", OBJECT, "'{}'"),
        Field("cell_key", fits=NAME),
        Field("evicted_at", "timestamptz", MOMENT),
        Field(
            "population_metadata",
            "jsonb",
            ANNOTATED,
            "'{}'",
            names=("population_metadata", "metadata"),
        ),
        Field(
            "last_updated",
            "timestamptz",
            MOMENT,
            EARLIEST,
            NO_MOMENT,
            names=("last_updated", "updated_at", "created_at"),
        ),
    ),
}

# Without OFFSET 0 the planner would turn the row into JSON again for each column read from it.
ROWS = """
    CREATE TEMPORARY VIEW {view} AS
    SELECT old.id, document.item
    FROM {table} AS old
    CROSS JOIN LATERAL (SELECT to_jsonb(old.*) AS item OFFSET 0) AS document
"""


def make_views(connection: Connection, tables: Mapping[str, OldTable]) -> None:
    """Make ``old_prompt_profiles`` (``id``, the fields, ``adopted``) and the like, and
    ``old_documents`` of the profiles."""
    for kind, table in tables.items():
        view = quoted(f"{kind}_rows")
        run(connection, ROWS.format(view=view, table=table.identifier))
        connection.execute(text(_view(table)))
    connection.execute(text(DOCUMENTS))


def _view(table: OldTable) -> str:
    fields = [(field, field.old_name(table.columns)) for field in FIELDS[table.kind]]
    typed = ",\n".join(_typed(field, name) for field, name in fields)
    values = ",\n".join(
        f"CASE WHEN {field.is_taken} THEN typed.{field.name} ELSE {field.default} END"
        f" AS {field.name}"
        for field, _ in fields
    )
    taken = ",\n".join(
        f"CASE WHEN {field.is_taken} AND {field.is_whole(_old(name))} THEN '{name}' END"
        for field, name in fields
    )
    return f"""
    CREATE TEMPORARY VIEW old_{table.kind} AS
    SELECT id, {values}, adopted
    FROM {table.kind}_rows
    CROSS JOIN LATERAL (SELECT {typed} OFFSET 0) AS typed
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_object_agg(key, value), '{{}}') AS adopted
        FROM jsonb_each(item - CAST(ARRAY['id', {taken}] AS text[]))
        WHERE value <> 'null'
    ) AS left_over
    """


def _typed(field: Field, name: str) -> str:
    # Times without a zone are read in the session's, which is UTC.
    return (
        f"CASE WHEN pg_input_is_valid({_old(name)}, '{field.kind}')"
        f" THEN CAST({_old(name)} AS {field.kind}) END AS {field.name}"
    )


def _old(name: str) -> str:
    """The text of a column of the old row."""
    return f"item ->> '{name}'"


def _roles(prompts: str) -> str:
    """The roles of an object of prompts, each of them an object."""
    return f"""(
        SELECT coalesce(
            jsonb_object_agg(
                role,
                CASE jsonb_typeof(prompt)
                    WHEN 'string' THEN jsonb_build_object('system_prompt', prompt)
                    ELSE prompt
                END
            ),
            '{{}}'
        )
        FROM jsonb_each(CASE jsonb_typeof({prompts}) WHEN 'object' THEN {prompts} ELSE '{{}}' END)
            AS given (role, prompt)
    )"""


# The roles go to the top of the document, those of a column of their own last. Where that hides
# something of the old document, ``overridden`` is that document.
DOCUMENTS = f"""
CREATE TEMPORARY VIEW old_documents AS
SELECT
    id,
    CAST(rest || inner_roles || own_roles AS text) AS source,
    CASE
        WHEN jsonb_exists_any(rest, ARRAY(SELECT jsonb_object_keys(inner_roles || own_roles)))
          OR jsonb_exists_any(inner_roles, ARRAY(SELECT jsonb_object_keys(own_roles)))
        THEN profile
    END AS overridden
FROM old_prompt_profiles
CROSS JOIN LATERAL (
    SELECT
        CASE jsonb_typeof(profile -> 'role_prompts')
            WHEN 'object' THEN profile - 'role_prompts'
            ELSE profile
        END AS rest,
        {_roles("profile -> 'role_prompts'")} AS inner_roles,
        {_roles("role_prompts")} AS own_roles
    OFFSET 0
) AS parts
"""
