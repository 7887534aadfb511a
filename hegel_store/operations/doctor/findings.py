"""What was found, how bad it is, and what to do about it: for the doctor and whoever else looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from hegel_store.models.checks import check_choice

Severity = Literal["ok", "look", "act"]
"""How soon somebody has to come: not at all, in the next days, or now."""

SEVERITIES: tuple[Severity, ...] = ("ok", "look", "act")
"""From the mildest; the place of one is the exit status of a command that found nothing worse."""

NOTHING = "nothing to do"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    ``code`` is the kind of finding, for programs and for the documentation, and ``subject`` what it
    is about: a table, an index, a setting, a file and line. ``seen`` is what there is, with numbers
    and units; ``why`` is why that matters; ``remedy`` is one line to run or to write, and NOTHING
    where all is well. Raises InvalidInput for a severity that is none.
    """

    code: str
    severity: Severity
    subject: str
    seen: str
    why: str
    remedy: str = NOTHING

    def __post_init__(self) -> None:
        check_choice("severity", self.severity, SEVERITIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Findings in the order in which they were made."""

    findings: Sequence[Finding]

    @property
    def severity(self) -> Severity:
        """That of the worst finding; "ok" when there are none."""
        worst = max((SEVERITIES.index(found.severity) for found in self.findings), default=0)
        return SEVERITIES[worst]

    @property
    def exit_status(self) -> int:
        """0 well, 1 look, 2 act."""
        return SEVERITIES.index(self.severity)

    def worst_first(self) -> Sequence[Finding]:
        """The findings, those that need somebody before the others; else in their order."""
        return sorted(self.findings, key=lambda found: -SEVERITIES.index(found.severity))

    def to_json(self) -> dict[str, Any]:
        """For programs: severity, exit_status and the findings, each with all of its fields."""
        return {
            "severity": self.severity,
            "exit_status": self.exit_status,
            "findings": [asdict(found) for found in self.findings],
        }


def shown_bytes(count: float) -> str:
    """A size for people: "812 kB", "1.5 GB", in units of 1,024 as PostgreSQL counts them."""
    size, units = float(count), ["bytes", "kB", "MB", "GB", "TB"]
    while abs(size) >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return (
        f"{size:,.0f} {units[0]}" if size >= 10 or units[0] == "bytes" else f"{size:.1f} {units[0]}"
    )


def shown_seconds(seconds: float) -> str:
    """A time for people: "45 s", "12 min", "3.5 h", "9.0 days"."""
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:.1f} s"
