"""``priorbench merge``: the experiments of several machines in one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from priorbench.cli.options import JsonOption, print_json


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(merge)


def merge(
    folders: Annotated[list[Path], typer.Argument(help="The folders of two experiments or more.")],
    into: Annotated[
        Path, typer.Option("--into", help="The folder of the whole experiment, not there yet.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Bring experiments together that were run in parts, or refuse and say what does not fit.

    Where it is run are the plugins and the code that the parts were run with.
    """
    from priorbench.merging.merge import merge as run

    done = run(folders, into)
    if as_json:
        print_json(done)
        return
    typer.echo(
        f"{done.folder}: {done.restorations} restorations of {done.priors} priors on "
        f"{done.tasks} tasks, {done.repeated} of them in more than one part"
    )
    typer.echo(
        f"tables and figures: priorbench tabulate --config {done.folder}/config.yaml, "
        f"priorbench draw --config {done.folder}/config.yaml"
    )
