"""Student-t experts of the responses of filters, and how they are learned."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from priorbench.networks.training import Objective, Row
from priorbench.numerics.patches import PatchSet, principal_axes
from priorbench.types import Planes, Scores

__all__ = ["Experts", "MatchScores", "whitening"]


class Experts(nn.Module):
    r"""−log p(x) = E(x) + const, E(x) = Σ_k Σ_i α_k log(1 + (f_k ∗ x)_i²/2).

    Roth & Black 2009, doi:10.1007/s11263-008-0197-6. The sum is over all places i where a filter
    lies in the image. What is learned are the logarithms of α and the filters in coordinates in
    which the patches of photographs are white: there all directions matter alike.

    Args:
        whitening: from these coordinates to pixels, D × s².
        count: of the experts.
    """

    whitening: Tensor

    def __init__(self, whitening: Tensor, count: int) -> None:
        super().__init__()
        dimensions, pixels = whitening.shape
        self.size = round(pixels**0.5)
        self.register_buffer("whitening", whitening)
        self.directions = nn.Parameter(torch.randn(count, dimensions) / dimensions**0.5)
        self.log_exponents = nn.Parameter(torch.zeros(count))

    def filters(self) -> Tensor:
        """Return the filters f, K × s × s."""
        return (self.directions @ self.whitening).view(-1, self.size, self.size)

    def exponents(self) -> Tensor:
        """Return α, K."""
        return self.log_exponents.exp()


def energies(planes: Planes, filters: Tensor, exponents: Tensor) -> Scores:
    """Return E of each plane, summed in float64.

    Args:
        planes: B × H × W, each side at least s.
        filters: f, K × s × s.
        exponents: α, K.
    """
    responses = F.conv2d(planes[:, None], filters[:, None])
    costs = torch.log1p(responses.square() / 2).sum((2, 3), dtype=torch.float64)
    return costs @ exponents.double()


def gradients(planes: Planes, filters: Tensor, exponents: Tensor) -> Planes:
    """Return ∇E at each plane, Σ_k f̄_k ∗ ψ_k(f_k ∗ x) with ψ(z) = αz/(1 + z²/2), differentiable.

    Args:
        planes: see :func:`energies`.
        filters: likewise.
        exponents: likewise.
    """
    responses = F.conv2d(planes[:, None], filters[:, None])
    forces = exponents[:, None, None] * responses / (1 + responses.square() / 2)
    return F.conv_transpose2d(forces, filters[:, None])[:, 0]


class MatchScores(Objective):
    r"""E ‖y − τ² ∇E(y) − x‖² / τ² for y = x + τn: denoising score matching.

    Vincent 2011, doi:10.1162/NECO_a_00142: the least error has the score of the density of noisy
    images. No constant has to be known. Pixels that some filter does not reach are left out.

    Args:
        network: the experts.
        noise: τ, on [0, 1].
    """

    criterion = "held_out_psnr"

    def __init__(self, network: Experts, noise: float) -> None:
        self.network, self.noise = network, noise

    def loss(self, tiles: Tensor, done: float, generator: torch.Generator) -> tuple[Tensor, Row]:
        """Return the loss of a batch."""
        noise = torch.randn(tiles.shape, generator=generator).to(tiles.device)
        return self._errors(tiles, noise).mean() / self.noise**2, {}

    def measure(self, batches: Iterable[Tensor]) -> Row:
        """Return the PSNR in dB of the held-out tiles after the step along the score."""
        generator = torch.Generator().manual_seed(0)
        errors = []
        for tiles in batches:
            noise = torch.randn(tiles.shape, generator=generator).to(tiles.device)
            errors.append(self._errors(tiles, noise).double())
        return {"held_out_psnr": -10 * float(torch.cat(errors).mean().log10())}

    def _errors(self, tiles: Tensor, noise: Tensor) -> Tensor:
        """Return the mean squared error of each tile."""
        noisy = tiles + self.noise * noise
        network, margin = self.network, self.network.size - 1
        step = self.noise**2 * gradients(noisy, network.filters(), network.exponents())
        error = (noisy - step - tiles)[:, margin:-margin, margin:-margin]
        return error.square().mean((1, 2))


def whitening(patches: PatchSet, noise: float) -> Tensor:
    """Return the map from white coordinates of filters to their pixels, (s² − 1) × s².

    Args:
        patches: as large as a filter.
        noise: standard deviation of the white noise on them.
    """
    axes, variances = principal_axes(patches)
    return (axes / (variances + noise**2).sqrt()[:, None]).float()
