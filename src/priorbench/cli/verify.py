"""``priorbench verify``: whether all results are still what was written."""

from __future__ import annotations

from typing import Annotated

import typer

from priorbench.cli.options import DEFAULT_CONFIG, ConfigOption, load


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(verify)


def verify(
    config: ConfigOption = DEFAULT_CONFIG,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair", help="Remove what is damaged, so that the next run makes it again."
        ),
    ] = False,
) -> None:
    """Compare every result of an experiment with its checksum; exit code 1 if any is damaged."""
    from priorbench.stages.verify import check, remove, working

    plan = load(config)
    if repair and (locks := working(plan)):
        raise ValueError(
            f"{len(locks)} jobs of this experiment are at work, {locks[0]} first: repair when they ended"
        )
    files = list(check(plan))
    found = [file for file in files if file.reason]
    for damage in found:
        typer.echo(f"{damage.path}: {damage.reason}")
        if repair:
            remove(damage)
    if not files:
        typer.echo(f"nothing has been written yet in {plan.layout.root}")
    elif not found:
        typer.echo(f"{len(files)} files checked, all whole")
    elif repair:
        typer.echo(f"{len(found)} removed: run snakemake to have exactly these made again")
    else:
        typer.echo(
            f"{len(found)} damaged; 'priorbench verify --repair' removes them, and snakemake makes them again"
        )
    raise typer.Exit(bool(found) and not repair)
