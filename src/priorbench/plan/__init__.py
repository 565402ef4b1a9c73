"""An experiment and the registered plugins become a plan: data sets, tasks, priors, jobs,
fingerprints.
"""

from priorbench.plan.datasets import DatasetPlan
from priorbench.plan.limits import MODEL_LOADING_MINUTES
from priorbench.plan.plan import Plan
from priorbench.plan.priors import PriorPlan
from priorbench.plan.variants import Variant, validate_parameters

__all__ = [
    "MODEL_LOADING_MINUTES",
    "DatasetPlan",
    "Plan",
    "PriorPlan",
    "Variant",
    "validate_parameters",
]
