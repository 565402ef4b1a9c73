"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from priorbench.config import load_experiment
from priorbench.plan import Plan

if TYPE_CHECKING:
    from rich.console import Console

ConfigOption: TypeAlias = Annotated[
    Path, typer.Option("--config", help="The experiment's YAML file.")
]
DEFAULT_CONFIG = Path("config.yaml")


def load(config: Path, *, strict: bool = False) -> Plan:
    """Return the plan of the experiment in a file."""
    experiment = load_experiment(config)
    if strict:
        section = experiment.plugins.model_copy(update={"strict": True})
        experiment = experiment.model_copy(update={"plugins": section})
    return Plan(experiment)


def wide_console() -> Console:
    """Return the terminal, or for a pipe, which has no width, one that cuts no table."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=1000)
