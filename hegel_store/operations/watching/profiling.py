"""Where the time of a call goes in this process, by a sampling profiler."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hegel_store.errors import ConfigurationError, InvalidInput

INTERVAL = 0.0005
"""Seconds between two samples."""
LONGEST = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the profiler saw: ``calls`` were made within ``seconds``; ``text`` is the tree of frames
    for a terminal, ``json`` pyinstrument's own form of it, ``html`` a page to open."""

    calls: int
    seconds: float
    samples: int
    text: str
    json: str
    html: str


def profile(call: Callable[[], object], *, seconds: float = 2.0) -> Profile:
    """Make ``call`` again and again for ``seconds`` (above 0, up to LONGEST), and sample its stack.

    It is made once before, so that nothing is profiled which only the first call does. Waiting for
    the server shows as the driver's wait. Raises ConfigurationError where pyinstrument, the
    ``profile`` extra, is not installed, InvalidInput, and what the call raises.
    """
    if not 0 < seconds <= LONGEST:
        raise InvalidInput("seconds", f"must be above 0 and at most {LONGEST:g}, not {seconds}")
    package = _package()
    call()
    profiler = package.Profiler(interval=INTERVAL)
    calls, started = 0, time.perf_counter()
    with profiler:
        while time.perf_counter() - started < seconds:
            call()
            calls += 1
    from pyinstrument.renderers import JSONRenderer

    session = profiler.last_session
    return Profile(
        calls=calls,
        seconds=session.duration,
        samples=session.sample_count,
        text=profiler.output_text(unicode=True, color=False),
        json=profiler.output(JSONRenderer()),
        html=profiler.output_html(),
    )


def _package() -> Any:
    try:
        import pyinstrument
    except ImportError:
        raise ConfigurationError(
            "profiling needs pyinstrument: pip install 'hegel_store[profile]'"
        ) from None
    return pyinstrument
