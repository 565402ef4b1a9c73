"""The names that results are shown with, and their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from priorbench.specs import MetricSpec

CATALOGUE_VERSION = 1
"""The version of ``catalogue.json``."""


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """What an experiment compares, in display order.

    Args:
        priors: id → label.
        tasks: id → label.
        datasets: ids.
        metrics: name → spec.
        baselines: ids of the priors that only show the observation, see
            :attr:`priorbench.specs.PriorSpec.baseline`.
    """

    priors: Mapping[str, str]
    tasks: Mapping[str, str]
    datasets: tuple[str, ...]
    metrics: Mapping[str, MetricSpec]
    baselines: frozenset[str] = frozenset()

    @property
    def main_metric(self) -> str:
        """The metric that is shown where only one is: the first."""
        return next(iter(self.metrics))

    def prior_label(self, prior: str) -> str:
        """Return the label of a prior; one that is known from publications only keeps its id."""
        return self.priors.get(prior, prior)

    def metric_label(self, metric: str) -> str:
        """Return the label of a metric with its unit, for example ``"PSNR (dB)"``."""
        spec = self.metrics[metric]
        return f"{spec.label or spec.name} ({spec.unit})" if spec.unit else spec.label or spec.name


def family(prior: str) -> str:
    """Return what an id starts with: ``gmm`` for ``gmm-K50``."""
    return prior.split("-")[0]
