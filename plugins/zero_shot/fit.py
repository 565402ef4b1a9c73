"""The weights of a network are fitted to one observation, within the time that there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from priorbench.networks.descent import Descent
from priorbench.networks.parameters import OptimiserName
from priorbench.priors import Context

__all__ = ["Fit", "Loss", "Steps"]

LOOK = 10
"""Iterations between two rows of the trace."""

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
        network: what is fitted; its buffers, which the loss may change, belong to the state too.
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
        self.descent = Descent(
            self.weights,
            steps.optimiser,
            steps.learning_rate,
            steps.final_rate,
            growing=steps.growing,
        )
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
        if self.descent.step(loss, error, self.iteration, self.steps.iterations):
            self.losses.append(float(loss.detach()))
            self.iteration += 1

    def state(self) -> dict[str, Tensor]:
        """Return all that a later process needs to go on bit for bit."""
        state = {
            "iteration": torch.tensor(self.iteration),
            "generator": self.generator.get_state(),
            "trace": torch.tensor([list(row.values()) for row in self.trace], dtype=torch.float64),
            "losses": torch.tensor(self.losses, dtype=torch.float64),
        }
        state |= {f"buffer.{name}": buffer for name, buffer in self.network.named_buffers()}
        return state | self.descent.state()

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take over what ``state`` returned."""
        self.iteration = int(state["iteration"])
        self.generator.set_state(state["generator"])
        self.trace = [
            {"iteration": iteration, "loss": loss} for iteration, loss in state["trace"].tolist()
        ]
        self.losses = state["losses"].tolist()
        for name, buffer in self.network.named_buffers():
            buffer.copy_(state[f"buffer.{name}"])
        self.descent.load_state(state)
