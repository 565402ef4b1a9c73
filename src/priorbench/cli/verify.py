"""``priorbench verify``: whether all results are still what was written."""

from __future__ import annotations

from typing import Annotated

import typer

from priorbench.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, load, print_json


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(verify)


def verify(
    config: ConfigOption = DEFAULT_CONFIG,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Remove what is damaged or out of date, so that the next run makes it again.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compare every result with its checksum and with the plan; exit code 1 if any differs.

    Named are files that are damaged, files of finished work that are missing, and results that are
    out of date: computed with other code, settings or input files than the present ones.
    """
    from priorbench.monitor.verify import check, remove, running

    plan = load(config)
    if repair and (locks := running(plan)):
        raise ValueError(
            f"{len(locks)} jobs of this experiment are still running (they hold {locks[0]}): "
            "rerun `priorbench verify --repair` when they have finished"
        )
    files = list(dict.fromkeys(check(plan)))
    found = [file for file in files if file.reason]
    for damage in found if repair else ():
        remove(damage)
    if as_json:
        print_json(
            {
                "checked": len(files),
                "repaired": repair,
                "found": [{"path": damage.path, "reason": damage.reason} for damage in found],
            }
        )
        raise typer.Exit(bool(found) and not repair)
    for damage in found:
        typer.echo(f"{damage.path}: {damage.reason}")
    if not files:
        typer.echo(f"nothing has been written yet in {plan.layout.root}")
    elif not found:
        typer.echo(f"{len(files)} files checked, all whole and up to date")
    elif repair:
        typer.echo(f"{len(found)} removed: run snakemake to have exactly these made again")
    else:
        typer.echo(
            f"{len(found)} damaged, missing or out of date; 'priorbench verify --repair' removes "
            "them, and snakemake makes them again"
        )
    raise typer.Exit(bool(found) and not repair)
