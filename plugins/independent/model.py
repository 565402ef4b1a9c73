"""What the patch densities with independent coefficients share."""

from __future__ import annotations

import functools
import math
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from priorbench.numerics.patches import PatchSet, draw_patches, mean_free_basis
from priorbench.numerics.patience import Patience
from priorbench.priors import Context, Learned, PatchPrior
from priorbench.types import AnyImage, Patches, Scores

from . import em
from .marginals import Marginals
from .parameters import IndependentParameters

PATCHES_IN_A_CHUNK = 1 << 12
NOISE_LEVELS = 32
"""Estimators kept, some megabytes each: more than the 19 levels of noise that a schedule of EPLL
has. With fewer, all would be computed again for every image."""

Estimator = Callable[[Tensor], Tensor]
"""From mean-free patches, D × n, to their MAP estimates."""


class Independent(PatchPrior, Learned):
    """log p(x) = Σᵢ log pᵢ(aᵢᵀx) + c with Gaussian scale mixtures pᵢ.

    The axes aᵢ are orthogonal to the constant patch.

    The density is one of the D − 1 dimensions orthogonal to the constant patch, and c makes it
    integrate to 1 over them. The mean itself has a flat prior: it is removed first and put back at
    the end.

    Args:
        **parameters: fields of :attr:`Parameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    Parameters: ClassVar[type[IndependentParameters]] = IndependentParameters

    def __init__(self, **parameters: Any) -> None:
        self.parameters = self.Parameters(**parameters)
        self.patch_size, self.stride = self.parameters.patch_size, self.parameters.stride
        self._basis = mean_free_basis(self.patch_size**2)
        self._model: tuple[Tensor, Marginals] | None = None
        self._estimator = functools.lru_cache(maxsize=NOISE_LEVELS)(self.estimator)

    @abstractmethod
    def learn_axes(
        self, patches: PatchSet, generator: torch.Generator
    ) -> tuple[Tensor, Mapping[str, float]]:
        """Return the axes, one a row, d × D in float64, and columns for the training curve."""

    @abstractmethod
    def check_axes(self, axes: Tensor) -> None:
        """Raise ValueError if finite ``axes`` of the right shape cannot be this prior's."""

    @abstractmethod
    def log_constant(self, axes: Tensor, marginals: Marginals) -> float:
        """Return c, in nats."""

    @abstractmethod
    def estimator(self, noise_variance: float, dtype: torch.dtype) -> Estimator:
        """Return the MAP estimator under white noise of the variance s > 0."""

    @abstractmethod
    def sample(self, count: int, generator: torch.Generator) -> Patches:
        """Return patches drawn from p, with mean 0, in float32."""

    @property
    def model(self) -> tuple[Tensor, Marginals]:
        """The axes aᵢ, one a row, d × D in float64, and the densities pᵢ.

        Raises:
            RuntimeError: the prior is neither fitted nor loaded.
        """
        if self._model is None:
            raise RuntimeError(f"this {type(self).__name__} has no model yet: fit it, or load one")
        return self._model

    @model.setter
    def model(self, model: tuple[Tensor, Marginals]) -> None:
        self._model = model
        self._estimator.cache_clear()

    def log_prob(self, patches: Patches) -> Scores:
        """Return log p of each patch in nats, on the D − 1 dimensions without the mean."""
        axes, marginals = self.model
        chunks = torch.split(patches, PATCHES_IN_A_CHUNK)
        scores = torch.cat([marginals.log_prob(_coordinates(chunk, axes)) for chunk in chunks])
        return scores + self.log_constant(axes, marginals)

    def map_estimate(self, patches: Patches, noise_variance: float) -> Patches:
        """Return argmax_z log p(z) − ‖z − x‖²/2s for each patch x, with the mean of x.

        Beside the result, memory does not grow with the number of patches.

        Raises:
            ValueError: the noise variance is negative or not finite.
        """
        if not 0 <= noise_variance < math.inf:
            raise ValueError(
                f"noise_variance must be a finite number of at least 0, not {noise_variance}"
            )
        estimates, _ = patches.clone(), self.model
        if noise_variance > 0:
            estimator = self._estimator(noise_variance, patches.dtype)
            for chunk in torch.split(estimates, PATCHES_IN_A_CHUNK):
                mean = chunk.mean(1, keepdim=True)
                chunk.copy_(estimator((chunk - mean).mT.contiguous()).mT + mean)
        return estimates

    def fit(self, images: Sequence[AnyImage], context: Context) -> Iterator[Mapping[str, float]]:
        """Learn the axes, then the marginals by EM; the best on held-out patches are kept.

        Yields:
            ``iteration``, ``train_log_likelihood`` and ``held_out_log_likelihood`` in nats per
                patch as of
            :meth:`log_prob`, ``seconds`` of the iteration (the first one's with the axes), and what
            :meth:`learn_axes` measures.

        Raises:
            ValueError: an image has two or more than three channels, none is as large as a patch,
                or there are fewer training patches than pixels in a patch.
        """
        began, options = time.perf_counter(), self.parameters
        train, held_out = draw_patches(
            images, self.patch_size, options.n_patches, options.held_out, context.generator
        )
        if len(train) < self.patch_size**2:
            raise ValueError(
                f"{len(train)} training patches are too few for {self.patch_size**2} pixels: "
                f"give larger images or more patches (n_patches)"
            )
        axes, columns = self.learn_axes(train, context.generator)
        train_blocks, held_out_blocks = (
            functools.partial(_blocks, patches, axes) for patches in (train, held_out)
        )
        start = em.spread(train_blocks(), options.scales, options.floor)
        before = time.perf_counter() - began
        patience = Patience(options.patience, options.tolerance)
        for step in em.em(train_blocks, held_out_blocks, start, self.maximise, options.iterations):
            constant = self.log_constant(axes, step.marginals)
            likelihood = step.held_out + constant
            if patience.is_best(likelihood):
                self.model = axes, step.marginals
            context.progress(step.iteration / max(1, options.iterations))
            yield {
                "iteration": step.iteration,
                "train_log_likelihood": step.train + constant,
                "held_out_log_likelihood": likelihood,
                "seconds": step.seconds + (0 if step.iteration else before),
                **columns,
            }
            if patience.exhausted:
                break
        context.progress(1.0)

    def maximise(self, marginals: Marginals, moments: em.Moments) -> Marginals:
        """Return the marginals after a step of EM from ``marginals`` and their moments."""
        expected = em.Moments(marginals.weights, marginals.weights * marginals.variances, 1)
        return em.maximise(marginals, moments, expected, self.parameters.floor)

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return ``axes``, d × D, ``weights`` and ``variances``, both d × J, all float64."""
        axes, marginals = self.model
        return {"axes": axes, "weights": marginals.weights, "variances": marginals.variances}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over ``axes``, ``weights`` and ``variances``.

        Raises:
            ValueError: one is missing or has the wrong shape, or they don't make a density.
        """
        shapes = self._shapes()
        for name, shape in shapes.items():
            if name not in state:
                raise ValueError(f"{name} is missing")
            if tuple(state[name].shape) != shape:
                raise ValueError(
                    f"{name} has shape {tuple(state[name].shape)}; its parameters ask for {shape}"
                )
        axes, weights, variances = (state[name].double() for name in shapes)
        sums = weights.sum(1, keepdim=True)
        if (
            not (weights > 0).all()
            or not torch.isclose(sums, torch.ones_like(sums), atol=1e-4).all()
        ):
            raise ValueError("weights must be positive and sum to 1 for each coordinate")
        if not ((variances > 0) & variances.isfinite()).all():
            raise ValueError("variances must be positive and finite")
        if not axes.isfinite().all():
            raise ValueError("axes must be finite")
        self.check_axes(axes)
        self.model = axes, Marginals(weights / sums, variances)

    def _shapes(self) -> Mapping[str, tuple[int, int]]:
        pixels, scales = self.patch_size**2, self.parameters.scales
        count = self.axis_count(pixels)
        return {"axes": (count, pixels), "weights": (count, scales), "variances": (count, scales)}

    def axis_count(self, pixels: int) -> int:
        """Return d, for patches of D ``pixels``."""
        return pixels - 1


def _coordinates(patches: Patches, axes: Tensor) -> Tensor:
    """Return aᵢᵀ(x − mean) for each patch, one a column, in the patches' precision."""
    return axes.to(patches) @ (patches - patches.mean(1, keepdim=True)).mT


def _blocks(patches: PatchSet, axes: Tensor) -> Iterator[Tensor]:
    for chunk in patches.batches(PATCHES_IN_A_CHUNK):
        yield _coordinates(chunk, axes)
