"""How well a ranked list answers a query.

The formulas are those of trec_eval, for lists that are cut off at k; a test compares them with
ir-measures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from uuid import UUID

from hegel_store.models.baselines import Quality


def quality_of(found: Sequence[UUID], relevant: Mapping[UUID, float], k: int) -> Quality:
    """Precision, recall, F1 and nDCG at ``k`` of the facts that were found, the best first.

    Precision is hits / k, also where fewer than k were found; recall is hits / relevant; F1 is
    their harmonic mean. nDCG sums gain / log2(1 + rank) and divides by the same sum over the best
    order there is (Järvelin and Kekäläinen 2002, with the discount of trec_eval).
    """
    best = found[:k]
    hits = sum(fact_id in relevant for fact_id in best)
    precision, recall = hits / k, hits / len(relevant)
    ideal = _gained(sorted(relevant.values(), reverse=True)[:k])
    return Quality(
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if hits else 0.0,
        ndcg=_gained([relevant.get(fact_id, 0.0) for fact_id in best]) / ideal,
    )


def _gained(gains: Sequence[float]) -> float:
    return math.fsum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
