"""Pixels that are independent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from priorbench.numerics.patches import PatchSet
from priorbench.types import Patches

from . import em
from .admm import admm
from .marginals import Marginals
from .model import Estimator, Independent
from .parameters import PixelParameters
from .zero_sum import ZeroSum


class IndependentPixels(Independent):
    """p(x) = ∏ᵢ pᵢ(xᵢ) / f(0): independent pixels given that their mean is 0, see :class:`ZeroSum`.

    Args:
        **parameters: fields of :class:`PixelParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    Parameters: ClassVar[type[PixelParameters]] = PixelParameters
    parameters: PixelParameters

    def axis_count(self, pixels: int) -> int:
        """Return D."""
        return pixels

    def learn_axes(
        self, patches: PatchSet, generator: torch.Generator
    ) -> tuple[Tensor, Mapping[str, float]]:
        """Return the pixels themselves."""
        return torch.eye(self.patch_size**2, dtype=torch.float64), {}

    def check_axes(self, axes: Tensor) -> None:
        """Raise ValueError if ``axes`` are not the pixels themselves."""
        if not torch.equal(axes, torch.eye(len(axes), dtype=axes.dtype)):
            raise ValueError("axes must be the pixels themselves")

    def log_constant(self, axes: Tensor, marginals: Marginals) -> float:
        """Return −log f(0)."""
        return -ZeroSum(marginals).log_density

    def maximise(self, marginals: Marginals, moments: em.Moments) -> Marginals:
        """Return marginals nearer to the greatest likelihood of pixels whose mean is 0."""
        return em.maximise(marginals, moments, ZeroSum(marginals).moments(), self.parameters.floor)

    def sample(self, count: int, generator: torch.Generator) -> Patches:
        """Return patches drawn from p, with mean 0, in float32."""
        return ZeroSum(self.model[1]).sample(count, generator).mT.float()

    def estimator(self, noise_variance: float, dtype: torch.dtype) -> Estimator:
        """Return the MAP estimator under white noise of variance s: the mean couples pixels."""
        return admm(*self.model, noise_variance, self.parameters.steps, dtype)
