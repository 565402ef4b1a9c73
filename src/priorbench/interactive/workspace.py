"""The experiment whose plugins, settings and models are used, and the folder that it lies in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from priorbench import shipped
from priorbench.config import ConfigError, Experiment, load_experiment
from priorbench.config.files import read_yaml

__all__ = ["ExperimentLike"]

ExperimentLike: TypeAlias = "Experiment | str | Path | None"
"""An experiment, its file, its folder, or None for the one that the working directory is in."""

CONFIG = "config.yaml"


@dataclass(frozen=True)
class Workspace:
    """An experiment and the folder that its relative paths start in.

    Args:
        folder: absolute.
        experiment: the experiment.
    """

    folder: Path
    experiment: Experiment

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Work in the folder for a while."""
        with contextlib.chdir(self.folder):
            yield


def workspace(experiment: ExperimentLike = None) -> Workspace:
    """Return the experiment that is meant.

    Args:
        experiment: an experiment; a file, whose relative paths start in the working directory, as
            for ``--config``; a folder with a ``config.yaml``, as for ``-C``; or None: the nearest
            ``config.yaml``, from the working directory up, or the default experiment.

    Raises:
        ConfigError: there is no such file, or it is not valid.
    """
    here = Path.cwd()
    if isinstance(experiment, Experiment):
        return Workspace(here, experiment)
    if experiment is not None:
        path = here / Path(experiment).expanduser()
        if path.is_dir():
            return Workspace(path, load_experiment(path / CONFIG))
        return Workspace(here, load_experiment(path))
    for folder in (here, *here.parents):
        file = folder / CONFIG
        if file.is_file() and (folder == here or _is_experiment(file)):
            return Workspace(folder, load_experiment(file))
    return Workspace(here, load_experiment(shipped.experiments()[shipped.DEFAULT]))


def _is_experiment(file: Path) -> bool:
    """Whether a file above the working directory is ours: other programs have a config.yaml too."""
    try:
        return {"experiment", "datasets"} <= read_yaml(file).keys()
    except ConfigError:
        return False
