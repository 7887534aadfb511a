"""pgvector, and the functions that columns are made with.

All three functions are plain SQL bodies, parsed when they are made, so that no search_path can
change what they mean. PostgreSQL 18 has uuidv7(), 16 has not; one function of ours serves both.

The downgrade keeps the extension: it may have been there before, and others may use it.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.execute(
        """
        CREATE EXTENSION IF NOT EXISTS vector
        """
    )
    op.execute(
        """
        -- RFC 9562: 48 bits of Unix milliseconds, the version, and the rest of a random UUID.
        CREATE FUNCTION hegel_uuidv7() RETURNS uuid
        LANGUAGE sql VOLATILE PARALLEL SAFE
        RETURN (
            lpad(to_hex(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')
            || '7'
            || substr(replace(gen_random_uuid()::text, '-', ''), 14)
        )::uuid
        """
    )
    op.execute(
        """
        -- convert_to() counts as stable because a server's encodings could change; UTF-8 does not.
        CREATE FUNCTION hegel_content_hash(content text) RETURNS bytea
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        RETURN sha256(convert_to(content, 'UTF8'))
        """
    )
    op.execute(
        """
        -- The language is data of the row, and a generated column may only use fixed
        -- configurations. A tsvector has room for 1 MB, so only the beginning of a long text is
        -- searchable.
        CREATE FUNCTION hegel_tsvector(language text, content text) RETURNS tsvector
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        RETURN CASE language
            WHEN 'english' THEN to_tsvector('english'::regconfig, left(content, 100000))
            WHEN 'german' THEN to_tsvector('german'::regconfig, left(content, 100000))
            WHEN 'french' THEN to_tsvector('french'::regconfig, left(content, 100000))
            WHEN 'spanish' THEN to_tsvector('spanish'::regconfig, left(content, 100000))
            WHEN 'italian' THEN to_tsvector('italian'::regconfig, left(content, 100000))
            WHEN 'portuguese' THEN to_tsvector('portuguese'::regconfig, left(content, 100000))
            WHEN 'dutch' THEN to_tsvector('dutch'::regconfig, left(content, 100000))
            WHEN 'arabic' THEN to_tsvector('arabic'::regconfig, left(content, 100000))
            WHEN 'armenian' THEN to_tsvector('armenian'::regconfig, left(content, 100000))
            WHEN 'basque' THEN to_tsvector('basque'::regconfig, left(content, 100000))
            WHEN 'catalan' THEN to_tsvector('catalan'::regconfig, left(content, 100000))
            WHEN 'danish' THEN to_tsvector('danish'::regconfig, left(content, 100000))
            WHEN 'finnish' THEN to_tsvector('finnish'::regconfig, left(content, 100000))
            WHEN 'greek' THEN to_tsvector('greek'::regconfig, left(content, 100000))
            WHEN 'hindi' THEN to_tsvector('hindi'::regconfig, left(content, 100000))
            WHEN 'hungarian' THEN to_tsvector('hungarian'::regconfig, left(content, 100000))
            WHEN 'indonesian' THEN to_tsvector('indonesian'::regconfig, left(content, 100000))
            WHEN 'irish' THEN to_tsvector('irish'::regconfig, left(content, 100000))
            WHEN 'lithuanian' THEN to_tsvector('lithuanian'::regconfig, left(content, 100000))
            WHEN 'nepali' THEN to_tsvector('nepali'::regconfig, left(content, 100000))
            WHEN 'norwegian' THEN to_tsvector('norwegian'::regconfig, left(content, 100000))
            WHEN 'romanian' THEN to_tsvector('romanian'::regconfig, left(content, 100000))
            WHEN 'russian' THEN to_tsvector('russian'::regconfig, left(content, 100000))
            WHEN 'serbian' THEN to_tsvector('serbian'::regconfig, left(content, 100000))
            WHEN 'swedish' THEN to_tsvector('swedish'::regconfig, left(content, 100000))
            WHEN 'tamil' THEN to_tsvector('tamil'::regconfig, left(content, 100000))
            WHEN 'turkish' THEN to_tsvector('turkish'::regconfig, left(content, 100000))
            WHEN 'yiddish' THEN to_tsvector('yiddish'::regconfig, left(content, 100000))
            ELSE to_tsvector('simple'::regconfig, left(content, 100000))
        END
        """
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION hegel_tsvector(text, text)")
    op.execute("DROP FUNCTION hegel_content_hash(text)")
    op.execute("DROP FUNCTION hegel_uuidv7()")
