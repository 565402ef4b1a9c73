"""Recovery of a fit that breaks down: the last good weights, fresh momentum, half the rates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from priorbench.errors import Diverged
from priorbench.networks.muon import Muon

__all__ = ["Guard", "Optimiser"]

COLLAPSE = 10 ** (5 / 10)
"""Growth of the error, 5 dB, that counts as a collapse."""

ATTEMPTS = 5
"""How often a run may go back without a new good state before it has diverged."""

FLOOR = 1e-4
"""Errors below it, 40 dB, are alike: a step of a fixed length changes them by more than 5 dB."""

Optimiser = Muon | torch.optim.Optimizer
"""What changes the weights of a network by their gradients."""


class Guard:
    """Keeps the last good weights of a network.

    Args:
        parameters: the weights.
        optimiser: of the weights.

    Attributes:
        error: mean of (Hf - y)² at the good weights.
        least: the least error of all iterations so far.
        returns: how often the run went back to them.
    """

    def __init__(self, parameters: Sequence[nn.Parameter], optimiser: Optimiser) -> None:
        self.parameters, self.optimiser = parameters, optimiser
        self.least = math.inf
        self.keep(math.inf)

    @property
    def fitted(self) -> bool:
        """Whether the fit is so good that every step leads away: its weights stay as they are.

        With a perturbed input the error of one iteration is a matter of chance, so that of the good
        weights alone would not tell.
        """
        return self.returns > ATTEMPTS and self.least <= FLOOR

    def keep(self, error: float) -> None:
        """Keep the weights as they are, with their error."""
        self.good = [parameter.detach().clone() for parameter in self.parameters]
        self.error, self.returns = error, 0

    def broke_down(self, loss: float, error: float) -> bool:
        """Return whether the loss is NaN or infinite, or the error has grown by a collapse."""
        self.least = min(self.least, error)
        limit = COLLAPSE * max(self.error, FLOOR)
        return not math.isfinite(loss) or (not self.fitted and error > limit)

    @torch.no_grad()
    def go_back(self, iteration: int) -> None:
        """Put the good weights back.

        Raises:
            Diverged: that did not help several times in a row.
        """
        self.returns += 1
        if (self.returns > ATTEMPTS and not self.fitted) or self.returns > 2 * ATTEMPTS:
            raise Diverged(
                f"the fit broke down {ATTEMPTS} times in a row after {iteration} iterations"
            )
        for parameter, good in zip(self.parameters, self.good, strict=True):
            parameter.copy_(good)
        # The momentum led out of the valley.
        self.optimiser.state.clear()

    def state(self) -> dict[str, Tensor]:
        """Return what a later process needs to go on."""
        numbers = torch.tensor([self.error, self.least, self.returns], dtype=torch.float64)
        weights = {f"weights{index}": good for index, good in enumerate(self.good)}
        return {"numbers": numbers} | weights

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take over what ``state`` returned."""
        self.error, self.least, returns = state["numbers"].tolist()
        self.returns = int(returns)
        for index, good in enumerate(self.good):
            good.copy_(state[f"weights{index}"])
