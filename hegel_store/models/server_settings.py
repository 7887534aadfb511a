"""Settings of the server: what it has, what would suit it, and what became of a change."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hegel_store.errors import InvalidInput
from hegel_store.models.checks import check_integer

Stage = Literal["A", "B", "C"]
STAGES: tuple[Stage, ...] = ("A", "B", "C")
Storage = Literal["ssd", "hdd"]
Outcome = Literal["effective", "restart", "overridden", "not effective"]

UNITS = {
    **{name: 1024.0**power for power, name in enumerate(("B", "kB", "MB", "GB", "TB"))},
    "us": 0.001,
    "ms": 1.0,
    "s": 1e3,
    "min": 6e4,
    "h": 3.6e6,
    "d": 8.64e7,
}
"""In bytes and in milliseconds (PostgreSQL's manual, "Parameter Names and Values")."""

SMALLEST_MEMORY = 256 * 2**20


def amount(value: str, unit: str | None = None) -> float | None:
    """A setting's value as a number: of bytes or milliseconds where it has a unit.

    ``unit`` is that of a value without one, and may be a multiple ("8kB"). None for what is no
    number, or has a unit that PostgreSQL does not know.
    """
    found = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*([A-Za-z]*)\s*", value)
    if found is None:
        return None
    times, name = re.fullmatch(r"(\d*)(.*)", found[2] or unit or "").groups()  # type: ignore[union-attr]
    if name and name not in UNITS:
        return None
    return float(found[1]) * int(times or 1) * (UNITS[name] if name else 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the server may use: ``memory`` in bytes, and processor ``cores``.

    Raises InvalidInput below 256 MiB and below one core.
    """

    memory: int
    cores: int

    def __post_init__(self) -> None:
        check_integer("memory", self.memory, minimum=SMALLEST_MEMORY, maximum=2**60)
        check_integer("cores", self.cores, minimum=1, maximum=2**16)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSetting:
    """One row of pg_settings; ``value`` is as the server shows it ("64MB").

    ``altered`` is the value that ALTER SYSTEM has given it, and None where it has not;
    ``from_altered`` says whether that is where the value comes from. ``most`` is the largest number
    and ``choices`` the words that it takes; a snapshot keeps none of these three.
    """

    name: str
    value: str
    unit: str | None
    source: str
    context: str
    pending_restart: bool
    altered: str | None
    from_altered: bool = False
    most: float | None = None
    choices: Sequence[str] = ()

    @property
    def amount(self) -> float | None:
        """The value as a number; see amount()."""
        return amount(self.value, self.unit)

    def is_set_to(self, wanted: str) -> bool:
        """Whether ``wanted`` says the same as the value, in whatever unit or word."""
        mine, other = self.amount, amount(wanted, self.unit)
        if mine is not None and other is not None:
            return abs(mine - other) <= 1e-9 * max(abs(mine), abs(other))
        if self.value in ("on", "off"):
            words = {"true": "on", "yes": "on", "1": "on", "false": "off", "no": "off", "0": "off"}
            return words.get(wanted.lower(), wanted.lower()) == self.value
        return self.value.lower() == wanted.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """The settings of a server by name, of ``version`` 180004 and the like.

    ``shows_altered`` is False where the role may not see what ALTER SYSTEM has set: ``altered`` is
    None for all of them then.
    """

    version: int
    shows_altered: bool
    settings: Mapping[str, ServerSetting]

    def __getitem__(self, name: str) -> ServerSetting:
        found = self.settings.get(name)
        if found is None:
            raise InvalidInput("name", f"the server shows no setting {name!r}")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSetting:
    """A setting that would suit the machine better, and why."""

    stage: Stage
    name: str
    now: str
    wanted: str
    why: str
    needs_restart: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """``wanted`` for ALTER SYSTEM SET, None for RESET; ``former`` is what ALTER SYSTEM had set, and
    ``now`` the value."""

    name: str
    now: str
    former: str | None
    wanted: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedSetting:
    """What became of a change: ``now`` is the value after it.

    "restart": it will be another one once the server is restarted. "overridden": the command line,
    the role or the database says otherwise. "not effective": the server did not take it.
    """

    name: str
    before: str
    wanted: str | None
    now: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedSettings:
    """``before`` is the server as it was, for roll_back()."""

    before: ServerSettings
    settings: Sequence[AppliedSetting]
    restarted: bool

    @property
    def needs_restart(self) -> bool:
        return any(each.outcome == "restart" for each in self.settings)
