"""priorbench: a benchmark of image priors.

This module is what a plugin imports to declare itself, and is light. What a plugin computes with
lies in :mod:`priorbench.priors`, :mod:`priorbench.problem` and :mod:`priorbench.operators`.
"""

from priorbench.errors import Diverged, NotApplicable
from priorbench.plugins.hookspecs import hookimpl
from priorbench.specs import (
    DatasetSpec,
    MetricSpec,
    Parameters,
    PriorSpec,
    Resources,
    StudySpec,
    TaskSpec,
)
from priorbench.specs.solver_settings import SolverSettings, SplittingSettings

__all__ = [
    "DatasetSpec",
    "Diverged",
    "MetricSpec",
    "NotApplicable",
    "Parameters",
    "PriorSpec",
    "Resources",
    "SolverSettings",
    "SplittingSettings",
    "StudySpec",
    "TaskSpec",
    "hookimpl",
]
__version__ = "0.1.0"
