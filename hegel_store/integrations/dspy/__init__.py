"""Runs of DSPy's optimisers that live in the database, and its programs as profiles.

The package dspy is only imported when it is needed, so that this can be imported without it.
"""

from hegel_store.integrations.dspy.callback import StoreCallback
from hegel_store.integrations.dspy.gepa import compile_gepa
from hegel_store.integrations.dspy.mipro import compile_mipro
from hegel_store.integrations.dspy.programs import document_of, load_program, save_program

__all__ = [
    "StoreCallback",
    "compile_gepa",
    "compile_mipro",
    "document_of",
    "load_program",
    "save_program",
]
