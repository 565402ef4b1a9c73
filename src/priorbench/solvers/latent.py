"""The search of a generator's latent space: which codes explain the observation?

Bora, Jalal, Price & Dimakis 2017, arXiv 1703.03208.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.numerics.tiles import Tiling
from priorbench.priors import Context, Generator, Restoration
from priorbench.problem import Problem
from priorbench.solvers.colour import from_planes, to_planes
from priorbench.solvers.continuation import fidelity_weight
from priorbench.types import Image

__all__ = ["latent_search"]

RATE = 0.05
DECAY = (0.9, 0.99)


@torch.no_grad()
def latent_search(
    prior: Generator,
    problem: Problem,
    context: Context,
    *,
    steps: int = 100,
    restarts: int = 0,
    stride: int | None = None,
) -> Restoration:
    r"""Minimise ‖H x(z, m) − y‖² / 2σ² + w/2 Σᵢ ‖zᵢ‖² over codes zᵢ and means mᵢ of tiles.

    x(z, m) blends the tiles G(zᵢ) + mᵢ; w is the part of a tile that is its own, so that each pixel
    counts once. Then the data step takes in what the generator can't make: x = argmin_x ‖Hx − y‖² /
    2σ² + ‖x − x(z, m)‖² / 2d² with d the generator's deviation. A colour image is made of opponent
    planes; see :mod:`.colour`.

    Args:
        prior: the generator.
        problem: any linear problem with Gaussian noise.
        context: randomness, progress, deadline.
        steps: steps of Adam of each search.
        restarts: further searches, from random codes; the one with the least objective is kept.
        stride: pixels from one tile to the next; None for half a tile.
    """
    search = _Search(prior, problem, stride or max(prior.tile_size // 2, 1))
    best: tuple[float, Tensor, Tensor] | None = None
    late = False
    for attempt in range(1 + restarts):
        z, means = search.start(context.generator if attempt else None)
        descent = _Adam([z, means])
        for step in range(steps):
            value, gradients = search.objective(z, means)
            # Adam does not descend at every step: the best codes are kept, before they change.
            if best is None or value < best[0]:
                best = value, z.clone(), means.clone()
            descent.step(gradients)
            context.progress((attempt + (step + 1) / steps) / (1 + restarts), objective=value)
            late = context.time_left() < 0
            if late:
                break
        value, _ = search.objective(z, means)
        if best is None or value < best[0]:
            best = value, z, means
        if late:
            break
    assert best is not None
    _, z, means = best
    x = search.image(z, means)
    deviation = prior.deviation(z)
    if deviation > 0:
        x = problem.operator.data_step(problem.y, x, fidelity_weight(problem.sigma), deviation**-2)
    return Restoration(x, timed_out=late)


class _Search:
    """The objective and where to begin."""

    def __init__(self, prior: Generator, problem: Problem, stride: int) -> None:
        self.prior, self.problem = prior, problem
        self.tiling = Tiling(*problem.image_shape[1:], prior.tile_size, stride)
        self.first = problem.estimate()
        planes, self.scales = to_planes(self.first)
        self.tiles = self.tiling.cut(planes)
        # Overlapping tiles see each pixel several times; the prior counts it once.
        self.weight = planes.numel() / self.tiles.numel()

    def start(self, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """Return codes, the encoder's or random ones, and the means of the first estimate."""
        means = self.tiles.mean((1, 2), keepdim=True)
        if generator is not None:
            z = torch.randn(len(self.tiles), self.prior.latent_size, generator=generator).to(
                self.tiles
            )
            return z, means
        parts = self.tiles.chunk(len(self.scales))
        # As in the weight of the data, σ = 0 stands for a little noise.
        sigma = max(self.problem.sigma, NOISE_FLOOR)
        codes = [
            self.prior.encode(part, scale * sigma)
            for part, scale in zip(parts, self.scales, strict=True)
        ]
        return torch.cat(codes), means

    def image(self, z: Tensor, means: Tensor) -> Image:
        """Return x(z, m)."""
        return from_planes(self.tiling.blend(self.prior.decode(z) + means), self.first.shape)

    def objective(self, z: Tensor, means: Tensor) -> tuple[float, tuple[Tensor, Tensor]]:
        """Return the objective and its gradients; H is differentiated by its adjoint."""
        operator, fidelity = self.problem.operator, fidelity_weight(self.problem.sigma)
        with torch.enable_grad():
            z, means = (each.detach().requires_grad_() for each in (z, means))
            image = self.image(z, means)
            # The gradient of ‖Hx − y‖²/2 is Hᵀ(Hx − y): no operator needs autograd.
            residual = operator.forward(image.detach()) - self.problem.y
            slope = fidelity * operator.adjoint(residual)
            prior = 0.5 * self.weight * z.square().sum()
            dz, dmeans = torch.autograd.grad((image * slope).sum() + prior, (z, means))
        return 0.5 * fidelity * float(residual.square().sum()) + float(prior.detach()), (dz, dmeans)


class _Adam:
    """Adam, Kingma & Ba 2015, arXiv 1412.6980. The first use of torch's imports a compiler."""

    def __init__(self, tensors: list[Tensor]) -> None:
        self.tensors = tensors
        self.moments = [(torch.zeros_like(each), torch.zeros_like(each)) for each in tensors]
        self.count = 0

    def step(self, gradients: tuple[Tensor, ...]) -> None:
        """Take a step."""
        self.count += 1
        first_decay, second_decay = DECAY
        # Both moments begin at 0; this undoes their bias.
        bias = math.sqrt(1 - second_decay**self.count) / (1 - first_decay**self.count)
        for tensor, gradient, (first, second) in zip(
            self.tensors, gradients, self.moments, strict=True
        ):
            first.lerp_(gradient, 1 - first_decay)
            second.lerp_(gradient.square(), 1 - second_decay)
            tensor -= RATE * bias * first / (second.sqrt() + 1e-12)
