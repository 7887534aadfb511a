"""What the doctor finds, by code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from hegel_store.operations.doctor import Finding, diagnose
from hegel_store.settings import Settings

UNDONE = ("check-failed", "check-refused", "check-timed-out")


def diagnosed(url: str, **settings: Any) -> Mapping[str, Sequence[Finding]]:
    """Findings by code; every check came to its end."""
    found = findings(url, **settings)
    undone = [each for code in UNDONE for each in found[code]]
    assert not undone, undone
    return found


def findings(url: str | None, **settings: Any) -> defaultdict[str, list[Finding]]:
    """Findings by code, whatever became of the checks."""
    by_code: defaultdict[str, list[Finding]] = defaultdict(list)
    for each in diagnose(Settings(**settings), url).findings:
        by_code[each.code].append(each)
    return by_code


def subjects(found: Mapping[str, Sequence[Finding]], code: str) -> list[str]:
    return [each.subject for each in found[code]]
