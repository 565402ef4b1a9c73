"""The autoencoder of patches: a density that is measured beside the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch

from priorbench.numerics.patches import PatchSet
from priorbench.priors import PatchPrior
from priorbench.types import Patches, Scores

from .model import AutoEncoder
from .parameters import PatchVAEParameters


class PatchVAE(AutoEncoder, PatchPrior):
    """A patch prior whose likelihood is estimated by importance sampling from the encoder.

    Args:
        **parameters: fields of :class:`PatchVAEParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    Parameters: ClassVar[type[PatchVAEParameters]] = PatchVAEParameters
    parameters: PatchVAEParameters
    density = "bound"

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        self.patch_size, self.stride = self.parameters.tile_size, self.parameters.stride

    def log_prob(self, patches: Patches) -> Scores:
        """Return a lower bound on log p of patches, :meth:`log_likelihood` of ``samples``."""
        size = self.patch_size
        return self.log_likelihood(patches.view(-1, size, size).float(), self.parameters.samples)

    @torch.no_grad()
    def map_estimate(self, patches: Patches, noise_variance: float) -> Patches:
        """Return the mean of each clean patch given the noisy one and the encoder's code."""
        if noise_variance == 0:
            return patches.clone()
        return self.estimate(
            patches.view(-1, self.patch_size, self.patch_size), noise_variance
        ).flatten(1)

    @torch.no_grad()
    def sample(self, count: int, generator: torch.Generator) -> Patches:
        """Return patches drawn from p, with mean 0."""
        decoded = self.decoded(torch.randn(count, self.parameters.latent_size, generator=generator))
        return self.dct.tiles(decoded.sample(generator)).flatten(1)

    def extra_columns(self, held_out: PatchSet) -> Mapping[str, float]:
        """Return the mean of :meth:`log_prob` over held-out patches."""
        return {"held_out_log_likelihood": float(self.log_prob(held_out[:]).double().mean())}
