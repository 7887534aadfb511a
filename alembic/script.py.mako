"""${message}

Revision: ${up_revision}
Follows: ${down_revision | comma,n}
Date: ${create_date}

Before this is merged:

- One concern. Write the SQL out; never import hegel_store, whose tables will have moved on.
- The release that is running must keep working on the new schema: add first, remove one release
  later. Only a revision with phase = "post" may drop or rename.
- lock_timeout is 2 s: a lock that is not had by then is tried again later, and nobody queues
  behind it. Do not raise it; make the statement lighter.
- An index on an existing table: CONCURRENTLY, alone in its revision, inside
  op.get_context().autocommit_block(), after dropping a leftover that is not indisvalid
  (IF NOT EXISTS would accept it). On the partitioned steps: ON ONLY the parent, CONCURRENTLY on
  each partition, then ATTACH.
- A constraint on an existing table: NOT VALID here, VALIDATE in the next revision.
- A data change: batches of 1,000 or fewer, resumable, in a revision of its own.
- Names: at most 63 bytes, beginning with hegel_ (tables, functions) or as the naming convention
  says. timestamptz, text, jsonb, float8 with a CHECK against NaN. corpus_id leads every key.
- downgrade() undoes exactly this revision and says what it discards.
- Then: update hegel_store/schema and run `make test`.
"""

from alembic import op
${imports if imports else ""}
revision = "${up_revision}"
down_revision = ${'"%s"' % down_revision if down_revision else None}
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
