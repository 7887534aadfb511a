"""The commands that import what other tools have stored."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hegel_store.cli.options import Embedded, Url
from hegel_store.errors import InvalidInput
from hegel_store.importers import import_gepa_run, import_mlflow_prompts
from hegel_store.store import connect

Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def mlflow_prompts(
    tracking_uri: Annotated[
        str, typer.Argument(help="Of the registry's database: sqlite:/// or postgresql://.")
    ],
    corpus: Annotated[str, typer.Argument()],
    name: Annotated[list[str] | None, typer.Option(help="Only this prompt; repeatable.")] = None,
    task_type: Annotated[
        list[str] | None, typer.Option(help="PROMPT=TASK_TYPE; else the prompt's name; repeatable.")
    ] = None,
    role: Annotated[str, typer.Option(help="Whose prompt it becomes.")] = "worker",
    workspace: Annotated[str, typer.Option(help="MLflow's, where it has several.")] = "default",
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Store the prompts of an MLflow registry, each version once."""
    with connect(url, embedded=embedded) as store:
        done = import_mlflow_prompts(
            store,
            tracking_uri,
            corpus,
            names=name,
            task_types=_pairs("task_type", task_type),
            role=role,
            workspace=workspace,
        )
    if as_json:
        print(json.dumps(asdict(done)))
        return
    print(
        f"{done.stored:,} of {done.versions:,} versions of {done.prompts:,} prompts stored, "
        f"{done.aliases:,} aliases moved"
    )
    for reason in done.left:
        print(f"  left: {reason}")


def gepa_run(
    run_dir: Annotated[Path, typer.Argument(help="The run_dir of gepa.optimize().")],
    corpus: Annotated[str, typer.Argument()],
    task_type: Annotated[str, typer.Argument()],
    run: Annotated[str | None, typer.Option(help="Its name; else that of the folder.")] = None,
    role: Annotated[
        list[str] | None, typer.Option(help="COMPONENT=ROLE; else its own name; repeatable.")
    ] = None,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Store the candidates of a run of GEPA with their lineage, and their scores as steps."""
    with connect(url, embedded=embedded) as store:
        done = import_gepa_run(
            store, run_dir, corpus, task_type, run_id=run, roles=_pairs("role", role)
        )
    if as_json:
        print(json.dumps(asdict(done)))
        return
    print(
        f"{done.profiles:,} of {done.candidates:,} candidates and {done.steps:,} of "
        f"{done.scores:,} scores of {done.run_id} stored"
    )


def _pairs(name: str, given: list[str] | None) -> dict[str, str]:
    pairs = [each.partition("=") for each in given or ()]
    wrong = [left for left, sign, _ in pairs if not sign]
    if wrong:
        raise InvalidInput(name, f"must have a =, unlike {wrong[0]!r:.80}")
    return {left: right for left, _, right in pairs}
