"""What can be said about prompts by themselves: how two differ, what sentences they have, and how
their lineages are drawn."""

from hegel_store.prompts.changes import ProfileChange, ProfileDiff, TextSegment
from hegel_store.prompts.diff import diff_profiles, text_segments
from hegel_store.prompts.sentences import sentences

__all__ = [
    "ProfileChange",
    "ProfileDiff",
    "TextSegment",
    "diff_profiles",
    "sentences",
    "text_segments",
]
