"""All checks, by the kind of what they check, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from priorbench.testing.check import Check
from priorbench.testing.datasets import DATASETS, DatasetSubject
from priorbench.testing.denoisers import DENOISER_INPUTS, DENOISERS
from priorbench.testing.densities import DENSITIES
from priorbench.testing.generators import GENERATORS
from priorbench.testing.learned import LEARNED, fits
from priorbench.testing.metrics import METRICS, MetricSubject
from priorbench.testing.operators import OPERATORS
from priorbench.testing.patch_priors import PATCH_INPUTS, PATCH_PRIORS
from priorbench.testing.prior_draws import DRAWS
from priorbench.testing.prior_images import IMAGES, can_be_made
from priorbench.testing.prior_limits import LIMITS
from priorbench.testing.prior_order import ORDER, ORDER_APART
from priorbench.testing.prior_subject import PriorSubject
from priorbench.testing.registered import EVERY, EVERY_APART
from priorbench.testing.source import Kind, Source
from priorbench.testing.studies import STUDIES, StudySubject
from priorbench.testing.task_subject import TaskSubject
from priorbench.testing.tasks import TASKS

__all__ = ["CHECKS", "given_prior", "open_subject"]

CHECKS: Mapping[Kind, Sequence[Check]] = {
    Kind.PRIOR: (
        *EVERY,
        can_be_made,
        fits,
        *IMAGES,
        *DENOISER_INPUTS,
        *PATCH_INPUTS,
        *ORDER,
        *LIMITS,
        *DENOISERS,
        *PATCH_PRIORS,
        *DENSITIES,
        *GENERATORS,
        *DRAWS,
        *LEARNED,
        *EVERY_APART,
        *ORDER_APART,
    ),
    Kind.TASK: (*EVERY, *TASKS, *OPERATORS, *EVERY_APART),
    Kind.METRIC: (*EVERY, *METRICS, *EVERY_APART),
    Kind.DATASET: (*EVERY, *DATASETS, *EVERY_APART),
    Kind.STUDY: (*EVERY, *STUDIES, *EVERY_APART),
}
"""The checks of each kind: first those that others need, last those in processes of their own."""


SUBJECTS: Mapping[Kind, Callable[[Source], object]] = {
    Kind.PRIOR: PriorSubject,
    Kind.TASK: TaskSubject,
    Kind.METRIC: MetricSubject,
    Kind.DATASET: DatasetSubject,
    Kind.STUDY: StudySubject,
}


def open_subject(source: Source) -> object:
    """Return what the checks of a kind get, made from a registered spec."""
    return SUBJECTS[source.kind](source)


def given_prior(prior: object, tasks: Sequence[str] | None) -> PriorSubject:
    """Return what the checks of priors get, made from an object of the caller's."""
    return PriorSubject(None, prior, tasks)
