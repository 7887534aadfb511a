"""Writes the folder gepa_run anew: a run of the real GEPA on plain functions, merges among it.

python -m venv V && V/bin/pip install gepa==0.1.4
V/bin/python tests/foreign/write_gepa_run.py
"""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "gepa_run"
KEPT = ("gepa_state.bin", "candidates.json", "generated_best_outputs_valset")
EXAMPLES = [{"question": word} for word in ("red", "green", "blue", "grey", "pink", "brown")]


class Colours:
    """Scores a candidate by the words that it has in one of its two texts."""

    propose_new_texts = None

    def evaluate(self, batch: Any, candidate: Any, capture_traces: bool = False) -> Any:
        from gepa.core.adapter import EvaluationBatch

        prompts = " ".join(candidate.values()).split()
        words = [example["question"] for example in batch]
        return EvaluationBatch(
            outputs=[{"colour": word} for word in words],
            scores=[float(word in prompts) for word in words],
            trajectories=words if capture_traces else None,
        )

    def make_reflective_dataset(self, candidate: Any, batch: Any, components: Any) -> Any:
        return {part: [{"Feedback": word} for word in batch.trajectories] for part in components}


def main() -> None:
    import gepa

    turn = itertools.count()
    words = ("red blue", "green", "red grey", "blue pink", "green brown", "pink", "red green")

    def reflect(prompt: object) -> str:
        return f"```\nName it: {words[next(turn) % len(words)]}\n```"

    shutil.rmtree(HERE, ignore_errors=True)
    result = gepa.optimize(
        seed_candidate={"system_prompt": "Name it.", "reviewer": "Is it right?"},
        trainset=EXAMPLES,
        valset=EXAMPLES,
        adapter=Colours(),
        reflection_lm=reflect,
        max_metric_calls=250,
        run_dir=str(HERE),
        seed=7,
        use_merge=True,
        max_merge_invocations=5,
    )
    for path in HERE.iterdir():
        if path.name not in KEPT:
            path.unlink()
    print(result.parents, result.val_aggregate_scores)


if __name__ == "__main__":
    main()
