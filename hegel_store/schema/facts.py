"""Labels, facts and the models that fill their vector columns."""

from __future__ import annotations

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    desc,
    func,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from hegel_store.models.vectors import DIMENSIONS, register_dimensions, size_of, slots_for
from hegel_store.schema.base import (
    is_name,
    is_object,
    json_column,
    metadata,
    moment_column,
    name_column,
)

LIVE = text("deleted_at IS NULL")
HNSW = {"m": 16, "ef_construction": 64}

labels = Table(
    "hegel_labels",
    metadata,
    name_column("corpus_id"),
    Column("id", Uuid, nullable=False, server_default=func.hegel_uuidv7()),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default=text("'general'::text")),
    Column("category", Text),
    Column("embedding", HALFVEC(384)),
    moment_column("created_at"),
    moment_column("deleted_at", nullable=True),
    Column("embedding_model", Text),
    PrimaryKeyConstraint("corpus_id", "id"),
    is_name("corpus_id"),
    is_name("name"),
    is_name("kind"),
    is_name("category"),
)
Index(
    "idx_hegel_labels_name_kind",
    labels.c.corpus_id,
    labels.c.name,
    labels.c.kind,
    unique=True,
    postgresql_where=LIVE,
)
Index(
    "idx_hegel_labels_embedding",
    labels.c.embedding,
    postgresql_using="hnsw",
    postgresql_with=HNSW,
    postgresql_ops={"embedding": "halfvec_cosine_ops"},
    postgresql_where=LIVE,
)

facts = Table(
    "hegel_facts",
    metadata,
    name_column("corpus_id"),
    Column("id", Uuid, nullable=False, server_default=func.hegel_uuidv7()),
    Column("label_id", Uuid),
    Column("content", Text, nullable=False),
    Column(
        "content_hash",
        LargeBinary,
        Computed("hegel_content_hash(content)", persisted=True),
        nullable=False,
    ),
    Column(
        "content_tsv",
        TSVECTOR,
        Computed("hegel_tsvector(language, content)", persisted=True),
        nullable=False,
    ),
    Column("category", Text, nullable=False, server_default=text("'general'::text")),
    Column("intent", Text),
    Column("confidence", Double, nullable=False, server_default=text("1.0")),
    Column("freshness", Text, nullable=False, server_default=text("'fresh'::text")),
    Column("language", Text, nullable=False, server_default=text("'english'::text")),
    json_column("metadata"),
    Column("seen_count", Integer, nullable=False, server_default=text("1")),
    Column("profile_id", Uuid),
    # No foreign key: steps are dropped by the month.
    Column("step_id", Uuid),
    moment_column("created_at"),
    moment_column("last_seen_at"),
    moment_column("valid_from", nullable=True),
    moment_column("valid_to", nullable=True),
    moment_column("expires_at", nullable=True),
    moment_column("deleted_at", nullable=True),
    PrimaryKeyConstraint("corpus_id", "id"),
    ForeignKeyConstraint(
        ["corpus_id", "label_id"],
        ["hegel_labels.corpus_id", "hegel_labels.id"],
        ondelete="SET NULL (label_id)",
    ),
    ForeignKeyConstraint(
        ["corpus_id", "profile_id"],
        ["hegel_prompt_profiles.corpus_id", "hegel_prompt_profiles.id"],
    ),
    is_name("corpus_id"),
    is_name("category"),
    is_name("intent"),
    is_object("metadata"),
    CheckConstraint(
        "char_length(content) <= 1000000 AND btrim(content) <> ''", name="content_fits"
    ),
    CheckConstraint("confidence >= 0 AND confidence <= 1", name="confidence_is_a_share"),
    CheckConstraint("freshness IN ('fresh', 'ageing', 'stale')", name="freshness_known"),
    CheckConstraint("seen_count >= 1", name="seen_count_counts"),
    postgresql_with={"fillfactor": 80},
)

Index(
    "idx_hegel_facts_content_hash",
    facts.c.corpus_id,
    facts.c.content_hash,
    unique=True,
    postgresql_where=LIVE,
)
Index(
    "idx_hegel_facts_corpus_category_created",
    facts.c.corpus_id,
    facts.c.category,
    desc(facts.c.created_at),
    facts.c.id,
)
Index("idx_hegel_facts_corpus_freshness", facts.c.corpus_id, facts.c.freshness)
Index(
    "idx_hegel_facts_corpus_intent_confidence",
    facts.c.corpus_id,
    facts.c.intent,
    desc(facts.c.confidence),
)
Index(
    "idx_hegel_facts_listing",
    facts.c.corpus_id,
    desc(facts.c.created_at),
    facts.c.id,
    postgresql_include=["category", "intent", "confidence"],
    postgresql_where=text("freshness <> 'stale'::text AND deleted_at IS NULL"),
)
Index(
    "idx_hegel_facts_high_confidence",
    desc(facts.c.confidence),
    postgresql_where=text("confidence >= 0.5::double precision AND deleted_at IS NULL"),
)
Index("idx_hegel_facts_by_category", facts.c.category, desc(facts.c.created_at))
Index(
    "idx_hegel_facts_label",
    facts.c.corpus_id,
    facts.c.label_id,
    postgresql_where=text("label_id IS NOT NULL"),
)
Index(
    "idx_hegel_facts_profile",
    facts.c.corpus_id,
    facts.c.profile_id,
    postgresql_where=text("profile_id IS NOT NULL"),
)
Index("idx_hegel_facts_content_fts", facts.c.content_tsv, postgresql_using="gin")
Index(
    "idx_hegel_facts_metadata",
    facts.c.metadata,
    postgresql_using="gin",
    postgresql_ops={"metadata": "jsonb_path_ops"},
)


def _add_slot(slot: str) -> None:
    facts.append_column(Column(slot, HALFVEC(size_of(slot))))
    Index(
        f"idx_hegel_facts_{slot}",
        facts.c[slot],
        postgresql_using="hnsw",
        postgresql_with=HNSW,
        postgresql_ops={slot: "halfvec_cosine_ops"},
        postgresql_where=LIVE,
    )


for slot in (slot for size in DIMENSIONS for slot in slots_for("dimensions", size)):
    _add_slot(slot)


def add_embedding_dimension(dimensions: int) -> None:
    """Accept vectors of one more size in this process: facts are stored and searched with them.

    The database has to have the column, which `hegel-store new-dimension` writes revisions for.
    Call it when the application is imported, before anything is searched or compared; a second
    call changes nothing. Raises InvalidInput for a size outside 1..4000, or a built-in one.
    """
    if register_dimensions(dimensions):
        for slot in slots_for("dimensions", dimensions):
            _add_slot(slot)


embedding_spaces = Table(
    "hegel_embedding_spaces",
    metadata,
    name_column("corpus_id"),
    Column("slot", Text(collation="C"), nullable=False),
    Column("model", Text, nullable=False),
    Column("dimensions", Integer, nullable=False),
    moment_column("claimed_at"),
    # Null in rows of release 0.1.0: the default space of their size.
    Column("space", Text(collation="C")),
    Column("normalised", Boolean, nullable=False, server_default=true()),
    Column("prefix", Text, nullable=False, server_default=text("''::text")),
    Column("state", Text, nullable=False, server_default=text("'serving'::text")),
    PrimaryKeyConstraint("corpus_id", "slot"),
    is_name("corpus_id"),
    is_name("model"),
    is_name("space"),
    CheckConstraint(
        "slot IN ('embedding_' || dimensions, 'embedding_' || dimensions || '_next')",
        name="slot_fits_dimensions",
    ),
    CheckConstraint("char_length(prefix) <= 1000", name="prefix_is_short"),
    CheckConstraint("state IN ('serving', 'filling', 'retired', 'discarding')", name="state_known"),
    CheckConstraint("space IS NOT NULL OR state = 'serving'", name="named_when_moved"),
)
Index(
    "idx_hegel_embedding_spaces_state",
    embedding_spaces.c.corpus_id,
    embedding_spaces.c.space,
    embedding_spaces.c.state,
    unique=True,
)
