"""What hypothesis feeds to the store: any text at all, and anything that looks like JSON."""

from __future__ import annotations

from hypothesis import strategies as st

# Surrogates and NUL included, which PostgreSQL cannot hold.
any_text = st.text(st.characters(exclude_categories=()), max_size=60)

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)
any_object = st.dictionaries(any_text, any_json, max_size=5)


def storable(value: object) -> bool:
    """Whether JSON in PostgreSQL can hold the value: an independent statement of the rule."""
    if isinstance(value, str):
        return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, float):
        return abs(value) < float("inf")
    if isinstance(value, list):
        return all(map(storable, value))
    if isinstance(value, dict):
        return all(storable(k) and storable(v) for k, v in value.items())
    return True
