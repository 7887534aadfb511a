"""From a FactFilter to SQL: fragments with named parameters, never values in the text."""

from __future__ import annotations

from typing import Any

from hegel_store.models import FactFilter
from hegel_store.models.checks import check_json

LIVE = (
    "fact.deleted_at IS NULL",
    "(fact.expires_at IS NULL OR fact.expires_at > now())",
    # By the statement's time: a fact may have ended in this very transaction. IS NOT TRUE, or the
    # planner would take a column that was never analysed for one that is never null.
    "(fact.valid_to <= statement_timestamp()) IS NOT TRUE",
)
"""What makes a fact one that searches find."""


def where(corpus_id: str | None, filters: FactFilter) -> tuple[str, dict[str, Any]]:
    """The conditions on ``fact`` (hegel_facts) and their parameters.

    Live facts only, unless ``as_of`` asks what was held at a recorded time.
    """
    conditions: list[str] = []
    parameters: dict[str, Any] = {}

    def add(condition: str, name: str, value: object) -> None:
        conditions.append(condition)
        parameters[name] = value

    if corpus_id is not None:
        add("fact.corpus_id = :corpus_id", "corpus_id", corpus_id)
    if filters.as_of is None:
        conditions += LIVE
    else:
        add("fact.created_at <= :as_of", "as_of", filters.as_of)
        conditions.append("(fact.deleted_at IS NULL OR fact.deleted_at > :as_of)")
        conditions.append("(fact.expires_at IS NULL OR fact.expires_at > :as_of)")
        conditions.append("(fact.valid_to <= :as_of) IS NOT TRUE")
    if filters.categories is not None:
        add(
            "fact.category = ANY(CAST(:categories AS text[]))",
            "categories",
            list(filters.categories),
        )
    if filters.intents is not None:
        add("fact.intent = ANY(CAST(:intents AS text[]))", "intents", list(filters.intents))
    if filters.freshness is not None:
        add(
            "fact.freshness = ANY(CAST(:freshness AS text[]))", "freshness", list(filters.freshness)
        )
    if filters.labels is not None:
        add(
            """(fact.corpus_id, fact.label_id) IN (
                SELECT corpus_id, id FROM hegel_labels
                WHERE name = ANY(CAST(:labels AS text[])) AND deleted_at IS NULL)""",
            "labels",
            list(filters.labels),
        )
    if filters.min_confidence is not None:
        add("fact.confidence >= :min_confidence", "min_confidence", filters.min_confidence)
    if filters.metadata is not None:
        add(
            "fact.metadata @> CAST(:metadata AS jsonb)",
            "metadata",
            check_json("filters.metadata", filters.metadata),
        )
    if filters.created_after is not None:
        add("fact.created_at >= :created_after", "created_after", filters.created_after)
    if filters.created_before is not None:
        add("fact.created_at < :created_before", "created_before", filters.created_before)
    return "\n              AND ".join(conditions), parameters
