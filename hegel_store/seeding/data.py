"""The data files of ``seeds/``, read and checked: what a development database is filled with.

The files may be edited by hand, so each is checked for shape and for names that do not fit
together (a parent that comes later, questions for a scope that has no profiles) before anything
reaches the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from hegel_store.errors import ConfigurationError
from hegel_store.models.facts import Freshness

Scope = tuple[str, str]
"""(corpus_id, task_type)"""

Share = Annotated[float, Field(ge=0, le=1)]
Texts = Annotated[Sequence[str], Field(min_length=1)]
FILES = ("profiles.json", "facts.json", "questions.json", "debates.json")
Parsed = TypeVar("Parsed")


class Part(BaseModel):
    """Base of everything in the files: immutable, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SeedVersion(Part):
    """One version of a scope's prompts. ``parents`` are version numbers of the same scope.

    ``fitness`` is the share of questions it gets right; its steps are rewarded accordingly.
    """

    version: int
    parents: Sequence[int]
    change: str
    strategy: str
    fitness: Share
    island: int
    profile: dict[str, Any]


class SeedScope(Part):
    """A scope with its versions, oldest first, and aliases (name -> version)."""

    corpus_id: str
    task_type: str
    aliases: Mapping[str, int]
    versions: Annotated[Sequence[SeedVersion], Field(min_length=1)]

    @property
    def key(self) -> Scope:
        """(corpus_id, task_type)"""
        return self.corpus_id, self.task_type


class LearnedBy(Part):
    """The profile that a fact was learned with."""

    task_type: str
    version: int


class SeedFact(Part):
    """A fact of one corpus."""

    content: str
    category: str
    label: str
    intent: str
    confidence: Share
    freshness: Freshness
    language: str
    metadata: Mapping[str, Any]
    learned_by: LearnedBy | None = None


class SeedQuestion(Part):
    """A question with its gold answer, an answer that falls short, and a wrong one."""

    category: str
    query: str
    gold: str
    partial: str
    wrong: str


class SeedQuestions(Part):
    """The questions of a scope, and the words that vary them ("{number}" becomes a number)."""

    corpus_id: str
    task_type: str
    openings: Texts
    closings: Texts
    pairs: Annotated[Sequence[SeedQuestion], Field(min_length=2)]


class SeedObjections(Part):
    """What a reviewer says, by what is the matter with an answer."""

    accepted: Texts
    incomplete: Texts
    wrong: Texts
    form: Texts


class SeedDebates(Part):
    """Sentences that debates are put together from."""

    approaches: Texts
    doubts: Texts
    objections: SeedObjections
    proposals: Texts
    rejections: Texts


class SeedData(Part):
    """All the files together."""

    scopes: Sequence[SeedScope]
    facts: Mapping[str, Sequence[SeedFact]]
    questions: Mapping[Scope, SeedQuestions]
    debates: SeedDebates


def data_directory() -> Path:
    """Where the data files are: inside an installed package, or beside it in a checkout.

    Raises ConfigurationError when they are in neither place.
    """
    package = Path(__file__).parents[1]
    candidates = (package / "seeds", package.parent / "seeds")
    for directory in candidates:
        if all((directory / name).is_file() for name in FILES):
            return directory
    places = " nor in ".join(map(str, candidates))
    raise ConfigurationError(f"the seed data ({', '.join(FILES)}) is neither in {places}")


def load_seed_data(directory: Path | None = None) -> SeedData:
    """Read the four files of ``directory`` (data_directory() by default).

    Raises ConfigurationError, naming the file and the place in it.
    """
    directory = directory or data_directory()
    questions = _read(directory / "questions.json", list[SeedQuestions])
    data = SeedData(
        scopes=_read(directory / "profiles.json", list[SeedScope]),
        facts=_read(directory / "facts.json", dict[str, list[SeedFact]]),
        questions={(each.corpus_id, each.task_type): each for each in questions},
        debates=_read(directory / "debates.json", SeedDebates),
    )
    _check_versions(data)
    _check_references(data)
    _check_slots(data)
    return data


def _read(path: Path, shape: type[Parsed]) -> Parsed:
    try:
        return TypeAdapter(shape).validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole file"
        raise ConfigurationError(f"{path}, {place}: {first['msg']}") from error


def _check_versions(data: SeedData) -> None:
    for scope in data.scopes:
        name = f"profiles.json, {scope.corpus_id}/{scope.task_type}"
        numbers = [version.version for version in scope.versions]
        if numbers != list(range(1, len(numbers) + 1)):
            raise ConfigurationError(f"{name}: versions must count 1, 2, 3 ..., not {numbers}")
        for version in scope.versions:
            unknown = [parent for parent in version.parents if not 1 <= parent < version.version]
            if unknown:
                raise ConfigurationError(
                    f"{name}: version {version.version} has parents {unknown}, "
                    "which are not earlier versions"
                )
        for alias, number in scope.aliases.items():
            if number not in numbers:
                raise ConfigurationError(f"{name}: alias {alias!r} names no version: {number}")


def _check_references(data: SeedData) -> None:
    versions = {scope.key: len(scope.versions) for scope in data.scopes}
    if set(versions) != set(data.questions):
        odd = sorted(set(versions) ^ set(data.questions))
        raise ConfigurationError(f"profiles.json and questions.json differ in their scopes: {odd}")
    for corpus_id in sorted({corpus_id for corpus_id, _ in versions}):
        if not data.facts.get(corpus_id):
            raise ConfigurationError(f"facts.json has no facts for the corpus {corpus_id!r}")
    for corpus_id, facts in data.facts.items():
        for position, fact in enumerate(facts):
            learned = fact.learned_by
            if learned and learned.version > versions.get((corpus_id, learned.task_type), 0):
                raise ConfigurationError(
                    f"facts.json, {corpus_id}.{position}: learned by version {learned.version} "
                    f"of {learned.task_type!r}, which profiles.json does not have"
                )


def _check_slots(data: SeedData) -> None:
    """Every text with slots can be filled in: a stray brace would end a long run half-way."""
    for scope, questions in data.questions.items():
        place = f"questions.json, {'/'.join(scope)}"
        _fill(place, (*questions.openings, *questions.closings), {"number": 1})
    sentences = (*data.debates.approaches, *data.debates.proposals)
    _fill("debates.json", sentences, {"category": "", "count": 1})


def _fill(place: str, texts: Sequence[str], slots: Mapping[str, object]) -> None:
    for text in texts:
        try:
            text.format(**slots)
        except (IndexError, KeyError, ValueError) as error:
            known = ", ".join(f"{{{name}}}" for name in slots)
            raise ConfigurationError(f"{place}: {text!r} has another slot than {known}") from error
