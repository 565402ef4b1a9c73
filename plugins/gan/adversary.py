"""What generator and critic are trained for, and what is measured of the draws."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from priorbench.networks.training import Objective, Row
from priorbench.numerics.distributions import NEIGHBOURS, covered, sliced_distance
from priorbench.numerics.tiles import without_mean

from .network import Networks
from .parameters import GANParameters


class Game(Objective):
    """The non-saturating game of Goodfellow et al. 2014, arXiv 1406.2661, with the penalty R1.

    The critic D minimises E log(1 + e^{−D(x)}) + E log(1 + e^{D(G(z))}) + γ/2 E ‖∇D(x)‖², with the
    penalty of Mescheder, Geiger & Nowozin 2018, arXiv 1801.04406; the generator G minimises
    E log(1 + e^{−D(G(z))}). Both take their steps at once.

    Args:
        networks: D and G.
        options: γ, the size of a code.
    """

    network: Networks
    criterion = "held_out_nearness"

    def __init__(self, networks: Networks, options: GANParameters) -> None:
        self.network, self.options = networks, options

    def loss(self, tiles: Tensor, done: float, generator: torch.Generator) -> tuple[Tensor, Row]:
        """Return the sum of both losses, whose gradients do not mix, and each of them."""
        network = self.network
        z = torch.randn(len(tiles), self.options.latent_size, generator=generator)
        drawn = network.seen(network.generate(z.to(tiles)))
        real = network.seen(without_mean(tiles)).requires_grad_()
        on_real, on_drawn = network.critic(real), network.critic(drawn.detach())
        (slope,) = torch.autograd.grad(on_real.sum(), real, create_graph=True)
        penalty = 0.5 * self.options.penalty * slope.square().sum((1, 2, 3)).mean()
        of_critic = F.softplus(-on_real).mean() + F.softplus(on_drawn).mean() + penalty
        judged = functional_call(network.critic, network.frozen_critic(), (drawn,))
        of_generator = F.softplus(-judged).mean()
        numbers = {
            "critic_loss": float(of_critic.detach()),
            "generator_loss": float(of_generator.detach()),
        }
        return of_critic + of_generator, numbers

    def measure(self, batches: Iterable[Tensor]) -> Row:
        """Return how near draws are to held-out tiles, as many, and how the two sets overlap.

        ``held_out_nearness`` is minus the sliced Wasserstein distance, in gray levels of 255.
        Precision and recall are those of Kynkäänniemi et al. 2019, arXiv 1904.06991, of pixels: a
        recall that falls while the precision stays is a collapse of modes.
        """
        real = without_mean(torch.cat(list(batches))).flatten(1)
        codes = torch.randn(
            len(real), self.options.latent_size, generator=torch.Generator().manual_seed(0)
        )
        drawn = self.network.generate(codes.to(real)).flatten(1)
        row = {self.criterion: -sliced_distance(drawn, real)}
        if len(real) > NEIGHBOURS:
            row["precision"] = float(covered(drawn, real).float().mean())
            row["recall"] = float(covered(real, drawn).float().mean())
        return row
