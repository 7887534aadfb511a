"""The tables at the head of the revisions: columns and indexes, no queries."""

from hegel_store.schema.base import PREFIX, VERSION_TABLE, metadata
from hegel_store.schema.baselines import baselines
from hegel_store.schema.corpus_words import corpus_words
from hegel_store.schema.corpus_writes import corpus_writes
from hegel_store.schema.embedding_cache import embedding_cache
from hegel_store.schema.erasures import erasures
from hegel_store.schema.evaluations import evaluations, scores
from hegel_store.schema.fact_usefulness import fact_usefulness
from hegel_store.schema.fact_verdicts import fact_verdicts
from hegel_store.schema.facts import add_embedding_dimension, embedding_spaces, facts, labels
from hegel_store.schema.population_vectors import population_spaces, population_vectors
from hegel_store.schema.populations import population_islands, profile_populations
from hegel_store.schema.profiles import (
    profile_alias_moves,
    profile_aliases,
    profile_parents,
    prompt_profiles,
    scopes,
)
from hegel_store.schema.query_counts import query_counts
from hegel_store.schema.retrievals import retrievals
from hegel_store.schema.runs import run_states, runs
from hegel_store.schema.step_rollup import step_months_counted, step_rollup
from hegel_store.schema.steps import training_steps
from hegel_store.schema.usage import embedding_usage

__all__ = [
    "PREFIX",
    "VERSION_TABLE",
    "add_embedding_dimension",
    "baselines",
    "corpus_words",
    "corpus_writes",
    "embedding_cache",
    "embedding_spaces",
    "embedding_usage",
    "erasures",
    "evaluations",
    "fact_usefulness",
    "fact_verdicts",
    "facts",
    "labels",
    "metadata",
    "population_islands",
    "population_spaces",
    "population_vectors",
    "profile_alias_moves",
    "profile_aliases",
    "profile_parents",
    "profile_populations",
    "prompt_profiles",
    "query_counts",
    "retrievals",
    "run_states",
    "runs",
    "scopes",
    "scores",
    "step_months_counted",
    "step_rollup",
    "training_steps",
]
