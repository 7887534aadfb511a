"""The metrics of baselines are those of ir-measures, and verdicts tell a change from noise."""

from __future__ import annotations

import math
from uuid import UUID

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import P, R, nDCG

from hegel_store.errors import InvalidInput
from hegel_store.models.baselines import LabelledQuery, Quality, RedLine
from hegel_store.operations.baselines.comparing import (
    changed_conditions,
    latency_finding,
    metric_finding,
)
from hegel_store.operations.baselines.measuring import block_ratio
from hegel_store.operations.baselines.metrics import quality_of

IDS = [UUID(int=n) for n in range(1, 30)]
LINE = RedLine()


@given(
    found=st.lists(st.sampled_from(IDS), unique=True, max_size=15),
    gains=st.dictionaries(st.sampled_from(IDS), st.integers(1, 4), min_size=1),
    k=st.integers(1, 12),
)
def test_the_metrics_are_those_of_ir_measures(found, gains, k):
    quality = quality_of(found, gains, k)
    qrels = [ir_measures.Qrel("q", str(fact), gain) for fact, gain in gains.items()]
    ranked = [ir_measures.ScoredDoc("q", str(fact), -rank) for rank, fact in enumerate(found)]
    # What finds nothing is no run of theirs.
    ranked = ranked or [ir_measures.ScoredDoc("q", "nothing", 0)]
    theirs = ir_measures.calc_aggregate([P @ k, R @ k, nDCG @ k], qrels, ranked)
    assert quality.precision == pytest.approx(theirs[P @ k])
    assert quality.recall == pytest.approx(theirs[R @ k])
    assert quality.ndcg == pytest.approx(theirs[nDCG @ k])
    both = quality.precision + quality.recall
    assert quality.f1 == pytest.approx(2 * quality.precision * quality.recall / both if both else 0)


def qualities(values) -> list[Quality]:
    return [Quality(precision=v, recall=v, f1=v, ndcg=v) for v in values]


def test_a_metric_that_falls_for_sure_is_a_breach_and_one_that_may_have_is_not():
    random = np.random.default_rng(1)
    before = random.random(100)
    assert metric_finding("ndcg", qualities(before), qualities(before), LINE).verdict == "well"
    worse = before - 0.1 * random.random(100)
    finding = metric_finding("ndcg", qualities(before), qualities(worse), LINE)
    assert (finding.verdict, finding.line) == ("breach", -0.02)
    assert finding.low < finding.change < finding.high < finding.line
    # The same mean fall, from one query in a hundred.
    one = before.copy()
    one[0] -= 5
    assert metric_finding("ndcg", qualities(before), qualities(one), LINE).verdict == "unsure"
    better = metric_finding("ndcg", qualities(worse), qualities(before), LINE)
    assert better.verdict == "well"


def test_a_relative_line_follows_the_recorded_mean():
    before, after = qualities([0.2] * 10), qualities([0.19] * 10)
    assert metric_finding("f1", before, after, LINE).verdict == "well"
    relative = metric_finding("f1", before, after, RedLine(fall=0.02, relative=True))
    assert (relative.verdict, relative.line) == ("breach", pytest.approx(-0.004))


def blocks(random: np.random.Generator, count: int, factor: float = 1.0) -> np.ndarray:
    """Ratios of blocks on a machine whose noise spreads them by 4 %."""
    return 3 * factor * np.exp(0.04 * random.standard_normal(count))


@pytest.mark.parametrize(("rise", "expected"), [(1.0, "well"), (1.3, "breach")])
def test_a_rise_of_thirty_percent_is_told_from_none(rise, expected):
    random = np.random.default_rng(2)
    verdicts = [
        latency_finding(blocks(random, 20), blocks(random, 20, rise), LINE).verdict
        for _ in range(200)
    ]
    wrong = {"well": "breach", "breach": "well"}[expected]
    assert verdicts.count(wrong) == 0
    assert verdicts.count(expected) > 190


def test_at_the_line_itself_few_blocks_seldom_claim_either():
    random = np.random.default_rng(3)
    for count in (3, 5, 10, 20):
        verdicts = [
            latency_finding(blocks(random, count), blocks(random, count, 1.1), LINE).verdict
            for _ in range(1000)
        ]
        # Of each look a third of 5 %, half of it on either side.
        assert verdicts.count("breach") < 25
        assert verdicts.count("well") < 25


def test_too_few_blocks_tell_nothing():
    finding = latency_finding([1.0, 1.0], [9.0, 9.0], LINE)
    assert finding.verdict == "unsure"
    assert latency_finding([1.0] * 3, [9.0] * 3, LINE).verdict == "breach"
    assert math.isfinite(finding.high)


def test_what_disturbs_single_searches_does_not_reach_the_ratio():
    random = np.random.default_rng(4)
    quiet = 2 + random.random(25)
    searches = np.tile(quiet, (4, 1))
    references = np.ones((4, 25))
    disturbed = searches.copy()
    disturbed[random.integers(4, size=25), np.arange(25)] *= 10
    assert block_ratio(disturbed, references) == block_ratio(searches, references)
    assert block_ratio(1.3 * searches, references) == pytest.approx(
        1.3 * block_ratio(searches, references)
    )


def test_conditions_are_compared_by_their_names():
    before = {"code": "1", "settings": {"work_mem": "4MB", "jit": "off"}, "indexes": {"a": "x"}}
    after = {"code": "1", "settings": {"work_mem": "8MB", "jit": "off"}, "indexes": {}}
    assert changed_conditions(before, after) == ["indexes.a", "settings.work_mem"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"query": "a\x00", "relevant": {IDS[0]: 1}}, "query"),
        ({"query": "a", "relevant": {}}, "relevant"),
        ({"query": "a", "relevant": {"no id": 1}}, "relevant"),
        ({"query": "a", "relevant": {IDS[0]: 0}}, "gains"),
        ({"query": "a", "relevant": {IDS[0]: float("nan")}}, "gains"),
    ],
    ids=["nul", "nothing", "no id", "no gain", "nan"],
)
def test_what_is_no_labelled_query_is_refused(values, field):
    with pytest.raises(InvalidInput) as refused:
        LabelledQuery(**values)
    assert refused.value.field == field


@pytest.mark.parametrize("values", [{"fall": -0.1}, {"rise": -1}, {"confidence": 1.0}], ids=str)
def test_what_is_no_red_line_is_refused(values):
    with pytest.raises(InvalidInput):
        RedLine(**values)
