"""The one place where the store tells what it does; nothing costs more than a look at a flag as
long as nobody listens.

Listeners are the process's and not a store's, as a log, a registry of metrics and a tracer are.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Literal, Protocol, TypeVar
from weakref import WeakSet

from hegel_store.observing.happenings import Happening

logger = logging.getLogger("hegel_store")

C = TypeVar("C", bound=type)


SERVER = "hegel_server"
"""Under this name an engine has its Server among its execution options, and what repositories work
on has it in its ``info``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Which of a store's servers: ``role`` for metrics, the others, where they are known, for
    traces. ``address`` is a host or the folder of a socket."""

    role: Literal["primary", "standby"] = "primary"
    address: str | None = None
    port: int | None = None
    database: str | None = None


UNKNOWN = Server()
"""That of a session that is no store's."""


class Call:
    """A call of a repository ("facts.search"), or a unit of work ("transaction"): its name, the
    server that it works on, and when it is over the seconds that it took, the error that ended it,
    if one did, and whether it is a repeat, whose row was stored before."""

    __slots__ = ("began", "error", "is_repeat", "name", "seconds", "server")

    def __init__(self, name: str, server: Server = UNKNOWN) -> None:
        self.name = name
        self.server = server
        self.error: BaseException | None = None
        self.is_repeat = False
        self.seconds = 0.0
        self.began = perf_counter()


class Embedding(Call):
    """Texts on their way through an embedder, whose class is ``embedder``; ``provider`` is who
    makes the vectors, or the class again."""

    __slots__ = ("dimensions", "embedder", "model", "provider", "texts")

    def __init__(
        self, embedder: str, provider: str, model: str, dimensions: int, texts: int
    ) -> None:
        super().__init__("embeddings")
        self.provider = provider
        self.embedder = embedder
        self.model = model
        self.dimensions = dimensions
        self.texts = texts


class Listener(Protocol):
    """Is told of everything, in the thread that does it: it has to be quick, and safe for threads.

    What began() returns is given to ended() for the same call. What a listener raises is logged,
    once for each kind of listener, and goes no further.
    """

    def began(self, call: Call) -> object: ...
    def ended(self, call: Call, kept: Any) -> None: ...
    def happened(self, happening: Happening) -> None: ...


class Pool(Protocol):
    """What a pool of connections says of itself at any time."""

    server: Server

    def size(self) -> int: ...
    def checkedout(self) -> int: ...


pools: WeakSet[Any] = WeakSet()
"""Every Pool of this process."""

_listeners: tuple[Listener, ...] = ()
_names_are_wanted = False
_is_active = False
_call: ContextVar[Call | None] = ContextVar("hegel_store_call", default=None)
_complained: set[type] = set()


def listen(listener: Listener) -> None:
    """Tell it everything from now on."""
    global _listeners, _is_active
    _listeners = (*_listeners, listener)
    _is_active = True


def stop(listener: Listener) -> None:
    """Tell it nothing any more; no effect on one that does not listen."""
    global _listeners, _is_active
    _listeners = tuple(one for one in _listeners if one is not listener)
    _is_active = bool(_listeners) or _names_are_wanted


def is_watched() -> bool:
    """Whether anybody listens: what tell() is given need not be made where nobody does."""
    return bool(_listeners)


def name_calls() -> None:
    """Have current_name() known from now on, whether anybody listens or not."""
    global _names_are_wanted, _is_active
    _names_are_wanted = _is_active = True


def current_name() -> str | None:
    """The call of a repository that this thread is in."""
    call = _call.get()
    return None if call is None else call.name


def note_repeat() -> None:
    """The call that this thread is in has found its row stored before."""
    call = _call.get()
    if call is not None:
        call.is_repeat = True


def tell(happening: Happening) -> None:
    """Tell all listeners."""
    for listener in _listeners:
        try:
            listener.happened(happening)
        except Exception as error:
            _complain(listener, error)


def observed(name: str) -> Callable[[C], C]:
    """A class decorator: calls of public methods are told as ``name.method``, the outermost alone.

    Not of properties, and not of those that return an iterator: they have done nothing yet then.
    """

    def decorate(cls: C) -> C:
        for attribute, method in inspect.getmembers(cls, inspect.isfunction):
            is_static = isinstance(inspect.getattr_static(cls, attribute), staticmethod)
            result = str(method.__annotations__.get("return"))
            if not (attribute.startswith("_") or is_static or result.startswith("Iterator")):
                setattr(cls, attribute, _told(f"{name}.{attribute}", method))
        return cls

    return decorate


def _told(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*arguments: Any, **keywords: Any) -> Any:
        if not _is_active or _call.get() is not None:
            return method(*arguments, **keywords)
        current = Call(name, _server_of(arguments[0]))
        before = _call.set(current)
        kept = _begin(current)
        try:
            return method(*arguments, **keywords)
        except BaseException as error:
            current.error = error
            raise
        finally:
            _call.reset(before)
            _end(current, kept)

    return call


def _server_of(repository: Any) -> Server:
    info = getattr(getattr(repository, "_session", None), "info", None)
    return UNKNOWN if info is None else info.get(SERVER, UNKNOWN)


@contextmanager
def part(call: Call) -> Iterator[None]:
    """Tell of the block as of a call."""
    kept = _begin(call)
    try:
        yield
    except BaseException as error:
        call.error = error
        raise
    finally:
        _end(call, kept)


def embedding_by(embedder: Any, texts: int) -> Embedding:
    """The part() in which ``embedder`` is asked for so many texts."""
    kind = type(embedder).__name__
    provider = getattr(embedder, "provider", kind)
    return Embedding(kind, provider, embedder.name, embedder.dimensions, texts)


def _begin(call: Call) -> list[tuple[Listener, Any]]:
    kept = []
    for listener in _listeners:
        try:
            kept.append((listener, listener.began(call)))
        except Exception as error:
            _complain(listener, error)
    return kept


def _end(call: Call, kept: list[tuple[Listener, Any]]) -> None:
    call.seconds = perf_counter() - call.began
    for listener, own in reversed(kept):
        try:
            listener.ended(call, own)
        except Exception as error:
            _complain(listener, error)


def _complain(listener: Listener, error: Exception) -> None:
    if type(listener) not in _complained:
        _complained.add(type(listener))
        logger.warning("%s fails: %r", type(listener).__name__, error)
