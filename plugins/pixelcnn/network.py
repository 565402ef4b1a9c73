"""A density of patches, one pixel after the other."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from priorbench.networks.causal import First, Layer
from priorbench.networks.patch_density import DensityNetwork

CONTRAST = 3.0
"""Prediction errors beyond 1/CONTRAST of their standard deviation are seen by their logarithm."""
NARROWEST, WIDEST = -7.0, 0.5
"""Bounds on the logarithm of a logistic distribution's scale."""
LARGEST = 20.0
"""Bound on a draw of w: sinh(20) is 2 · 10⁸."""
PATCHES_IN_A_CHUNK = 1 << 9


class PixelNetwork(DensityNetwork):
    """log p of a patch as the sum over pixels of log p(pixel | those before it), in raster order.

    A pixel minus the first one, dᵢ, does not depend on the mean of the patch. What a linear
    regression on the pixels before can't explain of it, eᵢ with variance 1, is eᵢ = Σⱼ Wᵢⱼ dⱼ with
    W the inverse of the Cholesky factor of the covariance of d. The density of wᵢ = asinh(3eᵢ) is a
    mixture of logistic distributions whose weights, places and scales a causal network tells from
    w₁ … wᵢ₋₁: van den Oord et al. 2016, arXiv 1606.05328, Salimans et al. 2017, arXiv 1701.05517.

    Args:
        side: T of the patches.
        width: channels of each of the network's two streams.
        layers: gated layers.
        components: logistic distributions in each mixture.
    """

    regression: Tensor
    """W, d × d, lower triangular."""

    def __init__(self, side: int, width: int, layers: int, components: int) -> None:
        super().__init__(side**2)
        self.side, self.components = side, components
        self.register_buffer("regression", torch.eye(side**2 - 1))
        # Errors, and where the patch is: outside of it there are zeros.
        self.first = First(2, width)
        # A vector for Adam: it begins with zeros, whose norm is no length for a step.
        self.place = nn.Parameter(torch.zeros(width * side**2))
        self.layers = nn.ModuleList(Layer(width) for _ in range(layers))
        self.last = nn.Conv2d(width, 3 * components, 1)

    def prepare(self, axes: Tensor, scale: Tensor) -> None:
        """Take over the principal axes and the deviations, and solve the regressions."""
        super().prepare(axes, scale)
        roots = (axes[:, 1:] - axes[:, :1]).double() * scale.double()[:, None]
        factor = torch.linalg.cholesky(roots.mT @ roots)
        identity = torch.eye(len(factor), dtype=factor.dtype)
        self.regression.copy_(torch.linalg.solve_triangular(factor, identity, upper=False))

    def log_density(self, coordinates: Tensor) -> Tensor:
        """Return log p(c) in nats, N, of coordinates, N × d."""
        v = CONTRAST * self.errors(self.patches(coordinates))
        w = torch.asinh(v)
        found = self._mixtures(w).log_prob(w).sum(1)
        slope = math.log(CONTRAST) * v.shape[1] - 0.5 * torch.log1p(v.square()).sum(1)
        volume = self.regression.diagonal().log().sum() + 0.5 * math.log(self.side**2)
        return found + slope + volume

    def errors(self, patches: Tensor) -> Tensor:
        """Return e, N × d, of patches, N × D, whose means do not matter."""
        return (patches[:, 1:] - patches[:, :1]) @ self.regression.mT

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return patches with mean 0 that are drawn from p, N × D."""
        patches = self.complete(self.scale.new_zeros(count, self.side**2), 1, generator)
        return patches - patches.mean(1, keepdim=True)

    def complete(self, patches: Tensor, known: int, generator: torch.Generator) -> Tensor:
        """Return patches, N × D, whose pixels from number ``known`` ≥ 1 on are drawn from p given
        those before.
        """
        return torch.cat(
            [
                self._complete(chunk, known, generator)
                for chunk in torch.split(patches, PATCHES_IN_A_CHUNK)
            ]
        )

    def _complete(self, patches: Tensor, known: int, generator: torch.Generator) -> Tensor:
        differences = patches[:, 1:] - patches[:, :1]
        w = torch.asinh(CONTRAST * (differences @ self.regression.mT))
        for place in range(known - 1, w.shape[1]):
            # The rest of w is not seen, whatever it is.
            rows = (place + 1) // self.side + 1
            w[:, place] = self._mixtures(w, rows).draw(place, generator)
            error = torch.sinh(w[:, place]) / CONTRAST
            row = self.regression[place]
            explained = differences[:, :place] @ row[:place]
            differences[:, place] = (error - explained) / row[place]
        return torch.cat([patches[:, :1], patches[:, :1] + differences], dim=1)

    def _mixtures(self, w: Tensor, rows: int | None = None) -> Mixtures:
        """Return p(wᵢ | w₁ … wᵢ₋₁) for all i, or for those in the first rows."""
        maps = F.pad(w, (1, 0)).view(-1, 1, self.side, self.side)[:, :, :rows]
        above, left = self.first(torch.cat([maps, torch.ones_like(maps)], dim=1))
        left = left + self.place.view(-1, self.side, self.side)[:, :rows]
        for layer in self.layers:
            above, left = layer(above, left)
        numbers = self.last(F.silu(left)).flatten(2)[:, :, 1:].mT
        return Mixtures(*numbers.split(self.components, dim=2))


class Mixtures:
    """A mixture of logistic distributions for each pixel of each patch.

    Args:
        weights: logarithms of the weights up to a constant, N × d × K.
        places: means, N × d × K.
        scales: logarithms of the scales, N × d × K.
    """

    def __init__(self, weights: Tensor, places: Tensor, scales: Tensor) -> None:
        self.weights, self.places = weights.log_softmax(2), places
        self.scales = scales.clamp(NARROWEST, WIDEST)

    def log_prob(self, w: Tensor) -> Tensor:
        """Return the logarithm of the density of w, N × d."""
        z = (w[:, :, None] - self.places) * (-self.scales).exp()
        logistic = -z - self.scales - 2 * F.softplus(-z)
        return torch.logsumexp(self.weights + logistic, dim=2)

    def draw(self, place: int, generator: torch.Generator) -> Tensor:
        """Return a value of a pixel, N."""
        weights = self.weights[:, place].exp().cpu()
        component = torch.multinomial(weights, 1, generator=generator)
        share = torch.rand(component.shape, generator=generator).clamp(1e-6, 1 - 1e-6)
        component = component.to(self.places.device)
        centre = self.places[:, place].gather(1, component)
        scale = self.scales[:, place].gather(1, component).exp()
        drawn = centre + scale * torch.logit(share).to(centre)
        return drawn[:, 0].clamp(-LARGEST, LARGEST)
