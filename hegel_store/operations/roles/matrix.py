"""Who may do what with which object. Whatever is not written here nobody but the owner may do.

The owner is the migrate role. Functions are not listed one by one: see ``executors_of``. Months of
steps are granted to nobody, as what is written to one of them by name is neither counted nor held
back by policies of the whole table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hegel_store.models.roles import Role
from hegel_store.schema.usage_views import USAGE_VIEWS

READERS: tuple[Role, ...] = ("app", "eval", "readonly")
"""All of them but the owner."""

COLUMNS: Mapping[tuple[str, Role], tuple[str, ...]] = {
    # Contents never change: a trigger refuses that as well.
    ("hegel_prompt_profiles", "app"): ("metadata", "performance_stats", "updated_at"),
}
"""The only columns that a role may UPDATE."""


READ = "SELECT"


@dataclass(frozen=True, slots=True)
class Writes:
    """The privileges beside that to read, which every role has."""

    app: str = ""
    eval: str = ""

    def of(self, role: Role) -> frozenset[str]:
        written = {"app": self.app, "eval": self.eval}.get(role, "")
        return frozenset({READ, *written.split()})


ADD = "INSERT"
CHANGE = "INSERT UPDATE"
ALL = "INSERT UPDATE DELETE"

RELATIONS: Mapping[str, Writes] = {
    "hegel_baselines": Writes(ALL, ALL),
    "hegel_corpus_words": Writes(),  # written by a function with the owner's rights
    "hegel_corpus_writes": Writes(),  # written by a trigger with the owner's rights
    "hegel_embedding_cache": Writes(ALL, ALL),
    "hegel_embedding_spaces": Writes(ALL),
    "hegel_embedding_usage": Writes(CHANGE, CHANGE),
    "hegel_erasures": Writes(),  # only the owner erases
    "hegel_evaluations": Writes(CHANGE, CHANGE),
    "hegel_fact_usefulness": Writes(ALL),
    "hegel_fact_verdicts": Writes(ADD),
    "hegel_facts": Writes(CHANGE),
    "hegel_labels": Writes(CHANGE),
    "hegel_latest_profiles": Writes(),
    "hegel_population_islands": Writes(CHANGE),
    "hegel_population_rankings": Writes(),
    "hegel_population_spaces": Writes(CHANGE),
    "hegel_population_vectors": Writes(ALL),
    "hegel_profile_alias_moves": Writes(ADD),
    # DELETE: an imported scope drops the aliases that were dropped where it comes from.
    "hegel_profile_aliases": Writes(ALL),
    "hegel_profile_parents": Writes(ADD),
    "hegel_profile_performance_summary": Writes(),
    "hegel_profile_populations": Writes(CHANGE),
    "hegel_prompt_profiles": Writes(ADD),
    "hegel_query_counts": Writes(ALL, ALL),
    "hegel_retrievals": Writes(ADD, ADD),
    "hegel_run_states": Writes(CHANGE),
    "hegel_runs": Writes(CHANGE, CHANGE),
    "hegel_scopes": Writes(CHANGE),
    "hegel_scores": Writes(ALL, ALL),
    "hegel_step_months_counted": Writes("INSERT DELETE"),
    "hegel_step_rollup": Writes("INSERT DELETE"),
    "hegel_store_version": Writes(),
    "hegel_training_steps": Writes(ADD, ADD),
    "hegel_word_counts": Writes(),
}
"""Tables, views and materialized views. Sequences are of identity columns, which need no grant."""

WHERE_MADE: Mapping[str, Writes] = dict.fromkeys(USAGE_VIEWS, Writes())
"""What an administrator may add, and no revision makes."""

WITH_OWNERS_RIGHTS: Mapping[str, tuple[Role, ...]] = {
    "hegel_count_corpus_words": ("app",),
    "hegel_count_words": ("app",),
    "hegel_documents_in_corpus": READERS,
    "hegel_documents_in_statistics": READERS,
    "hegel_documents_with": READERS,
    "hegel_ensure_step_month": ("app", "eval"),
    "hegel_facts_matching": READERS,
}
"""Functions that run with the owner's rights, and who may call them. One that is not written here
may be called by nobody."""

CLOSED_BY_ISOLATION = frozenset(
    {"hegel_documents_in_statistics", "hegel_documents_with", "hegel_word_counts"}
)
"""What tells of all corpora: nobody may, as long as row-level security is on."""

DATABASE: Mapping[Role, frozenset[str]] = {
    "migrate": frozenset({"CONNECT", "TEMPORARY"}),
    "app": frozenset({"CONNECT", "TEMPORARY"}),  # imported scopes arrive in temporary tables
    "eval": frozenset({"CONNECT"}),
    "readonly": frozenset({"CONNECT"}),
}
SCHEMA: Mapping[Role, frozenset[str]] = {
    "migrate": frozenset({"CREATE", "USAGE"}),
    **dict.fromkeys(READERS, frozenset({"USAGE"})),
}


def executors_of(name: str, *, with_owners_rights: bool, is_trigger: bool) -> tuple[Role, ...]:
    """Who may call a function of ours. A trigger's is called by nobody: it fires all the same."""
    if is_trigger:
        return ()
    if with_owners_rights:
        return WITH_OWNERS_RIGHTS.get(name, ())
    return READERS
