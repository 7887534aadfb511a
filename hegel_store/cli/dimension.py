"""The command that writes the revisions for one more embedding size: new-dimension."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from hegel_store.errors import InvalidInput
from hegel_store.models.vectors import check_new_dimensions

COLUMN = '''"""A column for vectors of {size} dimensions in hegel_facts.

A null costs nothing, so it is added at once. The index comes in the next revision.

The downgrade discards every vector of {size} dimensions.
"""

from alembic import op

revision = "{revision}"
down_revision = {follows}
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.add_embedding_dimension({size})


def downgrade() -> None:
    op.drop_embedding_dimension({size})
'''

INDEX = '''"""The index over the vectors of {size} dimensions, for searches by meaning."""

from alembic import op

revision = "{revision}_index"
down_revision = "{revision}"
branch_labels = None
depends_on = None

phase = "pre"


def upgrade() -> None:
    op.create_hnsw_index(
        "idx_hegel_facts_embedding_{size}",
        "hegel_facts",
        "embedding_{size}",
        m=16,
        ef_construction=64,
        where="deleted_at IS NULL",
    )


def downgrade() -> None:
    op.drop_index_concurrently("idx_hegel_facts_embedding_{size}")
'''


def new_dimension(
    dimensions: Annotated[int, typer.Argument(help="How many numbers a vector has, such as 256.")],
    into: Annotated[
        Path,
        typer.Option(
            exists=True, file_okay=False, help="The folder of your own Alembic revisions."
        ),
    ],
    revises: Annotated[
        str | None, typer.Option(help="The revision these follow; else the head of the folder.")
    ] = None,
) -> None:
    """Write two Alembic revisions: a column in hegel_facts for one more embedding size, and its
    index."""
    check_new_dimensions(dimensions)
    follows = _head(into) if revises is None else revises
    if follows is not None and not re.fullmatch(r"[\w.-]+", follows):
        raise InvalidInput("revises", f"is no revision's id: {follows!r:.80}")
    revision = f"hegel_embedding_{dimensions}"
    written = {into / f"{revision}.py": COLUMN, into / f"{revision}_index.py": INDEX}
    for path in written:
        if path.exists():
            raise InvalidInput("into", f"{path} is there already")
    for path, template in written.items():
        quoted = "None" if follows is None else f'"{follows}"'
        path.write_text(template.format(size=dimensions, revision=revision, follows=quoted))
        print(path)
    print(
        "Their operations come with `import hegel_store.migrate.dimensions` and "
        "`import hegel_store.migrate.indexes` in env.py; the application calls "
        f"hegel_store.schema.add_embedding_dimension({dimensions}) when it is imported."
    )


def _head(folder: Path) -> str | None:
    """The newest revision in the folder; None when there is none."""
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    try:
        heads = ScriptDirectory(str(folder.parent), version_locations=[str(folder)]).get_heads()
    except (CommandError, KeyError) as error:
        raise InvalidInput("revises", f"cannot be found out, name it: {error}") from None
    if len(heads) > 1:
        raise InvalidInput("revises", f"there are several heads, name one: {', '.join(heads)}")
    return heads[0] if heads else None
