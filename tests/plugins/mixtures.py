"""Gaussian mixtures for tests of the plugin ``gmm``, and its modules."""

from pathlib import Path

import torch

from plugins.gmm import (
    mixture,
)
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context

REGISTRY = load_plugins([Path(__file__).parents[2] / "plugins"])
GMM = REGISTRY.priors["gmm"].load()


def random_mixture(components: int, dimension: int, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    factors = torch.randn(
        components, dimension, dimension, generator=generator, dtype=torch.float64
    )
    factors *= torch.logspace(-2, 0, components, dtype=torch.float64)[:, None, None]
    weights = torch.rand(components, generator=generator, dtype=torch.float64) + 0.1
    floor = 1e-4 * torch.eye(dimension, dtype=torch.float64)
    return mixture.Mixture(weights / weights.sum(), factors @ factors.mT / dimension + floor)


def fitted(images, seed: int = 0, **parameters):
    prior = GMM(**parameters)
    return prior, list(prior.fit(images, Context.seeded(seed)))
