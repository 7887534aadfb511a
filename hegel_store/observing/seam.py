"""The one place where the store tells what it does; nothing costs more than a look at a flag as
long as nobody listens, and little as long as somebody does: what is told is noted, and given to the
listeners in the background (see later).

Listeners are the process's and not a store's, as a log, a registry of metrics and a tracer are.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter, time_ns
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable
from weakref import WeakSet

from hegel_store.observing.happenings import Happening
from hegel_store.observing.later import Later

logger = logging.getLogger("hegel_store")

C = TypeVar("C", bound=type)

URGENT = frozenset({"warning", "error"})

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
    if one did, and whether it is a repeat, whose row was stored before.

    It is the block that it is given to: ``with Call("transaction"): ...``.
    """

    __slots__ = ("began", "error", "frames", "is_repeat", "name", "seconds", "server")

    def __init__(self, name: str, server: Server = UNKNOWN) -> None:
        self.name = name
        self.server = server
        self.error: BaseException | None = None
        self.is_repeat = False
        self.seconds = self.began = 0.0
        self.frames: tuple[tuple[Framing, Any], ...] = ()

    def __enter__(self) -> None:
        self.began = perf_counter()
        for listener in _framing:
            try:
                frame = listener.enter(self)
                if frame is not None:
                    self.frames = (*self.frames, (listener, frame))
            except Exception as error:
                _complain(listener, error)

    def __exit__(self, kind: object, error: BaseException | None, where: object) -> None:
        self.seconds = perf_counter() - self.began
        for listener, frame in reversed(self.frames):
            try:
                listener.leave(frame)
            except Exception as failure:
                _complain(listener, failure)
        if _listeners:
            self.error = error
            later.add(_ended, _listeners, self, time_ns())
            if error is not None:
                later.flush()


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
    """Is told of everything, one after the other, in the order in which it happened.

    In the background, within half a second, and at once of what is not well: with the context
    variables of where it happened, and ``at`` what time, in nanoseconds since 1970. ``frame`` is
    what enter() returned, if the listener has one (see Framing), and None otherwise. What a
    listener raises is logged, once, and goes no further.
    """

    def ended(self, call: Call, frame: Any, at: int) -> None: ...
    def happened(self, happening: Happening, at: int) -> None: ...


@runtime_checkable
class Framing(Listener, Protocol):
    """Does something around each call as well, in the thread that makes it: it has to be quick, and
    safe for threads. What enter() returns is given to leave(), unless it is None."""

    def enter(self, call: Call) -> object: ...
    def leave(self, frame: Any) -> None: ...


class Pool(Protocol):
    """What a pool of connections says of itself at any time."""

    server: Server

    def size(self) -> int: ...
    def checkedout(self) -> int: ...


pools: WeakSet[Any] = WeakSet()
"""Every Pool of this process."""

later = Later()

_listeners: tuple[Listener, ...] = ()
_framing: tuple[Framing, ...] = ()
_names_are_wanted = False
_is_active = False
_call: ContextVar[Call | None] = ContextVar("hegel_store_call", default=None)
_complained: set[int] = set()


def listen(listener: Listener) -> None:
    """Tell it everything from now on."""
    _complained.discard(id(listener))
    _set_listeners((*_listeners, listener))


def stop(listener: Listener) -> None:
    """Tell it nothing of what happens from now on; no effect on one that does not listen."""
    _set_listeners(tuple(one for one in _listeners if one is not listener))


def _set_listeners(listeners: tuple[Listener, ...]) -> None:
    global _listeners, _framing, _is_active
    _listeners = listeners
    _framing = tuple(one for one in listeners if isinstance(one, Framing))
    _is_active = bool(listeners) or _names_are_wanted


def flush() -> None:
    """Tell the listeners now what they have not been told yet."""
    later.flush()


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


def tell(happening: Happening | Callable[[], Happening]) -> None:
    """Tell all listeners, or have what makes the happening called in the background first. At once
    what is a warning or an error, or is part of no call."""
    if not _listeners:
        return
    later.add(_happened, _listeners, happening, time_ns())
    level = "info" if callable(happening) else happening.level
    if level in URGENT or (level == "info" and _call.get() is None):
        later.flush()


def _ended(listeners: tuple[Listener, ...], call: Call, at: int) -> None:
    frames = {id(listener): frame for listener, frame in call.frames}
    for listener in listeners:
        try:
            listener.ended(call, frames.get(id(listener)), at)
        except Exception as error:
            _complain(listener, error)
    # Both may refer to the call: circles are left to the collector of garbage.
    call.frames, call.error = (), None


def _happened(
    listeners: tuple[Listener, ...], told: Happening | Callable[[], Happening], at: int
) -> None:
    try:
        happening = told() if callable(told) else told
    except Exception as error:
        logger.warning("nobody is told of something, as it cannot be made: %r", error)
        return
    for listener in listeners:
        try:
            listener.happened(happening, at)
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
        try:
            with current:
                return method(*arguments, **keywords)
        finally:
            _call.reset(before)

    return call


def _server_of(repository: Any) -> Server:
    info = getattr(getattr(repository, "_session", None), "info", None)
    return UNKNOWN if info is None else info.get(SERVER, UNKNOWN)


def embedding_by(embedder: Any, texts: int) -> Embedding:
    """The block in which ``embedder`` is asked for so many texts."""
    kind = type(embedder).__name__
    provider = getattr(embedder, "provider", kind)
    return Embedding(kind, provider, embedder.name, embedder.dimensions, texts)


def _complain(listener: Listener, error: Exception) -> None:
    if id(listener) not in _complained:
        _complained.add(id(listener))
        logger.warning("%s fails: %r", type(listener).__name__, error)
