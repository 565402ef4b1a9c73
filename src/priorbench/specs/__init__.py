"""Specifications: what plugins register, and the sections that they share with the configuration.

They are light: nothing here imports torch.
"""

from priorbench.specs.dataset import DatasetSpec
from priorbench.specs.metric import MetricSpec
from priorbench.specs.parameters import Parameters
from priorbench.specs.prior import PriorSpec
from priorbench.specs.resources import MOST_MINUTES, Resources, ResourcesSection
from priorbench.specs.sampler import SAMPLERS, Sampler
from priorbench.specs.section import Section
from priorbench.specs.solver_settings import REGIMES, Regime, SolverSettings, SplittingSettings
from priorbench.specs.spec import NAME, Spec
from priorbench.specs.study import StudySpec
from priorbench.specs.task import TaskSpec

__all__ = [
    "MOST_MINUTES",
    "NAME",
    "REGIMES",
    "SAMPLERS",
    "DatasetSpec",
    "MetricSpec",
    "Parameters",
    "PriorSpec",
    "Regime",
    "Resources",
    "ResourcesSection",
    "Sampler",
    "Section",
    "SolverSettings",
    "Spec",
    "SplittingSettings",
    "StudySpec",
    "TaskSpec",
]
