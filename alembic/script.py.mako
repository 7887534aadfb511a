<%! import re %>\
"""${message}

Revision: ${up_revision}
Follows: ${down_revision | comma,n}
Date: ${create_date}

Before this is merged:

- One concern. Write the SQL out, in literals; never import hegel_store, whose tables will have
  moved on.
- The release that is running must keep working on the new schema: add first, remove one release
  later. Only a revision with phase = "post" may drop, rename, rewrite or forbid.
- lock_timeout is 2 s: a lock that is not had by then is tried again later, and nobody queues
  behind it. Do not raise it; make the statement lighter.
- An index on a table that is there: op.create_index_concurrently, op.create_hnsw_index and their
  kin, alone in its revision. They build CONCURRENTLY, clean up after an interrupted attempt, and
  take partitioned=True for the steps. docs/how-to/revisions.md has an example of each.
- A constraint on an existing table: NOT VALID here, VALIDATE in the next revision.
- A data change: op.run_in_batches, alone in its revision, with LIMIT :batch FOR UPDATE.
- The id is NNNN.E, such as 0014.1, given with --rev-id: E counts the "post" revisions up to and
  with this one. Older releases tell by it whether they still work on the schema.
- Names: at most 63 bytes, beginning with hegel_ (tables, functions) or as the naming convention
  says. timestamptz, text, jsonb, float8 with a CHECK against NaN. corpus_id leads every key.
- downgrade() undoes exactly this revision. What it discards is said here, in a paragraph that
  begins with "The downgrade"; it is shown before anybody downgrades.
- Then: update hegel_store/schema and run `make test`.
"""

<%
    # What autogenerate writes is qualified with these, and Alembic imports neither by itself.
    written = (upgrades or "") + (downgrades or "")
    needed = [
        module
        for name, module in (("pgvector", "pgvector.sqlalchemy"), ("sa", "sqlalchemy as sa"))
        if re.search(rf"\b{name}\.", written)
    ]
%>\
% for module in needed:
import ${module}
% endfor
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
