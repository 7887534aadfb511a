"""A task for DSPy's optimisers without a model: the vocabulary of tests/vocabulary.py.

The stand-in answers a question with those words of its instructions and demonstrations that it uses
for it, and writes any other text that it is asked for with words drawn by a seed that the request
makes. It knows no answers; the metric is F1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any
from zlib import crc32

import dspy
from dspy.lm15 import Message, Response, TextPart, Usage

from tests.vocabulary import TRAINING, VALIDATION, WORDS, answer, f1

OUTPUTS = re.compile(r"output fields are:\n((?:\d+\. .*\n?)+)")
QUESTION = re.compile(r"\[\[ ## question ## \]\]\n(.*)")


class Engine:
    """What a model of DSPy asks. ``asked`` is called with each text that is wanted."""

    def __init__(self, asked: Callable[[str], object] | None = None) -> None:
        self._asked = asked or (lambda text: None)

    def complete(self, request: Any) -> Any:
        system = request.system if isinstance(request.system, str) else ""
        texts = [message.text or "" for message in request.messages]
        whole = "\n".join([system, *texts])
        self._asked(whole)
        listed = OUTPUTS.search(system)
        names = re.findall(r"`(\w+)`", listed.group(1)) if listed else []
        fields = {name: self._field(name, whole, texts) for name in names}
        if "JSON object" in system:
            text = json.dumps(fields)
        else:
            parts = [f"[[ ## {name} ## ]]\n{value}" for name, value in fields.items()]
            text = "\n\n".join([*parts, "[[ ## completed ## ]]"])
        return Response(
            id=None,
            model="stand-in",
            message=Message.assistant([TextPart(text)]),
            finish_reason="stop",
            usage=Usage(input_tokens=0, output_tokens=0, total_tokens=0),
        )

    def _field(self, name: str, whole: str, texts: list[str]) -> str:
        asked = QUESTION.findall(texts[-1])
        if name != "answer" or not asked:
            return self._write(f"{name} {whole}")
        words = " ".join(re.findall(r"\w+", whole))
        known = " ".join(word for word in words.split() if word in WORDS)
        return " ".join(answer({"known": known}, asked[-1])) or "none"

    def _write(self, seed: str) -> str:
        random = Random(crc32(seed.encode()))
        return " ".join(random.sample(WORDS, 4))


def model(asked: Callable[[str], object] | None = None) -> Any:
    return dspy.LM("stand-in/model", engine=Engine(asked), cache=False)


def program() -> Any:
    """Two predictors, whose answers are one."""
    return Answering()


class Answering(dspy.Module):
    def __init__(self) -> None:
        super().__init__()
        self.think = dspy.Predict(dspy.Signature("question -> hint", "Be bale dine."))
        self.answer = dspy.Predict(dspy.Signature("question, hint -> answer", "Say fote."))

    def forward(self, question: str) -> Any:
        return self.answer(question=question, hint=self.think(question=question).hint)


def metric(example: Any, prediction: Any, trace: Any = None, *rest: Any) -> float:
    return f1(sorted(prediction.answer.split()), sorted(example.answer.split()))


def examples(of: list[dict[str, Any]]) -> list[Any]:
    return [
        dspy.Example(question=each["question"], answer=" ".join(each["answer"])).with_inputs(
            "question"
        )
        for each in of
    ]


SETS = {"trainset": examples(TRAINING), "valset": examples(VALIDATION)}


def mipro(
    trials: int,
    *,
    score: Callable[..., float] = metric,
    asked: Callable[[str], object] | None = None,
    **more: Any,
) -> tuple[Any, dict[str, Any]]:
    """A MIPROv2 and the arguments of its compile(): bootstraps demonstrations, and asks the
    stand-in for instructions."""
    lm = model(asked)
    optimizer = dspy.MIPROv2(
        metric=score,
        prompt_model=lm,
        task_model=lm,
        auto=None,
        num_candidates=5,
        max_bootstrapped_demos=2,
        max_labeled_demos=2,
        num_threads=1,
        seed=more.pop("seed", 3),
    )
    arguments = {
        **SETS,
        "num_trials": trials,
        "minibatch": True,
        "minibatch_size": 4,
        "minibatch_full_eval_steps": 4,
    }
    return optimizer, arguments | more


@cache
def compiled(trials: int, **more: Any) -> Any:
    """What MIPROv2 comes to by itself."""
    optimizer, arguments = mipro(trials, **more)
    return optimizer.compile(program(), **arguments)


def course(best: Any) -> Any:
    """The scores of all trials, in their order, and what each had tried."""
    return [
        {name: value for name, value in log.items() if not name.endswith(("_program", "_path"))}
        for _, log in sorted(best.trial_logs.items())
    ]


def gepa(
    calls: int,
    *,
    score: Callable[..., float] = metric,
    asked: Callable[[str], object] | None = None,
    **more: Any,
) -> tuple[Any, dict[str, Any]]:
    """A GEPA of DSPy that reflects with the stand-in, and the arguments of its compile()."""
    lm = model(asked)
    optimizer = dspy.GEPA(
        metric=score,
        max_metric_calls=calls,
        reflection_lm=lm,
        num_threads=1,
        track_stats=True,
        seed=4,
        **more,
    )
    return optimizer, dict(SETS)
