"""The values that go into the store and come out of it."""

from hegel_store.models.ageing import Aged, AgeingRule
from hegel_store.models.aliases import AliasMove, ProfileAlias
from hegel_store.models.baselines import LabelledQuery, RedLine
from hegel_store.models.blame import BlamedSentence
from hegel_store.models.confidence import ConfidenceInterval
from hegel_store.models.evaluations import (
    BusyEvaluation,
    Claim,
    Claims,
    Evaluation,
    EvaluationKey,
    FailedEvaluation,
    NewEvaluation,
    Score,
    ScoreMatrix,
    ScoreSummary,
)
from hegel_store.models.facts import (
    AddResult,
    Fact,
    FactFilter,
    NewFact,
    RefusedFact,
    ScoreParts,
    SearchHit,
    SearchResult,
)
from hegel_store.models.labels import Label, LabelHit
from hegel_store.models.lineage import LineageEdge, LineageGraph, LineageNode
from hegel_store.models.novelty import Neighbour, Proposal
from hegel_store.models.populations import (
    ExampleLeader,
    Placement,
    PopulationMember,
    SelectedMember,
)
from hegel_store.models.profiles import ProfileHit, PromptProfile
from hegel_store.models.retrievals import CategoryReward, FactReward, Retrieval
from hegel_store.models.rewards import ProfileComparison, RewardPoint, RewardSummary
from hegel_store.models.runs import Run, RunState
from hegel_store.models.steps import NewStep, StepHit, TrainingStep
from hegel_store.models.verdicts import FactVerdict, JudgedFact

__all__ = [
    "AddResult",
    "Aged",
    "AgeingRule",
    "AliasMove",
    "BlamedSentence",
    "BusyEvaluation",
    "CategoryReward",
    "Claim",
    "Claims",
    "ConfidenceInterval",
    "Evaluation",
    "EvaluationKey",
    "ExampleLeader",
    "Fact",
    "FactFilter",
    "FactReward",
    "FactVerdict",
    "FailedEvaluation",
    "JudgedFact",
    "Label",
    "LabelHit",
    "LabelledQuery",
    "LineageEdge",
    "LineageGraph",
    "LineageNode",
    "Neighbour",
    "NewEvaluation",
    "NewFact",
    "NewStep",
    "Placement",
    "PopulationMember",
    "ProfileAlias",
    "ProfileComparison",
    "ProfileHit",
    "PromptProfile",
    "Proposal",
    "RedLine",
    "RefusedFact",
    "Retrieval",
    "RewardPoint",
    "RewardSummary",
    "Run",
    "RunState",
    "Score",
    "ScoreMatrix",
    "ScoreParts",
    "ScoreSummary",
    "SearchHit",
    "SearchResult",
    "SelectedMember",
    "StepHit",
    "TrainingStep",
]
