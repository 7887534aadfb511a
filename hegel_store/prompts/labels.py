"""How a profile is called in a drawing."""

from __future__ import annotations

from hegel_store.models import LineageNode


def short_id(node: LineageNode) -> str:
    """The end of the id: ids made in the same moment begin alike."""
    return node.id.hex[-8:]


def reward_text(node: LineageNode) -> str:
    """The mean reward and of how many it is; empty where there is none."""
    if node.average_reward is None:
        return ""
    return f"{node.average_reward:.4g} ({node.rewards})"


def shown(name: str) -> str:
    """``name`` without what a terminal or a viewer would obey: controls, line ends, changes of
    direction."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in name)
