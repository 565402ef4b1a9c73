"""The kinds of plugin that can be begun."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a new plugin is; the first four are priors."""

    DENOISER = "denoiser"
    PATCH = "patch"
    GENERATOR = "generator"
    PRIOR = "prior"
    TASK = "task"
    DATASET = "dataset"
    METRIC = "metric"
    STUDY = "study"

    @property
    def form(self) -> Form:
        """What is written for it."""
        return FORMS.get(self, PRIOR_FORM)


@dataclass(frozen=True)
class Form:
    """What the plugins of a kind have in common.

    Args:
        hook: the hook that registers them.
        called: what messages call one.
        file: the file of the heavy part, without ``.py``.
        checks: the class of :mod:`priorbench.testing` that checks them.
    """

    hook: str
    called: str
    file: str
    checks: str


PRIOR_FORM = Form("register_priors", "prior", "model", "PriorChecks")
FORMS = {
    Kind.TASK: Form("register_tasks", "task", "task", "TaskChecks"),
    Kind.DATASET: Form("register_datasets", "data set", "images", "DatasetChecks"),
    Kind.METRIC: Form("register_metrics", "metric", "metric", "MetricChecks"),
    Kind.STUDY: Form("register_studies", "study", "study", "StudyChecks"),
}
