"""``priorbench summary``: the result of an experiment in the terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from priorbench.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, load, print_json


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(summary)


def summary(
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
    fail_on_failed_rows: Annotated[
        bool,
        typer.Option(
            "--fail-on-failed-rows",
            help="End with exit code 1 if any restoration or score failed, or none is there yet.",
        ),
    ] = False,
) -> None:
    """Print the scores of an experiment, the claims of its studies, its failures, and the paths."""
    from priorbench.monitor.summary import print_summary, summary_data

    plan = load(config)
    data = summary_data(plan)
    if as_json:
        print_json(data)
    else:
        print_summary(plan, data)
    if fail_on_failed_rows and (data.failures or not data.gathered):
        raise typer.Exit(1)
