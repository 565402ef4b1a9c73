"""Densities of patches that a network gives: training by likelihood, MAP estimates by ascent."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from priorbench.networks.ascent import ascend, gaussian_start
from priorbench.networks.learned import LearnedNetwork
from priorbench.networks.parameters import DensityParameters
from priorbench.networks.training import Objective, Row
from priorbench.networks.weights import initialised, loaded
from priorbench.numerics.constants import QUANTISATION_VARIANCE
from priorbench.numerics.patches import PatchSet, principal_axes
from priorbench.priors import HELD_OUT_LOG_LIKELIHOOD, PatchPrior
from priorbench.types import Patches, Scores

__all__ = ["DensityNetwork", "PatchDensity"]

PATCHES_IN_A_CHUNK = 1 << 11


class DensityNetwork(nn.Module, ABC):
    """log p(c) of the principal coordinates c of patches without their mean, d = D − 1.

    Args:
        pixels: D.
    """

    axes: Tensor
    """The principal axes, one a row, d × D, the greatest variance first."""
    scale: Tensor
    """Standard deviations along them, d."""

    def __init__(self, pixels: int) -> None:
        super().__init__()
        size = pixels - 1
        self.register_buffer("axes", torch.zeros(size, pixels))
        self.register_buffer("scale", torch.ones(size))

    @abstractmethod
    def log_density(self, coordinates: Tensor) -> Tensor:
        """Return log p(c) in nats, N, of coordinates, N × d."""

    @abstractmethod
    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return patches with mean 0 that are drawn from p, N × D."""

    def prepare(self, axes: Tensor, scale: Tensor) -> None:
        """Take over the principal axes and the standard deviations of patches."""
        self.axes.copy_(axes)
        self.scale.copy_(scale)

    def coordinates(self, patches: Tensor) -> Tensor:
        """Return c of patches, N × D, whose means do not matter."""
        return (patches - patches.mean(1, keepdim=True)) @ self.axes.mT

    def patches(self, coordinates: Tensor) -> Tensor:
        """Return the patches with mean 0, N × D, of coordinates, N × d."""
        return coordinates @ self.axes

    def fixed(self) -> Mapping[str, Tensor]:
        """Return the tensors that the parameters alone determine, such as masks; here, none."""
        return {}


class PatchDensity(PatchPrior, LearnedNetwork[DensityNetwork]):
    """log p of a patch without its mean, exact, by a network; the mean is flat.

    Args:
        options: the patches, the training, the MAP estimates.
    """

    def __init__(self, options: DensityParameters) -> None:
        super().__init__(options, options.patch_size)
        self.patch_size, self.stride, self.steps = options.patch_size, options.stride, options.steps

    def objective(self, network: DensityNetwork) -> Likelihood:
        """Return the likelihood of patches."""
        return Likelihood(network)

    def prepare(self, network: DensityNetwork, drawn: PatchSet) -> None:
        """Set the principal axes and the deviations along them."""
        if not len(drawn):
            return
        axes, variances = principal_axes(drawn)
        scale = variances.clamp(min=QUANTISATION_VARIANCE).sqrt()
        # Coarse structure first: what is fine depends on it.
        network.prepare(axes.flip(0), scale.flip(0))

    @torch.no_grad()
    def log_prob(self, patches: Patches) -> Scores:
        """Return log p of each patch in nats, on the D − 1 dimensions without the mean."""
        network = self.network.to(patches.device)
        chunks = torch.split(patches.float(), PATCHES_IN_A_CHUNK)
        return torch.cat([network.log_density(network.coordinates(chunk)) for chunk in chunks])

    @torch.no_grad()
    def map_estimate(self, patches: Patches, noise_variance: float) -> Patches:
        """Return a local maximum of log p(z) − ‖z − x‖²/2s near a Gaussian estimate, for each x.

        It takes ``steps`` gradient steps, each of which is refused where it would not lead up.

        Raises:
            ValueError: the noise variance is negative or not finite.
        """
        if not 0 <= noise_variance < math.inf:
            raise ValueError(
                f"noise_variance must be a finite number of at least 0, not {noise_variance}"
            )
        network = self.network.to(patches.device)
        if noise_variance == 0:
            return patches.clone()
        means = patches.mean(1, keepdim=True)
        estimates = [
            self._estimate(network, chunk, noise_variance)
            for chunk in torch.split(patches.float(), PATCHES_IN_A_CHUNK)
        ]
        return torch.cat(estimates).to(patches) + means

    def _estimate(
        self, network: DensityNetwork, patches: Patches, noise_variance: float
    ) -> Patches:
        """Return the estimates without their means."""
        noisy = network.coordinates(patches)
        start, metric = gaussian_start(noisy, network.scale.square(), noise_variance)
        found = ascend(network.log_density, start, noisy, noise_variance, metric, self.steps)
        return network.patches(found)

    @torch.no_grad()
    def sample(self, count: int, generator: torch.Generator) -> Patches:
        """Return patches drawn from p, with mean 0, in float32."""
        return self.network.draw(count, generator)

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return the weights, the principal ``axes`` and the ``scale`` of each."""
        fixed = self.network.fixed()
        state = self.network.state_dict()
        return {name: value for name, value in state.items() if name not in fixed}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over what ``state_dict`` returned.

        Raises:
            RuntimeError: a tensor is missing, unknown or has the wrong shape.
            ValueError: a number is not finite, or a scale not positive.
        """
        network = loaded(self.build, {**state, **initialised(self.build, 0).fixed()})
        if not (network.scale > 0).all():
            raise ValueError("scale must be positive")
        self._network = network


class Likelihood(Objective):
    """−log p(x + n) per dimension, with n white and of the variance of rounding to 8 bits.

    Without n, a density would put ever more of its probability on the values that 8 bits have. The
    variances of other patch models have the same number as their floor.

    Args:
        network: the density.
    """

    network: DensityNetwork
    criterion = HELD_OUT_LOG_LIKELIHOOD

    def __init__(self, network: DensityNetwork) -> None:
        self.network = network

    def loss(self, tiles: Tensor, done: float, generator: torch.Generator) -> tuple[Tensor, Row]:
        """Return the loss of a batch, and its mean log-likelihood in nats."""
        noise = torch.randn(tiles.shape, generator=generator).to(tiles.device)
        patches = (tiles + math.sqrt(QUANTISATION_VARIANCE) * noise).flatten(1)
        found = self.network.log_density(self.network.coordinates(patches)).mean()
        return -found / len(self.network.scale), {"train_log_likelihood": float(found.detach())}

    def measure(self, batches: Iterable[Tensor]) -> Row:
        """Return the mean log-likelihood of patches without further noise, in nats."""
        values = [
            self.network.log_density(self.network.coordinates(tiles.flatten(1))).double()
            for tiles in batches
        ]
        return {HELD_OUT_LOG_LIKELIHOOD: float(torch.cat(values).mean())}
