"""The patch priors of an experiment whose likelihoods can be compared."""

from __future__ import annotations

from priorbench.priors import HELD_OUT_LOG_LIKELIHOOD, PatchPrior
from priorbench.studies.experiment import Experiment

__all__ = ["of_size", "patch_models"]


def patch_models(experiment: Experiment) -> dict[str, PatchPrior]:
    """Return the fitted patch priors by id, of any plugin.

    They are those whose training curve has a column
    :data:`priorbench.priors.HELD_OUT_LOG_LIKELIHOOD`. Densities of patches of different sizes
    can't be compared: choose those of one size with :func:`of_size`.
    """
    models = {
        prior: experiment.prior(prior)
        for prior in experiment.catalogue.priors
        if HELD_OUT_LOG_LIKELIHOOD in experiment.training.get(prior, ())
    }
    return {prior: model for prior, model in models.items() if isinstance(model, PatchPrior)}


def of_size(models: dict[str, PatchPrior], size: int) -> dict[str, PatchPrior]:
    """Return the models of patches of ``size`` × ``size`` pixels."""
    return {prior: model for prior, model in models.items() if model.patch_size == size}
