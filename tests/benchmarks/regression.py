"""The regression gate: is the code slower than that of an earlier commit?

    python tests/benchmarks/regression.py [--base COMMIT] [--postgres 16]

The earlier commit's code (by default the first parent's) runs from a worktree, the present code
from the checkout, each on a database at its own revision, both on one server. Blocks of the same
calls take turns, so that both sides see the same noise. A round gives each call an interval for how
many times longer it takes now: the mean of the logarithms of the blocks' ratios, by Student's t.

It fails (status 1) when the whole interval lies above 1.10 in two rounds with processes and
databases of their own, as either may be laid out worse by chance for as long as it lives. Where a
round's interval reaches over 1.10 without lying above it, noise hides the answer, which is said;
that is no failure.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

sys.path.insert(0, str(Path(__file__).parents[2]))

from hegel_store.models.confidence import mean_interval
from tests.benchmarks.servers import beside, database, options

ROOT = Path(__file__).parents[2]
WORKER = Path(__file__).with_name("regression_worker.py")
SLOWER = 1.10
CONFIDENCE = 0.99
CALLS = {"latest": 30, "log": 30, "search": 12, "fittest": 30}
"""So many make a block."""
BLOCKS = 100
ROUND_SECONDS, FEWEST_BLOCKS = 60, 20
"""A round ends then, on a machine that is too slow or too busy for all blocks."""
RUNS = ("hegel_store", "alembic")
"""What a change has to be in for the calls to take another time."""
SETTINGS = {"fsync": "off", "autovacuum": "off"}
DATABASES = ("earlier", "present", "earlier_again", "present_again")


class Skipped(Exception):
    """There is nothing to compare with; the text says why."""


@dataclass(frozen=True)
class Ratio:
    """How many times longer a call takes now, with the interval's bounds."""

    middle: float
    low: float
    high: float

    @property
    def is_slower(self) -> bool:
        return self.low > SLOWER

    @property
    def is_hidden(self) -> bool:
        return self.low <= SLOWER < self.high

    def __str__(self) -> str:
        return f"{self.middle:.2f} times ({self.low:.2f} to {self.high:.2f})"


class Side:
    """A process that runs the code below ``root`` on a database of its own."""

    def __init__(self, root: Path, url: str) -> None:
        # Settings of a developer's own would be both sides', and the paths are what is compared.
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("HEGEL_")
        } | {"PYTHONPATH": str(root), "PYTHONHASHSEED": "0"}
        self._process = subprocess.Popen(
            [sys.executable, str(WORKER), url],
            cwd=root,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._root = root
        self.calls: Sequence[str] = ()
        self.missing: Mapping[str, str] = {}

    def is_ready(self) -> bool:
        """Wait for its database to be filled; False when it has ended instead."""
        told: Mapping[str, Any] = json.loads(self._line() or "{}")
        if not told:
            return False
        if not Path(told["code"]).is_relative_to(self._root):
            raise RuntimeError(f"{told['code']} would be measured, not the code below {self._root}")
        self.calls, self.missing = told["calls"], told["missing"]
        return True

    def seconds(self, call: str, count: int) -> float:
        """The median time of a call, of so many."""
        self._process.stdin.write(f"{call} {count}\n")
        self._process.stdin.flush()
        return float(self._line())

    def close(self) -> None:
        self._process.kill()  # it may be in the middle of its filling; nothing of it is needed
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def _line(self) -> str:
        return self._process.stdout.readline()


def one_round(
    roots: Sequence[Path], urls: Sequence[str], calls: Sequence[str], blocks: int
) -> tuple[dict[str, Ratio], dict[str, str]]:
    """The ratio of each call that both sides have, and why the earlier side lacks the others.

    Raises Skipped where the earlier side does not begin, RuntimeError where the present one does
    not, or lacks a call.
    """
    with ExitStack() as stack:
        sides = []
        for root, url in zip(roots, urls, strict=True):
            sides.append(Side(root, url))
            stack.callback(sides[-1].close)
        earlier, present = sides
        if not present.is_ready():
            raise RuntimeError("the present code did not run its calls")
        if not earlier.is_ready():
            raise Skipped("the earlier code did not run its calls (its error is above)")
        if present.missing:
            raise RuntimeError(f"calls of the present code fail: {present.missing}")
        both = [call for call in calls if call in earlier.calls]
        logarithms: dict[str, list[float]] = {call: [] for call in both}
        ends_at = time.monotonic() + ROUND_SECONDS
        for block in range(blocks):
            if block >= FEWEST_BLOCKS and time.monotonic() > ends_at:
                print(f"a round ended after {block} blocks: {ROUND_SECONDS} s were over")
                break
            for call in both:
                # Whoever comes second finds the server's caches warmer, or the core hotter.
                order = sides if block % 2 else sides[::-1]
                taken = {id(side): side.seconds(call, CALLS[call]) for side in order}
                logarithms[call].append(math.log(taken[id(present)] / taken[id(earlier)]))
        missing = {call: why for call, why in earlier.missing.items() if call in calls}
        return {call: ratio_of(values) for call, values in logarithms.items()}, missing


def ratio_of(logarithms: Sequence[float]) -> Ratio:
    mean, spread = statistics.fmean(logarithms), statistics.stdev(logarithms)
    interval = mean_interval(mean, spread, len(logarithms), CONFIDENCE)
    return Ratio(math.exp(mean), math.exp(interval.low), math.exp(interval.high))


def compare(
    roots: Sequence[Path],
    rounds: Sequence[Sequence[str]],
    calls: Sequence[str] = tuple(CALLS),
    blocks: int = BLOCKS,
) -> int:
    """Print how the calls compare, and return the exit status. ``roots`` are those of the earlier
    and the present code, ``rounds`` their databases in each of the two rounds."""
    first, missing = one_round(roots, rounds[0], calls, blocks)
    for call, why in missing.items():
        print(f"{call}: not compared, as the earlier code does not have it ({why})")
    suspects = [call for call, ratio in first.items() if ratio.is_slower]
    again = one_round(roots, rounds[1], suspects, blocks)[0] if suspects else {}
    failed = False
    for call, ratio in first.items():
        if call in again and again[call].is_slower:
            failed = True
            print(f"{call}: SLOWER, it takes {ratio}, and again {again[call]}")
        elif call in again:
            print(f"{call}: took {ratio}, but not again: {again[call]}; noise hides the answer")
        elif ratio.is_hidden:
            print(f"{call}: noise hides the answer, it takes {ratio}")
        else:
            print(f"{call}: no slower by a tenth, it takes {ratio}")
    return int(failed)


def git(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=False
    )


def base_of(repository: Path, name: str) -> str:
    """The commit to compare with. Raises Skipped where there is none."""
    try:
        top = git(repository, "rev-parse", "--show-toplevel")
    except FileNotFoundError:
        raise Skipped("git is not installed") from None
    if top.returncode != 0 or Path(top.stdout.strip()).resolve() != repository.resolve():
        raise Skipped("this is no checkout of its own: there is no history")
    found = git(repository, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if found.returncode != 0:
        shallow = git(repository, "rev-parse", "--is-shallow-repository").stdout.strip()
        cut = "the clone is shallow, and ends before it" if shallow == "true" else "there is none"
        raise Skipped(f"no commit {name}: {cut}")
    commit = found.stdout.strip()
    if git(repository, "diff", "--quiet", commit, "--", *RUNS).returncode == 0:
        raise Skipped(f"nothing in {' and '.join(RUNS)} has changed since {commit[:9]}")
    return commit


@contextmanager
def worktree(repository: Path, commit: str) -> Iterator[Path]:
    """The commit's files in a folder of their own, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="hegelbase") as folder:
        tree = Path(folder).resolve() / "tree"
        added = git(repository, "worktree", "add", "--detach", "--quiet", str(tree), commit)
        if added.returncode != 0:
            raise Skipped(f"no worktree of {commit[:9]}: {added.stderr.strip()}")
        try:
            yield tree
        finally:
            git(repository, "worktree", "remove", "--force", str(tree))


def gate(
    repository: Path,
    name: str,
    rounds: Sequence[Sequence[str]],
    calls: Sequence[str] = tuple(CALLS),
    blocks: int = BLOCKS,
) -> int:
    """Compare the checkout with the commit of this name, on two databases in each round."""
    try:
        commit = base_of(repository, name)
        with worktree(repository, commit) as earlier:
            print(f"compared with {commit[:9]}, {blocks} blocks", flush=True)
            return compare((earlier, repository.resolve()), rounds, calls, blocks)
    except Skipped as reason:
        print(f"skipped: {reason}")
        return 0


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--base", default="HEAD~1", help="the commit to compare with")
    parser.add_argument("--blocks", type=int, default=BLOCKS, help="of each call, in a round")
    arguments = parser.parse_args()
    try:
        base_of(ROOT, arguments.base)
    except Skipped as reason:  # before a server is started for it
        print(f"skipped: {reason}")
        return
    with database(arguments, SETTINGS) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            for name in DATABASES:
                connection.execute(f"CREATE DATABASE {name}")
        urls = [beside(url, name) for name in DATABASES]
        sys.exit(gate(ROOT, arguments.base, (urls[:2], urls[2:]), blocks=arguments.blocks))


if __name__ == "__main__":
    main()
