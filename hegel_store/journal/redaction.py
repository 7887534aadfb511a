"""Taking secrets out of steps before they leave the process."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from hegel_store.models import NewStep

Redaction = Callable[[NewStep], NewStep]
"""What a writer calls with each step; it returns the step that is to be stored."""

KEYS = (
    r"\bsk-[A-Za-z0-9_-]{16,}",
    r"\b(?:gh[pousr]|github_pat)_[A-Za-z0-9_]{20,}",
    r"\bglpat-[A-Za-z0-9_-]{20,}",
    r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    r"\bAIza[A-Za-z0-9_-]{35}",
    r"\bhf_[A-Za-z0-9]{30,}",
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[\s\S]*?-----END (?:[A-Z]+ )*PRIVATE KEY-----",
    r"(?<=://)[^\s/:@]+:[^\s/@]+(?=@)",
    r"(?i)(?<=\bbearer )[A-Za-z0-9._~+/-]{16,}=*",
)
"""Keys of well-known services, JSON web tokens, private keys, passwords in URLs, bearer tokens."""

MAIL_ADDRESSES = (r"\b[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}\b",)


def redacting(
    patterns: Sequence[str] = KEYS + MAIL_ADDRESSES, *, replacement: str = "[redacted]"
) -> Redaction:
    """A redaction of all texts of a step, and of all texts and names inside its documents.

    ``patterns`` are regular expressions; what any of them matches is replaced. Raises re.error.
    """
    found = re.compile("|".join(f"(?:{_local_flags(pattern)})" for pattern in patterns))

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return found.sub(lambda _: replacement, value)
        if isinstance(value, dict):
            return {clean(name): clean(item) for name, item in value.items()}
        if isinstance(value, list):
            return [clean(item) for item in value]
        return value

    def redact(step: NewStep) -> NewStep:
        return replace(
            step,
            query=clean(step.query),
            predicted_answer=clean(step.predicted_answer),
            gold_answer=clean(step.gold_answer),
            metrics=clean(json.loads(step.metrics_json)),
            debate_trace=clean(json.loads(step.debate_trace_json)),
        )

    return redact


def _local_flags(pattern: str) -> str:
    """Flags at the front of a pattern are for itself alone, and not for those it is joined to."""
    flags = re.match(r"\(\?([aiLmsux]+)\)", pattern)
    return f"(?{flags[1]}:{pattern[flags.end() :]})" if flags else pattern
