"""A generative adversarial network of tiles; the search of its codes restores images."""

from __future__ import annotations

from typing import Any

import torch

from priorbench.networks.learned import LearnedNetwork
from priorbench.numerics.constants import QUANTISATION_VARIANCE
from priorbench.numerics.patches import PatchSet
from priorbench.priors import Context, Generator, Prior, Restoration
from priorbench.problem import Problem
from priorbench.solvers.anscombe import restore_stabilised
from priorbench.solvers.latent import latent_search
from priorbench.solvers.sampling import sample_by_generator
from priorbench.types import Codes, Image, Tiles

from .adversary import Game
from .network import Networks
from .parameters import GANParameters

TILES_FOR_THE_SCALE = 20_000
TILES_IN_A_CHUNK = 1 << 10


class GAN(LearnedNetwork[Networks], Prior, Generator):
    """Tiles without their mean, G(z) with z standard normal; the mean is flat.

    Args:
        **parameters: fields of :class:`GANParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    def __init__(self, **parameters: Any) -> None:
        self.parameters = GANParameters(**parameters)
        super().__init__(self.parameters, self.parameters.tile_size)
        self.latent_size = self.parameters.latent_size

    def build(self) -> Networks:
        """Return generator and critic with random weights."""
        return Networks(self.tile_size, self.latent_size, self.parameters.width)

    def objective(self, network: Networks) -> Game:
        """Return the game of the two."""
        return Game(network, self.parameters)

    def prepare(self, network: Networks, drawn: PatchSet) -> None:
        """Set the standard deviation of a pixel."""
        if len(drawn):
            pixels = drawn[:TILES_FOR_THE_SCALE]
            deviation = (pixels - pixels.mean(1, keepdim=True)).square().mean().sqrt()
            network.scale.copy_(deviation.clamp(min=QUANTISATION_VARIANCE**0.5))

    @torch.no_grad()
    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return the restoration by :func:`priorbench.solvers.latent_search`.

        Poisson noise is made Gaussian first.
        """
        options = self.parameters

        def search(gaussian: Problem) -> Restoration:
            return latent_search(
                self,
                gaussian,
                context,
                steps=options.search_steps,
                restarts=options.restarts,
                stride=options.stride,
            )

        if problem.peak is not None:
            return restore_stabilised(search, problem)
        return search(problem)

    def posterior_sample(self, problem: Problem, context: Context) -> Image:
        """Return a draw of x given y: tiles drawn with codes that explain them.

        Raises:
            NotApplicable: the noise is Poisson.
        """
        return sample_by_generator(self, problem, context)

    def decode(self, z: Codes) -> Tiles:
        """Return the tiles of codes, N × T × T."""
        network = self.network.to(z.device)
        return torch.cat([network.generate(part) for part in torch.split(z, TILES_IN_A_CHUNK)])

    def deviation(self, z: Codes) -> float:
        """Return the standard deviation of a pixel from what is generated."""
        return self.parameters.deviation
