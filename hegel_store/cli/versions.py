"""Commands for what versions have in common: diff, rollback, blame."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from hegel_store.cli.diffs import diff_text
from hegel_store.cli.options import Embedded, Url, plain_console
from hegel_store.cli.references import AnyProfile, ScopeProfile, named_profile
from hegel_store.cli.terminal import print_json, visible
from hegel_store.prompts import diff_profiles
from hegel_store.store import connect

Corpus = Annotated[str, typer.Argument()]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def diff(
    corpus: Corpus,
    old: AnyProfile,
    new: AnyProfile,
    unified: Annotated[bool, typer.Option("--unified", "-u", help="As `diff -u` does.")] = False,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Show what changed from one profile to another, word by word."""
    with connect(url, embedded=embedded) as store:
        difference = diff_profiles(
            named_profile(store, corpus, old), named_profile(store, corpus, new)
        )
    console = plain_console()
    if as_json:
        print_json(difference.to_json())
    elif unified:
        print(visible(difference.unified()), end="")
    elif not difference.changes:
        print("no differences")
    else:
        # Without styles, deleted and inserted words would look alike.
        marked = console.color_system is None
        console.print(diff_text(difference, marked=marked), soft_wrap=True)


def rollback(
    corpus: Corpus,
    task_type: Annotated[str, typer.Argument()],
    to: ScopeProfile,
    expected_version: Annotated[
        int | None, typer.Option(help="Only if this is the newest version.", min=0)
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; it is written down.")] = None,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Append a version with the content of an earlier one. Aliases stay where they are."""
    with connect(url, embedded=embedded) as store:
        made = store.profiles.rollback(
            corpus,
            task_type,
            named_profile(store, corpus, to, task_type).id,
            expected_version=expected_version,
            reason=reason,
        )
    if as_json:
        print_json(asdict(made))
    else:
        restored = made.metadata["restores"]["version"]
        print(f"version {made.version} restores version {restored}: {made.id}")


def blame(
    corpus: Corpus,
    profile: AnyProfile,
    role: Annotated[str | None, typer.Option(help="Only the prompt of this role.")] = None,
    as_json: Json = False,
    url: Url = None,
    embedded: Embedded = True,
) -> None:
    """Show for each sentence of a profile's prompts which version first had it."""
    with connect(url, embedded=embedded) as store:
        found = store.profiles.blame(corpus, named_profile(store, corpus, profile).id, role=role)
    if as_json:
        print_json([asdict(sentence) for sentence in found])
        return
    table = Table("version", "made", "role")
    table.add_column("sentence", overflow="fold")
    for sentence in found:
        table.add_row(
            visible(f"{sentence.task_type}@{sentence.version}"),
            f"{sentence.created_at:%Y-%m-%d %H:%M:%S}",
            visible(sentence.role),
            visible(sentence.text.strip()),
        )
    plain_console().print(table)
