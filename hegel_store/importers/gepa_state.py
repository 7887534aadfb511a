"""The state that a run of GEPA leaves in its folder, read without running anything of it.

``gepa_state.bin`` is a pickle. Unpickling a foreign file may run any code at all, so only such are
read as hold nothing but numbers, texts and the containers of the language: their instructions are
looked through first, and those that name a class or call something are refused.
"""

from __future__ import annotations

import io
import json
import pickle  # only read behind the list below
import pickletools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from hegel_store.errors import InvalidInput
from hegel_store.models.checks import check_number, check_text

STATE = "gepa_state.bin"
OUTPUTS = "generated_best_outputs_valset"

PLAIN = re.compile(
    "PROTO|FRAME|STOP|MARK|POP|POP_MARK|MEMOIZE|(LONG_|)BINPUT|PUT|(LONG_|)BINGET|GET"
    "|NONE|NEWTRUE|NEWFALSE|INT|BININT[12]?|LONG[14]?|FLOAT|BINFLOAT"
    "|UNICODE|(SHORT_|)BINUNICODE|BINUNICODE8"
    "|EMPTY_LIST|LIST|APPENDS?|EMPTY_TUPLE|TUPLE[123]?|EMPTY_DICT|DICT|SETITEMS?"
    "|EMPTY_SET|ADDITEMS|FROZENSET"
)
"""Instructions that make numbers, texts and containers. None names a class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A candidate with the texts of its components, the numbers of its parents, and its scores by
    the ids of the validation set, as far as it was evaluated on it."""

    texts: Mapping[str, str]
    parents: Sequence[int]
    scores: Mapping[Any, float]


def read_candidates(run_dir: Path) -> Sequence[Candidate]:
    """All candidates of a run, in the order of their numbers.

    Raises InvalidInput for a folder without a state, and a state with something else in it than
    plain values, as runs that cache evaluations or keep outputs which are objects have.
    """
    file = run_dir / STATE
    if not file.is_file():
        raise InvalidInput("run_dir", f"there is no {file}")
    state = plain_pickle(file)
    try:
        texts = state["program_candidates"]
        parents = state["parent_program_for_candidate"]
        scores = state["prog_candidate_val_subscores"]
        together = list(zip(texts, parents, scores, strict=True))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput("run_dir", f"{file} is no state of a run: {error!r:.200}") from None
    return [_candidate(number, *each) for number, each in enumerate(together)]


def plain_pickle(file: Path) -> Any:
    """What a pickle holds, if that is plain. Raises InvalidInput."""
    data = file.read_bytes()
    try:
        for instruction, argument, position in pickletools.genops(data):
            name = instruction.name
            if not PLAIN.fullmatch(name):
                raise InvalidInput(
                    "run_dir", f"{file} is refused: {name} at {position} could run code"
                )
            # The table of what was put aside is as long as the highest number.
            if "PUT" in name and int(argument or 0) > len(data):
                raise InvalidInput("run_dir", f"{file} is refused: it would fill the memory")
        return _Plain(io.BytesIO(data)).load()
    except InvalidInput:
        raise
    except Exception as error:  # anything at all, of what was not written by a pickler
        raise InvalidInput("run_dir", f"{file} is no pickle: {error!r:.200}") from None


class _Plain(pickle.Unpickler):
    """Finds no class, whatever is asked."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"{module}.{name} is not read")


def _candidate(number: int, texts: object, parents: object, scores: object) -> Candidate:
    field = f"candidate {number}"
    if not isinstance(texts, dict) or not texts:
        raise InvalidInput(field, "must have the texts of its components")
    if not isinstance(parents, list) or not isinstance(scores, dict):
        raise InvalidInput(field, "must have a list of parents, and scores by the ids of examples")
    # The first one's parent is None.
    known = [parent for parent in parents if parent is not None]
    if not all(isinstance(parent, int) and 0 <= parent < number for parent in known):
        raise InvalidInput(field, f"must have earlier ones for parents, not {parents!r:.80}")
    return Candidate(
        texts={
            check_text(f"{field} (a component)", name): check_text(f"{field}.{name:.80}", text)
            for name, text in texts.items()
        },
        parents=list(dict.fromkeys(known)),
        scores={key: check_number(f"{field}, score", score) for key, score in scores.items()},
    )


def read_output(run_dir: Path, candidate: int, example: object) -> str | None:
    """What a candidate answered to an example of the validation set, as text or JSON; None where
    the run kept it not."""
    folder = run_dir / OUTPUTS / f"task_{example}"
    if folder.parent != run_dir / OUTPUTS:  # an id that is a path
        return None
    kept = sorted(folder.glob(f"iter_*_prog_{candidate}.json"))
    if not kept:
        return None
    try:
        output = json.loads(kept[-1].read_bytes())
    except (ValueError, RecursionError) as error:
        raise InvalidInput("run_dir", f"{kept[-1]} is no JSON: {error}") from None
    return output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
