"""Student-t experts: an energy of whole images, and the parabolas above it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from priorbench.types import Planes, Scores

from .filters import folded_back, mirrored

__all__ = ["Experts"]


class Experts:
    r"""E(x) = Σ_k α_k Σ_i log(1 + (f_k ∗ x)_i²/2), the energy of a field of experts.

    Roth & Black 2009, doi:10.1007/s11263-008-0197-6. exp(−E) is a product of Student-t densities of
    the responses at all places i, up to a constant. The image is reflected at its borders.

    Args:
        filters: f, K × s × s; f ∗ x is a correlation.
        exponents: α, K.
    """

    def __init__(self, filters: Tensor, exponents: Tensor) -> None:
        self.filters, self.size = filters, filters.shape[-1]
        self.exponents = exponents[:, None, None]

    def responses(self, planes: Planes) -> Tensor:
        """Return f_k ∗ x, B × K × H' × W', of planes, B × H × W."""
        around = mirrored(planes, self.size // 2)
        return F.conv2d(around[:, None], self.filters[:, None])

    def adjoint(self, maps: Tensor) -> Planes:
        """Return Σ_k f̄_k ∗ m_k, the adjoint of :meth:`responses`, of maps, B × K × H' × W'."""
        margin = self.size - 1
        around = tuple(length + margin for length in maps.shape[2:])
        # For one channel the sum of patches is faster than a transposed convolution.
        patches = self.filters.flatten(1).mT @ maps.flatten(2)
        return folded_back(F.fold(patches, around, self.size)[:, 0], self.size // 2)

    def energy(self, planes: Planes) -> Scores:
        """Return E of each plane in nats, summed in float64."""
        costs = self.exponents * torch.log1p(self.responses(planes).square() / 2)
        return costs.sum((1, 2, 3), dtype=torch.float64)

    def weights(self, responses: Tensor) -> Tensor:
        """Return w_k = α_k / (1 + r²/2), of responses r.

        ∇E = Σ_k f̄_k ∗ (w_k r_k), and w_k/2 is the curvature of the parabola that lies above the
        price of a response, has its slope at r and −r, and so bounds E.
        """
        two = responses.new_tensor(2.0)
        return 2 * self.exponents / torch.addcmul(two, responses, responses)

    def slope_changes(self, responses: Tensor) -> Tensor:
        """Return the second derivative of each price, α_k (1 − r²/2)/(1 + r²/2)²."""
        halves = responses.square() / 2
        return self.exponents * (1 - halves) / (1 + halves).square()

    def gradient(self, planes: Planes) -> Planes:
        """Return ∇E at each plane, differentiable in filters and exponents."""
        responses = self.responses(planes)
        return self.adjoint(self.weights(responses) * responses)
