"""Scopes, prompt profiles, their parents and their aliases."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    desc,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from hegel_store.schema.base import (
    is_name,
    is_object,
    json_column,
    metadata,
    moment_column,
    name_column,
)

scopes = Table(
    "hegel_scopes",
    metadata,
    name_column("corpus_id"),
    name_column("task_type"),
    Column("last_version", Integer, nullable=False),
    Column("last_created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("corpus_id", "task_type"),
    is_name("corpus_id"),
    is_name("task_type"),
    CheckConstraint("last_version >= 0", name="last_version_counts"),
)

prompt_profiles = Table(
    "hegel_prompt_profiles",
    metadata,
    name_column("corpus_id"),
    Column("id", Uuid, nullable=False, server_default=func.hegel_uuidv7()),
    name_column("task_type", server_default=text("'qa'::text")),
    Column("version", Integer, nullable=False),
    Column("base_profile_id", Uuid),
    # jsonb forgets the order of keys, and prompts are rendered in the order they were written.
    Column("source", Text, nullable=False),
    Column("profile", JSONB, Computed("(source)::jsonb", persisted=True), nullable=False),
    Column(
        "content_hash",
        LargeBinary,
        Computed("hegel_content_hash(source)", persisted=True),
        nullable=False,
    ),
    json_column("performance_stats"),
    json_column("metadata"),
    moment_column("created_at"),
    moment_column("updated_at"),
    PrimaryKeyConstraint("corpus_id", "id"),
    UniqueConstraint("corpus_id", "task_type", "version"),
    ForeignKeyConstraint(
        ["corpus_id", "base_profile_id"],
        ["hegel_prompt_profiles.corpus_id", "hegel_prompt_profiles.id"],
    ),
    is_name("corpus_id"),
    is_name("task_type"),
    is_object("profile"),
    is_object("performance_stats"),
    is_object("metadata"),
    CheckConstraint("version >= 1", name="version_counts"),
    CheckConstraint("base_profile_id <> id", name="not_its_own_base"),
    CheckConstraint("octet_length(source) <= 16777216", name="source_fits"),
)

Index(
    "idx_hegel_prompt_profiles_corpus_task_created",
    prompt_profiles.c.corpus_id,
    prompt_profiles.c.task_type,
    desc(prompt_profiles.c.created_at),
    desc(prompt_profiles.c.version),
)
Index(
    "idx_hegel_prompt_profiles_base",
    prompt_profiles.c.corpus_id,
    prompt_profiles.c.base_profile_id,
)
Index(
    "idx_hegel_prompt_profiles_profile_gin",
    prompt_profiles.c.profile,
    postgresql_using="gin",
    postgresql_ops={"profile": "jsonb_path_ops"},
)

# Only the beginning is indexed: a tsvector has room for 1 MB of lexemes and positions, and a text
# that does not fit would be refused as a whole.
PROMPT_TSVECTORS = {
    role: f"to_tsvector('english'::regconfig, \"left\"(profile #>> "
    f"'{{{role},system_prompt}}'::text[], 100000))"
    for role in ("worker", "reviewer")
}
SOURCE_TSVECTOR = "hegel_source_tsvector(source)"

# The prompts of all roles, as JSON: what an index for substrings can be built over without a
# function of ours, and any search for them has to go through. The index is made by an operation, as
# its extension is not everywhere, and is declared nowhere.
PROMPTS_JSON = """CAST(jsonb_path_query_array(profile, '$.*."system_prompt"') AS text)"""
SUBSTRING_INDEX = "idx_hegel_prompt_profiles_prompts_trgm"

for role, tsvector in PROMPT_TSVECTORS.items():
    Index(
        f"idx_hegel_prompt_profiles_{role}_prompt",
        text(tsvector),
        _table=prompt_profiles,
        postgresql_using="gin",
    )
Index(
    "idx_hegel_prompt_profiles_source_fts",
    text(SOURCE_TSVECTOR),
    _table=prompt_profiles,
    postgresql_using="gin",
)

profile_parents = Table(
    "hegel_profile_parents",
    metadata,
    name_column("corpus_id"),
    Column("profile_id", Uuid, nullable=False),
    Column("parent_id", Uuid, nullable=False),
    Column("position", Integer, nullable=False),
    PrimaryKeyConstraint("corpus_id", "profile_id", "parent_id"),
    ForeignKeyConstraint(
        ["corpus_id", "profile_id"],
        ["hegel_prompt_profiles.corpus_id", "hegel_prompt_profiles.id"],
    ),
    ForeignKeyConstraint(
        ["corpus_id", "parent_id"],
        ["hegel_prompt_profiles.corpus_id", "hegel_prompt_profiles.id"],
    ),
    CheckConstraint("parent_id <> profile_id", name="not_its_own_parent"),
)
Index("idx_hegel_profile_parents_parent", profile_parents.c.corpus_id, profile_parents.c.parent_id)

profile_aliases = Table(
    "hegel_profile_aliases",
    metadata,
    name_column("corpus_id"),
    name_column("task_type"),
    name_column("alias"),
    # None when the alias was taken away: its row stays, as whoever moves it next waits there.
    Column("profile_id", Uuid),
    # For the history: a mover that waited for another one sees only here whom it followed.
    Column("previous_profile_id", Uuid),
    moment_column("updated_at"),
    PrimaryKeyConstraint("corpus_id", "task_type", "alias"),
    ForeignKeyConstraint(
        ["corpus_id", "profile_id"],
        ["hegel_prompt_profiles.corpus_id", "hegel_prompt_profiles.id"],
    ),
    is_name("alias"),
    CheckConstraint("alias <> 'latest'", name="latest_is_computed"),
)
Index(
    "idx_hegel_profile_aliases_profile", profile_aliases.c.corpus_id, profile_aliases.c.profile_id
)

profile_alias_moves = Table(
    "hegel_profile_alias_moves",
    metadata,
    name_column("corpus_id"),
    Column("id", Uuid, nullable=False, server_default=func.hegel_uuidv7()),
    name_column("task_type"),
    name_column("alias"),
    Column("from_profile_id", Uuid),
    Column("to_profile_id", Uuid),
    Column("reason", Text),
    Column("moved_by", Text, nullable=False, server_default=text("CURRENT_USER")),
    moment_column("moved_at"),
    json_column("evidence"),
    PrimaryKeyConstraint("corpus_id", "id"),
    ForeignKeyConstraint(
        ["corpus_id", "from_profile_id"],
        ["hegel_prompt_profiles.corpus_id", "hegel_prompt_profiles.id"],
    ),
    ForeignKeyConstraint(
        ["corpus_id", "to_profile_id"],
        ["hegel_prompt_profiles.corpus_id", "hegel_prompt_profiles.id"],
    ),
    is_object("evidence"),
)
Index(
    "idx_hegel_profile_alias_moves_alias",
    profile_alias_moves.c.corpus_id,
    profile_alias_moves.c.task_type,
    profile_alias_moves.c.alias,
    desc(profile_alias_moves.c.moved_at),
)
Index(
    "idx_hegel_profile_alias_moves_from",
    profile_alias_moves.c.corpus_id,
    profile_alias_moves.c.from_profile_id,
)
Index(
    "idx_hegel_profile_alias_moves_to",
    profile_alias_moves.c.corpus_id,
    profile_alias_moves.c.to_profile_id,
)
