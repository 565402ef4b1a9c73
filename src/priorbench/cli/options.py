"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from priorbench.config import load_experiment
from priorbench.plan import Plan

ConfigOption: TypeAlias = Annotated[Path, typer.Option("--config", help="The experiment's YAML file.")]
DEFAULT_CONFIG = Path("config.yaml")


def load(config: Path, *, strict: bool = False) -> Plan:
    """Return the plan of the experiment in a file."""
    experiment = load_experiment(config)
    if strict:
        section = experiment.plugins.model_copy(update={"strict": True})
        experiment = experiment.model_copy(update={"plugins": section})
    return Plan(experiment)
