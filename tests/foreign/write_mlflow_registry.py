"""Writes mlflow_registry.db anew, a registry of prompts made by the real MLflow.

    python -m venv V && V/bin/pip install mlflow-skinny==3.17.2 sqlalchemy==2.1.9 alembic==1.20.1
    V/bin/python tests/foreign/write_mlflow_registry.py

Only the tables of the registry are kept, as all of MLflow's are a megabyte.
"""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

HERE = Path(__file__).parent / "mlflow_registry.db"
KEPT = {
    "alembic_version",
    "registered_models",
    "registered_model_tags",
    "registered_model_aliases",
    "model_versions",
    "model_version_tags",
}


def fill(uri: str) -> None:
    """Register prompts of all kinds: with gaps, chats, configurations, aliases, and a model."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    register = client.register_prompt
    register("greet", "Hello {{name}}", commit_message="first", tags={"team": "a"})
    register(
        "greet",
        "Hi {{name}}, ça va ?\n\U0001f994",
        commit_message="second",
        model_config={"model_name": "m", "temperature": 0.0, "max_tokens": 7},
    )
    register("greet", "Hey")
    chat = [
        {"role": "system", "content": "You are {{who}}."},
        {"role": "user", "content": "{{question}}"},
    ]
    form = {"type": "object", "properties": {"answer": {"type": "string"}}}
    register("support.chat", chat, response_format=form)
    for text in ("one", "two", "three", "four"):
        register("gaps", text)
    client.delete_prompt_version("gaps", "2")
    client.set_prompt_alias("greet", "production", 2)
    client.set_prompt_alias("greet", "staging", 3)
    client.set_prompt_alias("gaps", "production", 4)
    client.create_registered_model("a-model-and-no-prompt")


def main() -> None:
    HERE.unlink(missing_ok=True)
    fill(f"sqlite:///{HERE}")
    with sqlite3.connect(HERE) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (name,) in tables.fetchall():
            if name not in KEPT and not name.startswith("sqlite_"):
                connection.execute(f"DROP TABLE {name}")
    connection.execute("VACUUM")
    connection.close()
    print(f"{HERE}: {HERE.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.exit(main())
