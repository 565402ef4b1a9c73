"""Experts learned by denoising score matching.

The score of a density of noisy patches is what removes the noise best: for y = x + τn, the
estimate y + τ² ∇ log p(y) with the least squared error is the one whose p is the density of y.
Vincent 2011, doi:10.1162/NECO_a_00142. Nothing has to be normalised.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from priorbench.networks.training import Objective, Row
from priorbench.numerics.patches import PatchSet, principal_axes

from .experts import Experts, everywhere

EXPONENT = 1.0
"""α of every expert at the start."""


class Field(nn.Module):
    """What is learned: filters in whitened coordinates, and the logarithms of the exponents.

    In whitened coordinates all directions of a filter matter alike, whatever the contrast that
    photographs have along them.

    Args:
        whitening: from whitened coordinates of a filter to its pixels, f² × f² − 1.
        experts: how many.
        patch_size: side of a patch.
        generator: randomness of the first filters.
    """

    def __init__(
        self, whitening: Tensor, experts: int, patch_size: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        pixels, dimensions = whitening.shape
        self.size, self.patch_size = round(pixels**0.5), patch_size
        self.whitening = whitening
        first = torch.randn(experts, dimensions, generator=generator)
        self.directions = nn.Parameter(first / dimensions**0.5)
        self.log_exponents = nn.Parameter(torch.full((experts,), EXPONENT).log())

    def filters(self) -> Tensor:
        """Return the filters, J × f × f."""
        pixels = self.directions @ self.whitening.to(self.directions).mT
        return pixels.view(-1, self.size, self.size)

    def experts(self) -> Experts:
        """Return the experts at every place of a patch."""
        filters = everywhere(self.filters(), self.patch_size)
        places = len(filters) // len(self.directions)
        return Experts(filters, self.log_exponents.exp().repeat(places))


class RemoveNoise(Objective):
    """E ‖y + τ² ∇ log p(y) − x‖² / τ² for y = x + τn, in the mean over pixels.

    Args:
        network: the field.
        noise: τ, on [0, 1].
    """

    network: Field
    criterion = "held_out_psnr"

    def __init__(self, network: Field, noise: float) -> None:
        self.network, self.noise = network, noise

    def loss(self, tiles: Tensor, done: float, generator: torch.Generator) -> tuple[Tensor, Row]:
        """Return the loss of a batch."""
        noise = torch.randn(tiles.shape, generator=generator).to(tiles.device)
        return self._errors(tiles.flatten(1), noise.flatten(1)).mean(), {}

    def measure(self, batches: Iterable[Tensor]) -> Row:
        """Return the PSNR in dB of the denoised held-out patches."""
        generator = torch.Generator().manual_seed(0)
        errors = []
        for tiles in batches:
            noise = torch.randn(tiles.shape, generator=generator).to(tiles.device)
            errors.append(self._errors(tiles.flatten(1), noise.flatten(1)))
        mean = torch.cat(errors).double().mean() * self.noise**2
        return {"held_out_psnr": -10 * float(mean.log10())}

    def _errors(self, patches: Tensor, noise: Tensor) -> Tensor:
        """Return the mean squared error of each patch, as a multiple of the noise's variance."""
        experts = self.network.experts()
        score = experts.score(patches + self.noise * noise)
        # The mean has no prior: its noise stays, whatever the experts are.
        noise = noise - noise.mean(1, keepdim=True)
        return (self.noise * score + noise).square().mean(1)


def whitening(patches: PatchSet, noise: float) -> Tensor:
    """Return the map from whitened coordinates of filters to their pixels, f² × (f² − 1).

    Args:
        patches: as large as a filter.
        noise: standard deviation of the white noise on them.
    """
    axes, variances = principal_axes(patches)
    return (axes / (variances + noise**2).sqrt()[:, None]).mT.float()
