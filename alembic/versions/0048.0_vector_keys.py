"""What searches order facts by, for each column of vectors: a function that the planner inlines.

It returns its argument, and the planner sees the column, as before. When a vector index is rebuilt
beside the one that serves, the new one is of another expression of the same value, and replacing
this function moves all searches from one index to the other, in a transaction and without a lock.

Searches of the release before name the column itself, and find no index of the other expression.
Before a downgrade, rebuild (or roll back) the indexes that ``hegel-store index inventory`` shows in
the form "subvector".
"""

from alembic import op

revision = "0048.0"
down_revision = "0047.0"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION hegel_embedding_384(embedding halfvec) RETURNS halfvec
        LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN embedding
        """
    )
    op.execute(
        """
        CREATE FUNCTION hegel_embedding_384_next(embedding halfvec) RETURNS halfvec
        LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN embedding
        """
    )
    op.execute(
        """
        CREATE FUNCTION hegel_embedding_768(embedding halfvec) RETURNS halfvec
        LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN embedding
        """
    )
    op.execute(
        """
        CREATE FUNCTION hegel_embedding_768_next(embedding halfvec) RETURNS halfvec
        LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN embedding
        """
    )
    op.execute(
        """
        CREATE FUNCTION hegel_embedding_1024(embedding halfvec) RETURNS halfvec
        LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN embedding
        """
    )
    op.execute(
        """
        CREATE FUNCTION hegel_embedding_1024_next(embedding halfvec) RETURNS halfvec
        LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN embedding
        """
    )
    op.execute(
        """
        CREATE FUNCTION hegel_embedding_1536(embedding halfvec) RETURNS halfvec
        LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN embedding
        """
    )
    op.execute(
        """
        CREATE FUNCTION hegel_embedding_1536_next(embedding halfvec) RETURNS halfvec
        LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN embedding
        """
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION hegel_embedding_384(halfvec)")
    op.execute("DROP FUNCTION hegel_embedding_384_next(halfvec)")
    op.execute("DROP FUNCTION hegel_embedding_768(halfvec)")
    op.execute("DROP FUNCTION hegel_embedding_768_next(halfvec)")
    op.execute("DROP FUNCTION hegel_embedding_1024(halfvec)")
    op.execute("DROP FUNCTION hegel_embedding_1024_next(halfvec)")
    op.execute("DROP FUNCTION hegel_embedding_1536(halfvec)")
    op.execute("DROP FUNCTION hegel_embedding_1536_next(halfvec)")
