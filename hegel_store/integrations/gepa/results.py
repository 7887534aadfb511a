"""What GEPA's adapters return for one example, as it is stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from hegel_store.errors import InvalidInput
from hegel_store.models.evaluations import Evaluation

Coding = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Of one candidate on one example. ``trajectory`` is None where the adapter gave none."""

    output: Any
    score: float
    trajectory: Any
    objectives: Mapping[str, float]

    def scores(self, objective: str) -> dict[str, float]:
        """By objective, the one that GEPA goes by among them. Raises InvalidInput."""
        if objective in self.objectives:
            raise InvalidInput("objective", f"{objective!r} is one of the adapter's own objectives")
        return {objective: float(self.score), **self.objectives}

    def stored(self, encode: Coding) -> dict[str, str]:
        """As JSON, in texts: jsonb would put keys in another order, and GEPA would reflect on that.

        Raises InvalidInput for what would not come back as it was.
        """
        parts = {}
        for name, value in (("output", self.output), ("trajectory", self.trajectory)):
            coded = encode(value)
            try:
                parts[name] = json.dumps(coded, allow_nan=False)
                same = json.loads(parts[name]) == coded
            except (TypeError, ValueError):
                same = False
            if not same:
                raise InvalidInput(
                    "encode", f"the {name} is none that JSON gives back: {coded!r:.80}"
                )
        return parts


def results_of(batch: Any) -> Sequence[Result]:
    """Those of an EvaluationBatch of GEPA."""
    count = len(batch.scores)
    together = zip(
        batch.outputs,
        batch.scores,
        batch.trajectories or [None] * count,
        batch.objective_scores or [{}] * count,
        strict=True,
    )
    return [
        Result(output=output, score=score, trajectory=trajectory, objectives=dict(objectives))
        for output, score, trajectory, objectives in together
    ]


def batch_of(results: Sequence[Result]) -> Any:
    """An EvaluationBatch of GEPA."""
    from gepa.core.adapter import EvaluationBatch

    traced = all(result.trajectory is not None for result in results)
    return EvaluationBatch(
        outputs=[result.output for result in results],
        scores=[result.score for result in results],
        trajectories=[result.trajectory for result in results] if traced else None,
        objective_scores=(
            [dict(result.objectives) for result in results]
            if any(result.objectives for result in results)
            else None
        ),
    )


def read_result(evaluation: Evaluation, objective: str, decode: Coding) -> Result:
    """A stored one. Raises InvalidInput for one that was stored by other means."""
    output = evaluation.output
    if output is None or not {"output", "trajectory"} <= output.keys():
        raise InvalidInput(
            "evaluator",
            f"has scores of split {evaluation.key.split!r} that were stored without outputs",
        )
    scores = dict(evaluation.scores)
    return Result(
        score=scores.pop(objective),
        output=decode(json.loads(output["output"])),
        trajectory=decode(json.loads(output["trajectory"])),
        objectives=scores,
    )


def example_name(example: Any) -> str:
    """The SHA-256 of an example written as JSON with sorted keys, in hexadecimal digits."""
    try:
        written = json.dumps(example, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError):
        raise InvalidInput("example_id", "is needed: the examples are no JSON") from None
    return sha256(written.encode(errors="surrogatepass")).hexdigest()
