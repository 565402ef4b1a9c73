"""A study of the experiment, with what it looks at."""

from __future__ import annotations

from dataclasses import dataclass

from priorbench.plugins.registry import Registered
from priorbench.specs import StudySpec


@dataclass(frozen=True)
class StudyPlan:
    """A study of the experiment.

    Args:
        entry: the spec and its plugin.
        priors: ids of the priors that it looks at.
        tasks: ids of the tasks.
        metrics: names of the metrics.
    """

    entry: Registered[StudySpec]
    priors: tuple[str, ...]
    tasks: tuple[str, ...]
    metrics: tuple[str, ...]

    @property
    def spec(self) -> StudySpec:
        """The specification."""
        return self.entry.spec
