"""By which expression of a vector column searches order facts, and so which index they can use.

Two HNSW indexes of one column look alike to the planner, which takes what it believes to be the
cheaper one: mostly the poorer. So an index that is rebuilt beside another one is of the other
*form*: the column itself ("plain"), or the whole of it as a subvector, which has the same value and
is another expression. Searches order by a function of the column that the planner inlines, and only
the index of the form that the function has is found. Replacing the function takes no lock on the
table, can be rolled back, and makes cached plans anew.
"""

from __future__ import annotations

from typing import Literal

from hegel_store.models.vectors import DIMENSIONS, key_function, size_of, slots_for
from hegel_store.schema.base import metadata
from hegel_store.schema.declaring import Function, declare

Form = Literal["plain", "subvector"]

SLOTS = tuple(slot for size in DIMENSIONS for slot in slots_for("dimensions", size))
"""The columns that have such a function: those of every database."""


def key_statement(slot: str, form: Form, function: str | None = None) -> str:
    """Makes the function of this column have this form; ``function`` is its qualified name."""
    value = form_of("embedding", slot, form)
    return f"""
CREATE OR REPLACE FUNCTION {function or key_function(slot)}(embedding halfvec) RETURNS halfvec
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN {value}
"""


def form_of(value: str, slot: str, form: Form) -> str:
    """``value``, which is a vector of this column, as an expression of this form."""
    size = size_of(slot)
    return value if form == "plain" else f"(subvector({value}, 1, {size})::halfvec({size}))"


def other(form: Form) -> Form:
    """The form that an index has which is built beside one of this form."""
    return "subvector" if form == "plain" else "plain"


declare(
    metadata,
    *(
        Function(
            f"{key_function(slot)}(halfvec)",
            key_statement(slot, "plain"),
            variants=(key_statement(slot, "subvector"),),
        )
        for slot in SLOTS
    ),
)
