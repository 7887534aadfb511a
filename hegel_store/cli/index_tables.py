"""How ``hegel-store index`` shows what it found and did."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from hegel_store.cli.options import plain_console
from hegel_store.models.vector_indexes import (
    Advice,
    BuildProgress,
    Measured,
    Rebuilt,
    VectorIndex,
)
from hegel_store.operations.vector_indexes.building import OnProgress


def show_inventory(found: Sequence[VectorIndex]) -> None:
    table = Table()
    table.add_column("index", min_width=36, overflow="fold")
    for heading in ("role", "method", "parameters", "operator class, predicate"):
        table.add_column(heading, overflow="fold")
    for heading in ("MiB", "rows", "scans", "build (estimate)"):
        table.add_column(heading, justify="right")
    for each in found:
        table.add_row(
            each.name,
            each.role if each.valid else f"{each.role}, INVALID",
            each.method,
            _parameters(each.parameters),
            f"{each.opclass}, {each.predicate or 'all rows'}",
            f"{each.bytes / 2**20:,.1f}",
            "?" if each.rows is None else f"{each.rows:,}",
            f"{each.scans:,}",
            "?" if each.build_seconds is None else f"{each.build_seconds:,.1f} s",
        )
    console = plain_console()
    console.print(table)
    for basis in sorted({each.estimated_from for each in found}):
        console.print(f"Build times: {basis}.", soft_wrap=True)


def show_advice(advised: Sequence[Advice]) -> None:
    console = plain_console()
    if not advised:
        console.print("No fact has a vector yet.")
    for each in advised:
        wanted = "none" if each.method is None else f"{each.method} {_parameters(each.parameters)}"
        todo = "rebuild as" if each.change else "leave it; advised is"
        console.print(f"{each.name} ({each.rows:,} rows): {todo} {wanted}", soft_wrap=True)
        console.print(f"  {each.why}", soft_wrap=True)
        console.print(f"  as IVFFlat it would have {_parameters(each.ivfflat)}", soft_wrap=True)


def show_statements(done: Sequence[str], as_json: bool) -> None:
    print(json.dumps({"statements": list(done)}) if as_json else "\n".join(done))


def _parameters(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in parameters.items())


@contextmanager
def shown_progress(as_json: bool) -> Iterator[OnProgress]:
    """A line that is written over in a terminal; lines of JSON, or lines, elsewhere."""
    console = Console(stderr=True)

    def line(at: BuildProgress) -> str:
        share = f", {at.done / at.total:.0%}" if at.total else ""
        return f"{at.phase}{share}, {at.seconds:,.0f} s"

    if as_json:
        yield lambda at: print(json.dumps(asdict(at)), file=sys.stderr)
    elif console.is_terminal:
        with console.status("building") as status:
            yield lambda at: status.update(line(at))
    else:
        yield lambda at: print(line(at), file=sys.stderr)


def show_measured(measured: Measured) -> None:
    console = plain_console()
    console.print(
        f"{measured.queries} queries from the {measured.queries_from}; an exact search takes "
        f"{measured.exact_p50:.1f} ms",
        soft_wrap=True,
    )
    table = Table("index", "ef_search or probes")
    for heading in (f"recall@{measured.k}", "worst tenth", "p50 ms", "p95 ms"):
        table.add_column(heading, justify="right")
    for each in measured.indexes:
        table.add_row(
            each.name,
            f"{each.effort} (default)",
            f"{each.recall:.3f}",
            f"{each.worst:.3f}",
            f"{each.p50:.2f}",
            f"{each.p95:.2f}",
        )
        for effort, recall in each.table[measured.k].items():
            table.add_row("", str(effort), f"{recall:.3f}", "", "", "")
    console.print(table)


def show_rebuilt(done: Rebuilt, dry_run: bool) -> None:
    console = plain_console()
    for warning in done.warnings:
        console.print(f"warning: {warning}", soft_wrap=True)
    for statement in done.statements if dry_run else ():
        console.print(statement, soft_wrap=True)
    if dry_run:
        return
    if done.measured is not None:
        show_measured(done.measured)
    if done.refused is not None:
        console.print(f"refused, and dropped: {done.refused}", soft_wrap=True)
        return
    took = "was there already" if done.build_seconds is None else f"took {done.build_seconds:.1f} s"
    console.print(
        f"{done.name} serves; the build {took}. The old one is kept as {done.kept}: "
        f"`hegel-store index rollback {done.name}` goes back, `hegel-store index drop-old "
        f"{done.name}` drops it.",
        soft_wrap=True,
    )
