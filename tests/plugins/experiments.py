"""An experiment for tests of studies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from priorbench.problem import Problem
from priorbench.studies import Experiment
from priorbench.types import Image


@dataclass(frozen=True, kw_only=True)
class GivenExperiment(Experiment):
    """An experiment whose priors, images and problems are at hand; no plan is behind it.

    Args:
        priors: fitted, by id; None for one whose fit failed.
        images: data set → name → clean image.
        learned_from: prior id → name → training image.
        made: task → image → problem.
    """

    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    runs: pd.DataFrame = field(default_factory=pd.DataFrame)
    training: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    plan: Any = None
    priors: Mapping[str, Any] = field(default_factory=dict)
    images: Mapping[str, Mapping[str, Image]] = field(default_factory=dict)
    learned_from: Mapping[str, Mapping[str, Image]] = field(default_factory=dict)
    made: Mapping[str, Mapping[str, Problem]] = field(default_factory=dict)

    def prior(self, prior):
        if self.priors[prior] is None:
            raise ValueError(f"the fit of {prior} failed")
        return self.priors[prior]

    def training_images(self, prior):
        return self.learned_from[prior]

    def test_images(self, dataset):
        return self.images[dataset]

    def problems(self, dataset, task):
        clean = self.images[dataset]
        return {name: (problem, clean[name]) for name, problem in self.made.get(task, {}).items()}
