"""Steps of the weights of a network that is fitted to one observation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from priorbench.networks.guard import Guard, Optimiser
from priorbench.networks.muon import Muon
from priorbench.networks.parameters import OptimiserName
from priorbench.store.checkpoints import part

__all__ = ["GOOD", "Descent"]

GOOD = 50
"""Iterations between two states to go back to."""

FITTED = 1e-6
"""Error, 60 dB, below which steps shrink with its root: others would leave a perfect fit again."""


class Descent:
    """The weights of a network on their way to the least loss.

    Args:
        weights: of the network.
        optimiser: which steps are taken.
        learning_rate: of the first step.
        final_rate: of the last one, as a fraction of it.
        growing: whether the steps of Muon grow with the weights, as where each layer is normalised.

    Attributes:
        guard: keeps good weights.
    """

    def __init__(
        self,
        weights: Sequence[nn.Parameter],
        optimiser: OptimiserName,
        learning_rate: float,
        final_rate: float,
        *,
        growing: bool = True,
    ) -> None:
        self.weights, self.final_rate = weights, final_rate
        self.optimiser: Optimiser
        if optimiser == "adam":
            self.optimiser = torch.optim.Adam(weights, lr=learning_rate, fused=True)
        else:
            self.optimiser = Muon(weights, lr=learning_rate, growing=growing)
        self._rates = [
            {key: group[key] for key in group if key.endswith("lr")}
            for group in self.optimiser.param_groups
        ]
        self.guard = Guard(weights, self.optimiser)

    def step(self, loss: Tensor, error: float, iteration: int, iterations: int) -> bool:
        """Take a step; return whether it was one, and not a return to the last good weights.

        Args:
            loss: what is minimised, with its graph.
            error: mean squared error of the fit; infinite if unknown.
            iteration: how many are done.
            iterations: how many there are to be.

        Raises:
            Diverged: the fit broke down again and again.
        """
        if self.guard.broke_down(float(loss.detach()), error):
            self.guard.go_back(iteration)
            return False
        if not self.guard.fitted:
            if (iteration + 1) % GOOD == 0:
                # Before the step, which may lead away from the weights that have this error.
                self.guard.keep(error)
            self.optimiser.zero_grad()
            torch.autograd.backward(loss)
            self._set_rates(error, min(iteration / iterations, 1))
            self.optimiser.step()
        return True

    def _set_rates(self, error: float, done: float) -> None:
        """Let the rates fall linearly, with the root of a small error, and by half per return."""
        factor = (1 - (1 - self.final_rate) * done) * min(1.0, math.sqrt(error / FITTED))
        factor /= 2**self.guard.returns
        for group, rates in zip(self.optimiser.param_groups, self._rates, strict=True):
            group.update({key: factor * rate for key, rate in rates.items()})

    def state(self) -> dict[str, Tensor]:
        """Return what a later process needs to go on bit for bit."""
        state = {f"guard.{key}": value for key, value in self.guard.state().items()}
        for index, weights in enumerate(self.weights):
            state[f"weights{index}"] = weights
            moments = self.optimiser.state[weights]
            state |= {f"optimiser{index}.{key}": value for key, value in moments.items()}
        return state

    @torch.no_grad()
    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take over what ``state`` returned."""
        self.guard.load_state(part(state, "guard."))
        for index, weights in enumerate(self.weights):
            weights.copy_(state[f"weights{index}"])
            # There are none before the first step, and after a return.
            self.optimiser.state[weights] = part(state, f"optimiser{index}.", weights.device)
