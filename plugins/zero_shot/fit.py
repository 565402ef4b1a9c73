"""The weights of a network are fitted to one observation, within the time that there is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from priorbench.networks.guard import Guard, Optimiser
from priorbench.networks.muon import Muon
from priorbench.priors import Context
from priorbench.store.checkpoints import part

from .parameters import Optimiser as OptimiserName

__all__ = ["Fit", "Loss", "Steps"]

LOOK = 10
"""Iterations between two rows of the trace."""

GOOD = 50
"""Iterations between two states to go back to."""

FITTED = 1e-6
"""Error, 60 dB, below which steps shrink with its root: others would leave a perfect fit again."""

Loss = Callable[[int], tuple[Tensor, float]]
"""What is minimised in an iteration, and the mean squared error of the fit; infinite if unknown."""


@dataclass(frozen=True)
class Steps:
    """How the weights are changed.

    Args:
        iterations: how many steps there are.
        optimiser: which.
        learning_rate: of the first step.
        final_rate: of the last one, as a fraction of it.
        growing: whether the steps of Muon grow with the weights, as where each layer is normalised.
    """

    iterations: int
    optimiser: OptimiserName
    learning_rate: float
    final_rate: float
    growing: bool


class Fit:
    """The weights of a network on their way to the least loss.

    Args:
        network: what is fitted.
        loss: gets the number of the iteration, counted from 0.
        steps: how.
        generator: what the loss draws from; its state belongs to that of the fit.

    Attributes:
        iteration: how many are done.
        trace: the mean loss since the last row, every few iterations.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: Loss,
        steps: Steps,
        generator: torch.Generator,
    ) -> None:
        self.network, self.loss, self.steps, self.generator = network, loss, steps, generator
        self.weights = list(network.parameters())
        self.optimiser = _optimiser(self.weights, steps)
        self.rates = [
            {key: group[key] for key in group if key.endswith("lr")}
            for group in self.optimiser.param_groups
        ]
        self.guard = Guard(self.weights, self.optimiser)
        self.iteration = 0
        self.trace: list[dict[str, float]] = []
        self.losses: list[float] = []

    @property
    def n_parameters(self) -> int:
        """How many weights there are."""
        return sum(weights.numel() for weights in self.weights)

    def run(self, context: Context) -> bool:
        """Take all steps, or those that the time allows; return whether the time was over first.

        Raises:
            Diverged: the fit broke down again and again.
        """
        saved = context.checkpoint.load()
        if saved:
            self.load_state(saved)
        while self.iteration < self.steps.iterations:
            self.step()
            if self.iteration % LOOK == 0 and self.losses:
                self._look(context)
            context.checkpoint.save(self.state)
            if context.time_left() <= 0 and self.iteration < self.steps.iterations:
                return True
        return False

    def _look(self, context: Context) -> None:
        loss = sum(self.losses) / len(self.losses)
        self.losses.clear()
        self.trace.append({"iteration": self.iteration, "loss": loss})
        context.progress(self.iteration / self.steps.iterations, loss=loss)

    def step(self) -> None:
        """Take a step, or go back to the last good weights if the fit broke down.

        Raises:
            Diverged: it broke down again and again.
        """
        loss, error = self.loss(self.iteration)
        value = float(loss.detach())
        if self.guard.broke_down(value, error):
            self.guard.go_back(self.iteration)
            return
        if not self.guard.fitted:
            if (self.iteration + 1) % GOOD == 0:
                # Before the step, which may lead away from the weights that have this error.
                self.guard.keep(error)
            self.optimiser.zero_grad()
            torch.autograd.backward(loss)
            self._set_rates(error)
            self.optimiser.step()
        self.losses.append(value)
        self.iteration += 1

    def _set_rates(self, error: float) -> None:
        """Let the rates fall linearly, with the root of a small error, and by half per return."""
        done = self.iteration / self.steps.iterations
        factor = 1 - (1 - self.steps.final_rate) * done
        factor *= min(1.0, math.sqrt(error / FITTED)) / 2**self.guard.returns
        for group, rates in zip(self.optimiser.param_groups, self.rates, strict=True):
            group.update({key: factor * rate for key, rate in rates.items()})

    def state(self) -> dict[str, Tensor]:
        """Return all that a later process needs to go on bit for bit."""
        state = {
            "iteration": torch.tensor(self.iteration),
            "generator": self.generator.get_state(),
            "trace": torch.tensor([list(row.values()) for row in self.trace], dtype=torch.float64),
            "losses": torch.tensor(self.losses, dtype=torch.float64),
        }
        state |= {f"guard.{key}": value for key, value in self.guard.state().items()}
        for index, weights in enumerate(self.weights):
            state[f"weights{index}"] = weights
            moments = self.optimiser.state[weights]
            state |= {f"optimiser{index}.{key}": value for key, value in moments.items()}
        return state

    @torch.no_grad()
    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take over what ``state`` returned."""
        self.iteration = int(state["iteration"])
        self.generator.set_state(state["generator"])
        self.trace = [
            {"iteration": iteration, "loss": loss} for iteration, loss in state["trace"].tolist()
        ]
        self.losses = state["losses"].tolist()
        self.guard.load_state(part(state, "guard."))
        for index, weights in enumerate(self.weights):
            weights.copy_(state[f"weights{index}"])
            moments = part(state, f"optimiser{index}.", weights.device)
            # Before the first step, and after a return, there are none.
            if moments:
                self.optimiser.state[weights] = moments


def _optimiser(weights: list[nn.Parameter], steps: Steps) -> Optimiser:
    if steps.optimiser == "adam":
        return torch.optim.Adam(weights, lr=steps.learning_rate, fused=True)
    return Muon(weights, lr=steps.learning_rate, growing=steps.growing)
