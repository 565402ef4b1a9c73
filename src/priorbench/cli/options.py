"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from priorbench.config import PluginsSection
    from priorbench.plan import Plan

ConfigOption: TypeAlias = Annotated[
    Path, typer.Option("--config", help="The experiment's YAML file.")
]
DEFAULT_CONFIG = Path("config.yaml")


def load(config: Path, *, strict: bool = False) -> Plan:
    """Return the plan of the experiment in a file."""
    from priorbench.config import load_experiment
    from priorbench.plan import Plan

    experiment = load_experiment(config)
    if strict:
        section = experiment.plugins.model_copy(update={"strict": True})
        experiment = experiment.model_copy(update={"plugins": section})
    return Plan(experiment)


def plugins_section(config: Path) -> PluginsSection:
    """Return where plugins come from; a folder without a configuration has the defaults."""
    from priorbench.config import PluginsSection, load_experiment

    return (
        load_experiment(config).plugins
        if config.exists() or config != DEFAULT_CONFIG
        else PluginsSection()
    )


JsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print JSON, for programs, instead of tables.")
]


def print_json(data: Any) -> None:
    """Print plain data, dataclasses and paths as JSON; NaN is null."""
    from pydantic_core import to_json

    typer.echo(to_json(data, indent=2, inf_nan_mode="null").decode())


def wide_console() -> Console:
    """Return the terminal, or for a pipe, which has no width, one that cuts no table."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=1000)
