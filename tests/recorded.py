"""Embedders for commands in processes of their own, which note what they embed in a file."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from hegel_store.models.vectors import Vector
from tests.embedders import HashingEmbedder


class Recorded(HashingEmbedder):
    """Writes each text on a line of the file RECORDED_TEXTS, and takes RECORDED_SECONDS a call."""

    def embed(self, texts: Sequence[str]) -> Vector:
        if "RECORDED_TEXTS" in os.environ:
            with open(os.environ["RECORDED_TEXTS"], "a") as file:
                file.writelines(f"{text}\n" for text in texts)
        time.sleep(float(os.environ.get("RECORDED_SECONDS", "0")))
        return super().embed(texts)


old = Recorded("old", 384)
new = Recorded("new", 384)
large = Recorded("large", 768)


class Blind(Recorded):
    """Tells no text from another."""

    def embed(self, texts: Sequence[str]) -> Vector:
        return super().embed(["anything"] * len(texts))


blind = Blind("blind", 384)
