"""``priorbench summary``: the result of an experiment in the terminal."""

from __future__ import annotations

import typer

from priorbench.cli.options import DEFAULT_CONFIG, ConfigOption, load


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(summary)


def summary(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Print the scores of an experiment, its failures, and where everything lies."""
    from priorbench.stages.summary import print_summary

    print_summary(load(config))
