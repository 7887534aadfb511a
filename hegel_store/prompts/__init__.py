"""Prompts and their lineages, drawn and compared: pure functions of values."""
