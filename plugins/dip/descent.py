"""One run: the network's weights descend on the objective, and the outputs on the way are averaged."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from priorbench import Diverged
from priorbench.networks.muon import Muon
from priorbench.types import Image

from .objective import Objective

COLLAPSE = 10 ** (5 / 10)
"""Growth of the error, 5 dB, after which a run goes back to its last good weights, and on with half the rates."""

ATTEMPTS = 5
"""How often a run may go back without a new good state before it counts as diverged."""

FLOOR = 1e-4
"""Errors below it, 40 dB, are alike to the guard: there a step of a fixed length changes them by more than 5 dB."""

FITTED = 1e-6
"""Error, 60 dB, below which steps shrink with its root: steps of a fixed length would leave a perfect fit again."""

GUARD = 50
"""Iterations between two states to go back to."""

POOL = 1 << 22
"""Numbers in the pool that the perturbation is taken from."""


@dataclass(frozen=True)
class Step:
    """What an iteration gave.

    Args:
        iteration: how many are done.
        loss: what is minimised.
        error: mean of (Hf - y)² of the output, over what is fitted.
        output: the network's image, without gradient.
    """

    iteration: int
    loss: float
    error: float
    output: Image


@dataclass(frozen=True)
class Trial:
    """What the weights give before a step.

    Args:
        image: the network's, cut to the problem's size.
        loss: what is minimised.
        error: mean of (Hf - y)² of the image, over what is fitted.
    """

    image: Image
    loss: Tensor
    error: Tensor


@dataclass(frozen=True)
class Schedule:
    """How the rates fall and the perturbation grows over the iterations.

    What is coarse is fitted first and needs no noise to be kept from fine noise: a perturbation that grows brings the
    same estimate in fewer iterations.

    Args:
        iterations: of the whole.
        final_rate: the rates fall linearly to this fraction.
        first_perturbation: the perturbation grows linearly from this fraction.
        growth: fraction of the iterations that it grows over.
    """

    iterations: int
    final_rate: float = 1.0
    first_perturbation: float = 1.0
    growth: float = 0.6

    def rate(self, iteration: int) -> float:
        """Return the factor of the rates."""
        return 1 - (1 - self.final_rate) * min(iteration / self.iterations, 1)

    def perturbation(self, iteration: int) -> float:
        """Return the factor of the perturbation."""
        grown = min(iteration / (self.growth * self.iterations), 1)
        return self.first_perturbation + (1 - self.first_perturbation) * grown


class Perturbation:
    """Gaussian numbers, drawn once and read from a new place each time: drawing them anew takes as long as a step.

    Args:
        shape: of what is perturbed.
        deviation: standard deviation.
        generator: draws the pool.
        device: where it lies.
    """

    def __init__(
        self, shape: torch.Size, deviation: float, generator: torch.Generator, device: torch.device
    ) -> None:
        self.shape, self.deviation = shape, deviation
        self.count = math.prod(shape)
        size = max(POOL, 2 * self.count) if deviation else 0
        self.pool = (deviation * torch.randn(size, generator=generator)).to(device)

    def add_to(self, z: Tensor, factor: float, generator: torch.Generator) -> Tensor:
        """Return z with ``factor`` times the next perturbation."""
        if not self.deviation:
            return z
        start = int(torch.randint(len(self.pool) - self.count + 1, (), generator=generator))
        # In z's own order in memory.
        noise = (
            self.pool[start : start + self.count]
            .view(z.shape[0], *z.shape[2:], z.shape[1])
            .permute(0, 3, 1, 2)
        )
        return torch.add(z, noise, alpha=factor)


class Descent:
    """Steps on the weights of a network f(z) whose image is cut to the problem's size.

    Args:
        network: f.
        z: its input, B × C × H' × W'.
        size: (H, W) of the image, at most the network's.
        objective: what is minimised.
        optimiser: of the network's parameters.
        schedule: factors of the optimiser's rates and of the perturbation.
        perturbation: standard deviation of the noise that is added to z in each iteration.
        average: how much of the average of the outputs each iteration keeps.
        sigma: of white noise on an image observed directly, for Stein's unbiased risk estimate; 0 for none.
        generator: the source of all randomness, used by this run alone.
    """

    def __init__(
        self,
        network: nn.Module,
        z: Tensor,
        size: tuple[int, int],
        objective: Objective,
        *,
        optimiser: Muon | torch.optim.Optimizer,
        schedule: Schedule,
        perturbation: float,
        average: float,
        sigma: float,
        generator: torch.Generator,
    ) -> None:
        self.network, self.z, self.size, self.objective = network, z, size, objective
        self.average, self.sigma, self.generator = average, sigma, generator
        self.perturbation = Perturbation(z.shape, perturbation, generator, z.device)
        self.parameters = list(network.parameters())
        self.optimiser, self.schedule = optimiser, schedule
        self.rates = [
            {key: group[key] for key in group if key.endswith("lr")}
            for group in optimiser.param_groups
        ]
        self.estimate: Image | None = None
        self.iteration = 0
        self.good_error, self.returns = math.inf, 0
        self._keep()

    @property
    def fitted(self) -> bool:
        """Whether every step leads away from a fit that can hardly be better: its weights are left as they are."""
        return self.returns > ATTEMPTS and self.good_error <= FLOOR

    def image(self, z: Tensor) -> Image:
        """Return f(z), cut to the problem's size."""
        return self._cut(self.network(z))

    def begin(self) -> Tensor:
        """Forget the gradients and return the network's next input, z with its perturbation."""
        self.optimiser.zero_grad()
        return self.perturbation.add_to(
            self.z, self.schedule.perturbation(self.iteration), self.generator
        )

    def judge(self, z: Tensor, output: Tensor) -> Trial:
        """Return what the network's output for an input is worth; its loss waits for its gradients."""
        image = self._cut(output)
        loss, error = self.objective.loss(image)
        if self.sigma:
            loss = loss + self._risk(z, image)
        return Trial(image, loss, error)

    def descend(self, image: Image, loss: float, error: float) -> Step | None:
        """Take a step along the gradients; None where the trial was so bad that the run went back instead.

        Args:
            image: the trial's.
            loss: what is minimised.
            error: mean of (Hf - y)² of the image, over what is fitted.

        Raises:
            Diverged: the loss is NaN or infinite or the fit collapses, again and again from the last good weights.
        """
        if not math.isfinite(loss) or (
            not self.fitted and error > COLLAPSE * max(self.good_error, FLOOR)
        ):
            self._go_back()
            return None
        factor = self.schedule.rate(self.iteration) * min(1.0, math.sqrt(error / FITTED))
        factor /= 2**self.returns
        for group, rates in zip(self.optimiser.param_groups, self.rates, strict=True):
            group.update({key: factor * rate for key, rate in rates.items()})
        if not self.fitted:
            self.optimiser.step()
        self.iteration += 1
        output = image.detach()
        if self.estimate is None:
            self.estimate = output.clone()
        else:
            self.estimate.lerp_(output, 1 - min(self.average, 1 - 1 / self.iteration))
        if self.iteration % GUARD == 0 and not self.fitted:
            self.good_error, self.returns = error, 0
            self._keep()
        return Step(self.iteration, loss, error, output)

    def _cut(self, output: Tensor) -> Image:
        return output[:, :, : self.size[0], : self.size[1]]

    def _risk(self, z: Tensor, output: Image) -> Tensor:
        """Return 2σ² times a Monte-Carlo estimate of the divergence, per pixel, of the image as a function of y = z.

        Ramani, Blu & Unser 2008, doi:10.1109/TIP.2008.2001404; with this prior Jo, Chun & Choi 2021, arXiv 2108.12841.
        """
        step = 1e-2
        direction = torch.randn(output.shape, generator=self.generator).to(z.device)
        padding = (0, z.shape[3] - output.shape[3], 0, z.shape[2] - output.shape[2])
        moved = self.image(z + step * nn.functional.pad(direction, padding))
        return 2 * self.sigma**2 * (direction * (moved - output)).mean() / step

    def _keep(self) -> None:
        self.good = [parameter.detach().clone() for parameter in self.parameters]

    @torch.no_grad()
    def _go_back(self) -> None:
        self.returns += 1
        if (self.returns > ATTEMPTS and not self.fitted) or self.returns > 2 * ATTEMPTS:
            raise Diverged(
                f"the fit broke down {ATTEMPTS} times in a row after {self.iteration} iterations"
            )
        for parameter, good in zip(self.parameters, self.good, strict=True):
            parameter.copy_(good)
        # Its momentum led out of the valley.
        self.optimiser.state.clear()

    def state(self) -> dict[str, Tensor]:
        """Return all that a later process needs to go on bit for bit."""
        state = {
            "numbers": torch.tensor(
                [self.iteration, self.good_error, self.returns], dtype=torch.float64
            ),
            "generator": self.generator.get_state(),
        }
        if self.estimate is not None:
            state["estimate"] = self.estimate
        for index, (parameter, good) in enumerate(zip(self.parameters, self.good, strict=True)):
            state |= {f"parameter{index}": parameter, f"good{index}": good}
            state |= {
                f"optimiser{index}.{key}": value
                for key, value in self.optimiser.state[parameter].items()
            }
        return state

    @torch.no_grad()
    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take over what ``state`` returned."""
        iteration, self.good_error, returns = state["numbers"].tolist()
        self.iteration, self.returns = int(iteration), int(returns)
        self.generator.set_state(state["generator"])
        self.estimate = state["estimate"].to(self.z.device) if "estimate" in state else None
        self.optimiser.state.clear()
        for index, parameter in enumerate(self.parameters):
            parameter.copy_(state[f"parameter{index}"])
            self.good[index].copy_(state[f"good{index}"])
            start = f"optimiser{index}."
            own = {
                key.removeprefix(start): value
                for key, value in state.items()
                if key.startswith(start)
            }
            self.optimiser.state[parameter] = {
                key: value.to(parameter.device) for key, value in own.items()
            }
