"""The report of a load test as files: JSON, Markdown, and the plots that it shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from hegel_store.errors import InvalidInput
from hegel_store.load.drawing import draw_latencies, draw_throughput
from hegel_store.load.summary import CallSummary, LoadReport
from hegel_store.load.targets import Judged

VERDICTS = {True: "met", False: "missed", None: ""}


def write_report(report: LoadReport, folder: Path) -> Sequence[Path]:
    """Write report.json, report.md, latency.svg and throughput.svg into ``folder``, which is made.

    Raises InvalidInput, naming "report", where that cannot be done.
    """
    contents = {
        "report.json": json.dumps(report.to_json(), indent=2) + "\n",
        "report.md": as_markdown(report),
        "latency.svg": draw_latencies(report.calls),
        "throughput.svg": draw_throughput(report.timeline),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (folder / name).write_text(content, encoding="utf-8")
    except OSError as error:
        raise InvalidInput("report", f"cannot be written: {error}") from error
    return [folder / name for name in contents]


def as_markdown(report: LoadReport) -> str:
    """The report to read, with its plots beside it."""
    calls = [_row(*call_cells(each)) for each in report.calls]
    targets = [_row(*target_cells(each)) for each in report.targets]
    return "\n".join(
        [
            "# Load test",
            "",
            heading(report),
            "",
            resources(report),
            "",
            _row("target", "", "measured", ""),
            _row(*["---"] * 4),
            *targets,
            "",
            _row(*CALL_HEADINGS),
            _row(*["---"] * len(CALL_HEADINGS)),
            *calls,
            "",
            "![Milliseconds by call](latency.svg)",
            "",
            "![Calls by second](throughput.svg)",
            "",
        ]
    )


def heading(report: LoadReport) -> str:
    """Who called how much for how long."""
    plan = report.plan
    pace = f"{plan.rate:g} calls/s planned" if plan.rate else "as fast as they could"
    model = report.embedder or "no embedder: searches by words alone"
    return (
        f"{plan.users} users in {_counted(plan.processes, 'process', 'processes')}, {pace}: "
        f"{report.per_second:,.1f} calls/s for {report.seconds:.1f} s. {plan.facts:,} facts and "
        f"{plan.steps:,} steps at the beginning; {model}."
    )


def resources(report: LoadReport) -> str:
    """What it took, and what went wrong."""
    used = report.resources
    busy = "" if used.machine is None else f", the machine's {used.cores} cores {used.machine:.0%}"
    wrong = ", ".join(f"{name} {count:,}" for name, count in report.errors.items())
    return (
        f"The users' processor {used.processor:.0%} of a core{busy}; their memory "
        f"{used.memory_bytes / 2**20:,.0f} MB at most. Errors: {wrong or 'none'}."
    )


CALL_HEADINGS = ("call", "calls", "errors", "per second", "p50 ms", "p95 ms", "p99 ms", "worst ms")


def call_cells(call: CallSummary) -> Sequence[str]:
    """A row below CALL_HEADINGS."""
    times = (call.p50, call.p95, call.p99, call.worst)
    return [
        call.name,
        f"{call.calls:,}",
        f"{call.errors:,}",
        f"{call.per_second:,.1f}",
        *("" if each is None else f"{each:,.2f}" for each in times),
    ]


def target_cells(judged: Judged) -> Sequence[str]:
    """The target, its limit, what was measured, and the verdict."""
    return [judged.target.name, judged.target.shown, judged.shown, VERDICTS[judged.is_met]]


def _counted(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
