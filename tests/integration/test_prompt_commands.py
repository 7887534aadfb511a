"""The commands about lineages and prompts."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hegel_store.errors import InvalidInput
from hegel_store.models import NewStep, PromptProfile
from hegel_store.store import Store
from tests.commands import run

pytestmark = pytest.mark.any_server


@pytest.fixture
def family(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[PromptProfile]:
    """A founder, two children, and what they were merged into."""
    monkeypatch.setenv("COLUMNS", "200")
    founder = store.profiles.append("news", "qa", {"worker": {"system_prompt": "Be [brief]."}})
    sides = [store.profiles.append("news", "qa", {"n": n}, base=founder) for n in range(2)]
    merged = store.profiles.append("news", "qa", {"worker": {"system_prompt": "x"}}, parents=sides)
    store.profiles.set_alias("news", "qa", "champion", merged.id)
    store.steps.log(
        NewStep(
            corpus_id="news",
            task_type="qa",
            old_profile_id=founder.id,
            query="",
            predicted_answer="",
            reward=0.5,
        )
    )
    return [founder, *sides, merged]


def test_lineage_is_drawn_as_a_tree_and_as_svg(family, url: str, tmp_path: Path) -> None:
    founder, _, _, merged = family
    assert str(founder.id) in run("lineage", "news", merged.id, "--url", url)
    lines = run("lineage", "news", merged.id, "--tree", "--url", url).splitlines()
    assert [line.lstrip("│├─● ").split()[0] for line in lines] == ["v4", "v3", "see", "v2", "v1"]
    assert lines[0].endswith("[champion]")
    assert lines[-1].endswith("reward 0.5 (1)")
    drawing = tmp_path / "lineage.svg"
    assert run("lineage", "news", merged.id, "--svg", drawing, "--url", url) == ""
    root = ElementTree.parse(drawing).getroot()  # noqa: S314  # drawn here
    assert len(root.findall("{*}g")) == 4
    with pytest.raises(InvalidInput):
        run("lineage", "news", merged.id, "--svg", tmp_path / "no" / "x.svg", "--url", url)


def test_descendants_are_a_table_or_json(family, url: str) -> None:
    founder, *_, merged = family
    table = run("descendants", "news", founder.id, "--url", url)
    assert str(merged.id) in table
    assert "champion" in table
    graph = json.loads(run("descendants", "news", founder.id, "--depth", 1, "--json", "--url", url))
    assert [node["version"] for node in graph["nodes"]] == [1, 3, 2]
    assert {edge["parent_id"] for edge in graph["edges"]} == {str(founder.id)}
    assert graph["nodes"][0]["average_reward"] == 0.5
    with pytest.raises(InvalidInput):
        run("descendants", "news", founder.id, "--json", "--tree", "--url", url)


def test_prompts_are_searched(family, url: str) -> None:
    founder, *_ = family
    assert "worker: Be [brief]." in run("search-prompts", "brief", "--url", url)
    asked = ["--substring", "--role", "worker", "--json", "--url", url]
    (hit,) = json.loads(run("search-prompts", "[BRIEF]", *asked))
    assert (hit["id"], hit["score"], hit["highlights"]) == (
        str(founder.id),
        None,
        {"worker": "Be [brief]."},
    )
    assert json.loads(run("search-prompts", "[BRIEF]", "--match-case", *asked)) == []
    found = json.loads(run("search-prompts", "--containing", '{"n": 1}', "--json", "--url", url))
    assert [hit["version"] for hit in found] == [3]
    with pytest.raises(InvalidInput):
        run("search-prompts", "--containing", "{n", "--url", url)
