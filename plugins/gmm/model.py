"""A zero-mean Gaussian mixture of mean-free patches.

Zoran & Weiss, ICCV 2011, doi:10.1109/ICCV.2011.6126278; and NIPS 2012, "Natural images, Gaussian
mixtures and dead leaves".
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from priorbench.numerics.patches import mean_free_basis
from priorbench.priors import Context, Learned, PatchPrior
from priorbench.types import AnyImage, Patches, Scores

from .adaptation import adapt
from .mixture import Mixture
from .parameters import GMMParameters
from .posterior import Posterior, Spectra
from .training import train

POSTERIORS_KEPT = 16
"""A solver comes back to the same few levels of noise with each image."""


class GMM(PatchPrior, Learned):
    """p(x) = Σₖ πₖ N(u; 0, Σₖ) with u the patch x without its mean.

    u lies in the D − 1 dimensions orthogonal to the constant patch; the density is one of those
    dimensions, and the mean itself has a flat prior: it is removed first and put back at the end.

    Args:
        **parameters: fields of :class:`GMMParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    def __init__(self, **parameters: Any) -> None:
        self.parameters = GMMParameters(**parameters)
        self.patch_size = self.parameters.patch_size
        self._basis = mean_free_basis(self.patch_size**2)
        fast = self.parameters.mode == "fast"
        self.stride = self.parameters.stride if fast else 1
        self._rank = min(self.parameters.axes, self._basis.shape[1]) if fast else None
        self._mixture: Mixture | None = None
        self._spectra: Spectra | None = None
        self._posteriors: OrderedDict[object, Posterior] = OrderedDict()

    @property
    def mixture(self) -> Mixture:
        """The mixture on the coordinates u = Bᵀx, with B the D × (D − 1) Helmert basis.

        Raises:
            RuntimeError: the prior is neither fitted nor loaded.
        """
        if self._mixture is None:
            raise RuntimeError("this GMM has no model yet: fit it, or load one")
        return self._mixture

    @mixture.setter
    def mixture(self, mixture: Mixture) -> None:
        self._mixture, self._spectra = mixture, None
        self._posteriors.clear()

    def log_prob(self, patches: Patches) -> Scores:
        """Return log p of each patch in nats, on the D − 1 dimensions without the mean."""
        return self._at(0.0, patches).log_prob(patches)

    def select(self, patches: Patches, noise_variance: float) -> Tensor:
        """Return argmaxₖ log πₖ + log N(u; 0, Σₖ + sI) of each patch, s the noise variance."""
        return self._at(noise_variance, patches, self._rank).select(patches)

    def map_estimate(self, patches: Patches, noise_variance: float) -> Patches:
        """Return mean + Σₖ(Σₖ + sI)⁻¹u with k the selected component and s the noise variance.

        This is Zoran & Weiss's approximation to the MAP estimate: exact within the component.
        Beside the result, memory does not grow with the number of patches.
        """
        return self._at(noise_variance, patches, self._rank).estimate(patches)

    def posterior_sample(
        self, patches: Patches, noise_variance: float, generator: torch.Generator
    ) -> Patches:
        """Return an exact draw from the posterior of each patch, by all axes in both modes."""
        return self._at(noise_variance, patches).sample(patches, generator)

    def sample(self, count: int, generator: torch.Generator) -> Patches:
        """Return patches of mean 0 drawn from the density."""
        return (self.mixture.sample(count, generator) @ self._basis.mT).float()

    def adapted(self, patches: Patches, noise_variance: float) -> GMM:
        """Return this prior after ``adapt`` steps of EM on noisy patches; itself if that is 0."""
        if self.parameters.adapt == 0:
            return self
        prior = GMM(**self.parameters.model_dump())
        vectors = patches @ self._basis.to(patches)
        prior.mixture = adapt(self.mixture, vectors, noise_variance, self.parameters.adapt)
        return prior

    def fit(self, images: Sequence[AnyImage], context: Context) -> Iterator[Mapping[str, float]]:
        """Train by EM; the mixture that is best on the held-out patches is kept.

        Yields:
            the rows of :func:`.training.train`.

        Raises:
            ValueError: an image has two or more than three channels, none is as large as a patch,
                or there are fewer training patches than components.
        """
        for mixture, row in train(self.parameters, images, context):
            self.mixture = mixture
            yield row

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return ``weights``, K, and ``covariances`` of the patches' pixels, K × D × D, float64."""
        mixture = self.mixture
        return {
            "weights": mixture.weights,
            "covariances": self._basis @ mixture.covariances @ self._basis.mT,
        }

    def n_parameters(self) -> int:
        """Return the free numbers of the weights and the covariances."""
        components, dimensions = self.parameters.n_components, self._basis.shape[1]
        covariance = dimensions * (dimensions + 1) // 2
        if self.parameters.covariances == "scaled":
            # One covariance at K contrasts; a common factor belongs to either of them.
            return components - 1 + covariance + components - 1
        return components - 1 + components * covariance

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over ``weights`` and ``covariances``.

        Raises:
            ValueError: one is missing or has the wrong shape, or they don't make a density.
        """
        components, size = self.parameters.n_components, self.patch_size**2
        for name, shape in (("weights", (components,)), ("covariances", (components, size, size))):
            if name not in state:
                raise ValueError(f"{name} is missing")
            if tuple(state[name].shape) != shape:
                raise ValueError(
                    f"{name} has shape {tuple(state[name].shape)}; its parameters ask for {shape}"
                )
        weights, covariances = state["weights"].double(), state["covariances"].double()
        if not (weights > 0).all() or not torch.isclose(
            weights.sum(), torch.ones((), dtype=torch.float64), atol=1e-4
        ):
            raise ValueError("weights must be positive and sum to 1")
        covariances = self._basis.mT @ covariances @ self._basis
        if (
            torch.linalg.cholesky_ex(covariances).info.any()
            or not torch.isfinite(covariances).all()
        ):
            raise ValueError("covariances must be positive definite on patches without their mean")
        self.mixture = Mixture(weights / weights.sum(), covariances)
        # They belong to the model, not to the first image that it restores.
        self._spectra = Spectra.of(self.mixture, self._basis)

    def _at(self, noise_variance: float, patches: Patches, rank: int | None = None) -> Posterior:
        """Return the posterior at this noise for such patches; the last ones are kept."""
        if self._spectra is None:
            self._spectra = Spectra.of(self.mixture, self._basis)
        key = (noise_variance, patches.dtype, patches.device, rank)
        if key not in self._posteriors:
            self._posteriors[key] = Posterior(self._spectra, *key)
        self._posteriors.move_to_end(key)
        if len(self._posteriors) > POSTERIORS_KEPT:
            self._posteriors.popitem(last=False)
        return self._posteriors[key]
