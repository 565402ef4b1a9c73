"""A zero-mean Gaussian mixture of mean-free patches.

Zoran & Weiss, ICCV 2011, doi:10.1109/ICCV.2011.6126278; and NIPS 2012, "Natural images, Gaussian
mixtures and dead leaves".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from priorbench.patches import draw_patches, mean_free_basis
from priorbench.priors import Context, Learned, PatchPrior
from priorbench.types import Image, Patches, Scores

from .em import assigned, em
from .mixture import Mixture
from .mstep import Maximise
from .parameters import GMMParameters
from .posterior import Posterior
from .start import plus_plus_labels, random_labels

PATCHES_IN_A_CHUNK = 1 << 15


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
        self._mixture: Mixture | None = None
        self._posterior: Posterior | None = None

    @property
    def mixture(self) -> Mixture:
        """The mixture on the coordinates u = Bᵀx, with B the D × (D − 1) Helmert basis.

        Raises:
            RuntimeError: the prior is neither fitted nor loaded.
        """
        if self._mixture is None:
            raise RuntimeError("this GMM has no model yet: fit it, or load one")
        return self._mixture

    def log_prob(self, patches: Patches) -> Scores:
        """Return log p of each patch in nats, on the D − 1 dimensions without the mean."""
        posterior = self._at(0.0, patches.dtype)
        return torch.cat([posterior.log_prob(chunk) for chunk in torch.split(patches, PATCHES_IN_A_CHUNK)])

    def select(self, patches: Patches, noise_variance: float) -> Tensor:
        """Return argmaxₖ log πₖ + log N(u; 0, Σₖ + sI) for each patch, with s the noise variance."""
        posterior = self._at(noise_variance, patches.dtype)
        return torch.cat([posterior.select(chunk) for chunk in torch.split(patches, PATCHES_IN_A_CHUNK)])

    def map_estimate(self, patches: Patches, noise_variance: float) -> Patches:
        """Return mean + Σₖ(Σₖ + sI)⁻¹u with k the selected component and s the noise variance.

        This is Zoran & Weiss's approximation to the MAP estimate: exact within the component.
        Beside the result, memory does not grow with the number of patches.
        """
        posterior = self._at(noise_variance, patches.dtype)
        estimates = torch.empty_like(patches)
        chunks = zip(torch.split(patches, PATCHES_IN_A_CHUNK), torch.split(estimates, PATCHES_IN_A_CHUNK), strict=True)
        for chunk, estimate in chunks:
            posterior.estimate(chunk, out=estimate)
        return estimates

    def fit(self, images: Sequence[Image], context: Context) -> Iterator[Mapping[str, float]]:
        """Train by EM; see :class:`GMMParameters`. The mixture best on the held-out patches is kept.

        Yields:
            ``iteration``, ``train_log_likelihood`` and ``held_out_log_likelihood`` in nats per patch
            as of :meth:`log_prob`, ``seconds`` of the iteration, and ``reseeded`` components.

        Raises:
            ValueError: an image has two or more than three channels, none is as large as a patch, or
                there are fewer training patches than components.
        """
        options = self.parameters
        train_set, held_out_set = draw_patches(
            images, self.patch_size, options.n_patches, options.held_out, context.generator
        )
        patches, measured = train_set[:], held_out_set[:]
        if len(patches) < options.n_components:
            raise ValueError(
                f"{len(patches)} training patches are too few for {options.n_components} components: "
                f"give larger images, more patches (n_patches) or fewer components"
            )
        basis, scale = self._principal_components(patches)
        train, held_out = (_project(each, basis / scale) for each in (patches, measured))
        del patches, measured
        if options.start == "random":
            labels = random_labels(train, options.n_components, context.generator)
        else:
            smallest = float((options.floor / scale.square()).sum().sqrt())
            labels = plus_plus_labels(train, options.n_components, context.generator, smallest)
        start = assigned(labels, options.n_components, train)
        maximise = Maximise(scale, options.floor, options.shrinkage)
        log_det = -float(scale.log().sum())
        coordinates = self._basis.mT @ (basis * scale)
        best, waited = -math.inf, 0
        for step in em(train, held_out, start, maximise, options.iterations):
            waited = 0 if step.held_out > best + options.tolerance else waited + 1
            if step.held_out > best:
                best = step.held_out
                self._adopt(Mixture(step.mixture.weights, coordinates @ step.mixture.covariances @ coordinates.mT))
            context.progress(step.iteration / max(1, options.iterations))
            yield {
                "iteration": step.iteration,
                "train_log_likelihood": step.train + log_det,
                "held_out_log_likelihood": step.held_out + log_det,
                "seconds": step.seconds,
                "reseeded": step.reseeded,
            }
            if waited >= options.patience:
                break
        context.progress(1.0)

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return ``weights``, K, and ``covariances`` of the patches' pixels, K × D × D, float64."""
        mixture = self.mixture
        return {"weights": mixture.weights, "covariances": self._basis @ mixture.covariances @ self._basis.mT}

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
                raise ValueError(f"{name} has shape {tuple(state[name].shape)}; its parameters ask for {shape}")
        weights, covariances = state["weights"].double(), state["covariances"].double()
        if not (weights > 0).all() or not torch.isclose(weights.sum(), torch.ones((), dtype=torch.float64), atol=1e-4):
            raise ValueError("weights must be positive and sum to 1")
        covariances = self._basis.mT @ covariances @ self._basis
        if torch.linalg.cholesky_ex(covariances).info.any() or not torch.isfinite(covariances).all():
            raise ValueError("covariances must be positive definite on patches without their mean")
        self._adopt(Mixture(weights / weights.sum(), covariances))

    def _adopt(self, mixture: Mixture) -> None:
        self._mixture, self._posterior = mixture, None

    def _at(self, noise_variance: float, dtype: torch.dtype) -> Posterior:
        """Return the posterior at this noise; the last one is kept, because solvers ask for it many times."""
        last = self._posterior
        if last is None or (last.noise_variance, last.dtype) != (noise_variance, dtype):
            last = self._posterior = Posterior(self.mixture, self._basis, noise_variance, dtype)
        return last

    def _principal_components(self, patches: Patches) -> tuple[Tensor, Tensor]:
        """Return the principal directions of mean-free patches, D × (D − 1), and their standard deviations."""
        covariance = torch.zeros(self._basis.shape[1], self._basis.shape[1], dtype=torch.float64)
        for chunk in torch.split(patches, PATCHES_IN_A_CHUNK):
            vectors = chunk.double() @ self._basis
            covariance += vectors.mT @ vectors
        values, vectors = torch.linalg.eigh(covariance / len(patches))
        return self._basis @ vectors, values.clamp(min=self.parameters.floor).sqrt()


def _project(patches: Patches, basis: Tensor) -> Tensor:
    """Return basisᵀ(x − mean) for each patch, one a column, in the patches' precision."""
    return ((patches - patches.mean(1, keepdim=True)) @ basis.to(patches.dtype)).mT.contiguous()
