"""JSON documents that several readers share, and none of them can change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

REFUSED = "this document is shared and read-only: change the copy that .mutable() gives"


def _refuse(self: object, *_: Any, **__: Any) -> NoReturn:
    raise TypeError(REFUSED)


def read_only(value: Any) -> Any:
    """``value``, of plain JSON types, with every object and array in it read-only."""
    if type(value) is dict:
        return ReadOnlyDict(value)
    if type(value) is list:
        return ReadOnlyList(value)
    return value


def mutable(value: Any) -> Any:
    """The opposite: plain dictionaries and lists, the caller's own."""
    if isinstance(value, dict):
        return {key: mutable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [mutable(item) for item in value]
    return value


class ReadOnlyDict(dict[str, Any]):
    """A JSON object: equal to a plain dictionary and serialised as one, and never changed.

    Every attempt to change it, or what is in it, raises TypeError. ``mutable()`` and
    ``copy.deepcopy`` give plain dictionaries and lists all the way down; ``copy()`` a plain
    dictionary of the same, read-only items.
    """

    __slots__ = ()

    def __new__(cls, items: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> ReadOnlyDict:
        made = super().__new__(cls)
        dict.update(made, {key: read_only(item) for key, item in dict(items).items()})
        return made

    def __init__(self, items: object = ()) -> None:
        """Nothing: what __new__ has made stays as it is, also when this is called again."""

    def mutable(self) -> dict[str, Any]:
        """A plain copy, all the way down."""
        return {key: mutable(item) for key, item in self.items()}

    def __copy__(self) -> dict[str, Any]:
        return dict(self)

    def __deepcopy__(self, memo: object) -> dict[str, Any]:
        return self.mutable()

    def __reduce__(self) -> tuple[type[ReadOnlyDict], tuple[dict[str, Any]]]:
        return type(self), (dict(self),)

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


class ReadOnlyList(list[Any]):
    """A JSON array: what ReadOnlyDict is among dictionaries."""

    __slots__ = ()

    def __new__(cls, items: Iterable[Any] = ()) -> ReadOnlyList:
        made = super().__new__(cls)
        list.extend(made, map(read_only, items))
        return made

    def __init__(self, items: object = ()) -> None:
        """Nothing: what __new__ has made stays as it is, also when this is called again."""

    def mutable(self) -> list[Any]:
        """A plain copy, all the way down."""
        return [mutable(item) for item in self]

    def __copy__(self) -> list[Any]:
        return list(self)

    def __deepcopy__(self, memo: object) -> list[Any]:
        return self.mutable()

    def __reduce__(self) -> tuple[type[ReadOnlyList], tuple[list[Any]]]:
        return type(self), (list(self),)

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse
