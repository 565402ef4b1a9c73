"""One run: a network with random weights is fitted to the one observation, and stopped in time.

:meth:`Run.step` is an iteration from top to bottom.
What is minimised, and where a further regulariser goes, is :meth:`Run.loss`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from priorbench import NotApplicable
from priorbench.networks.data_term import DataTerm
from priorbench.networks.descent import Descent
from priorbench.networks.fused import fuse
from priorbench.networks.layers import Style
from priorbench.numerics.precision import multiplies_bfloat16
from priorbench.operators import Identity
from priorbench.problem import Problem
from priorbench.store.checkpoints import part
from priorbench.types import Image

from .inputs import Perturbation, network_input
from .losses import hold_out, stein_risk, total_variation
from .network import Hourglass, Network
from .parameters import DIPParameters
from .stopping import LOOK, stopping_rule
from .task_defaults import TaskDefaults

GROWTH = 0.6
"""Fraction of the iterations over which the perturbation grows."""


Build = Callable[[int, int, tuple[int, int], Style], Network]
"""Makes a network from the channels of z, the channels and (H, W) of the image, and its style."""


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


class Run:
    """One network fitted to one problem.

    Args:
        parameters: of the prior.
        problem: what is restored.
        seed: of all its randomness.
        device: where to compute.
        build: makes the network; None for the hourglass that the parameters describe.

    Raises:
        NotApplicable: what the parameters ask for is not defined for this problem.
    """

    def __init__(
        self,
        parameters: DIPParameters,
        problem: Problem,
        seed: int,
        device: torch.device,
        build: Build | None = None,
    ) -> None:
        self.parameters = parameters
        # Of the noise, for Stein's estimate; 0 for none.
        self.sigma = problem.sigma if parameters.sure else 0.0
        defaults = TaskDefaults.of(parameters, problem)
        generator = torch.Generator().manual_seed(seed)
        self.generator = generator
        if parameters.sure and (
            not isinstance(problem.linear_operator, Identity) or not problem.sigma or problem.peak
        ):
            raise NotApplicable(
                "Stein's unbiased risk estimate is for white Gaussian noise of known σ on the image"
            )
        held_out = None
        if defaults.stopping == "held-out" and not parameters.sure:
            held_out = hold_out(problem, parameters.held_out, generator)
        self.rule = stopping_rule(defaults.stopping, parameters, problem)
        self.data_term = DataTerm(problem, held_out)

        inputs, draw = network_input(parameters, defaults, problem)
        outputs, *self.size = problem.image_shape
        height, width = self.size
        style = _style(parameters, defaults, device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
            if build is None:
                widths = [parameters.channels] * parameters.scales
                skips = [defaults.skip] * parameters.scales
                network: Network = Hourglass(inputs, outputs, widths, skips, style)
            else:
                network = build(inputs, outputs, (height, width), style)
        self.network = fuse(network.to(device))
        z = draw(network.input_size(height, width), generator).to(device)
        self.z = z.contiguous(memory_format=torch.channels_last)
        self.perturbation = Perturbation(z.shape, defaults.perturbation, generator, device)

        # Falling rates would calm the outputs by themselves, which the variance must not see.
        constant = defaults.stopping == "variance"
        self.first_perturbation = 1.0 if constant else parameters.first_perturbation
        self.weights = list(network.parameters())
        self.descent = Descent(
            self.weights,
            parameters.optimiser,
            parameters.learning_rate,
            1.0 if constant else parameters.final_rate,
        )
        self.average: Image | None = None
        self.iteration = 0
        self.trace: list[dict[str, float]] = []

    def image(self, z: Tensor) -> Image:
        """Return f(z), cut to the problem's size."""
        height, width = self.size
        output: Tensor = self.network(z)
        return output[:, :, :height, :width]

    def loss(self, z: Tensor, image: Image) -> tuple[Tensor, Tensor]:
        """Return what is minimised for the image f(z), and the mean of (Hf - y)²."""
        loss, error = self.data_term(image)
        if self.parameters.total_variation:
            loss = loss + self.parameters.total_variation * total_variation(image)
        if self.sigma:
            loss = loss + stein_risk(self.image, z, image, self.sigma, self.generator)
        return loss, error

    def step(self) -> Step | None:
        """Do an iteration; return None if the fit broke down and went back to good weights.

        Raises:
            Diverged: it broke down again and again.
        """
        z = self.perturbation.added_to(self.z, self._perturbation_factor())
        image = self.image(z)
        loss, error = self.loss(z, image)
        step = Step(self.iteration + 1, float(loss.detach()), float(error), image.detach())
        if not self.descent.step(loss, step.error, self.iteration, self.parameters.iterations):
            return None
        self.iteration = step.iteration
        self._average(step.output)
        return step

    def _perturbation_factor(self) -> float:
        """Return the factor of the perturbation, which grows linearly to 1.

        Coarse structure is fitted first and needs no noise that keeps it from fine noise: a
        perturbation that grows brings the same estimate in fewer iterations. It is 0 where the fit
        is finished: the weights stay as they are, and so does the image that is averaged.
        """
        if self.descent.guard.fitted:
            return 0.0
        grown = min(self.iteration / (GROWTH * self.parameters.iterations), 1)
        return self.first_perturbation + (1 - self.first_perturbation) * grown

    def _average(self, output: Image) -> None:
        """Take an output into the running average, which is the plain mean of the first ones."""
        if self.average is None:
            self.average = output.clone()
        else:
            self.average.lerp_(output, 1 - min(self.parameters.average, 1 - 1 / self.iteration))

    def steps(self) -> Iterator[Step]:
        """Do iterations without end, whatever the stopping rule says; yield what each gave.

        Raises:
            Diverged: the fit broke down again and again.
        """
        while True:
            if step := self.step():
                yield step

    def fit(self) -> Iterator[dict[str, float]]:
        """Do iterations until the rule or their number ends the run; yield a row at each look.

        A row has the ``loss``, the fit ``psnr_y`` and ``psnr_held_out`` of the average, in dB.

        Raises:
            Diverged: the fit broke down again and again.
        """
        last = self.parameters.iterations
        while not self.rule.done and self.iteration < last:
            step = self.step()
            if step and (step.iteration % LOOK == 0 or step.iteration >= last):
                yield self._look(step)

    def _look(self, step: Step) -> dict[str, float]:
        """Show the average of the outputs to the stopping rule; return what was seen."""
        assert self.average is not None
        error, held_out = self.data_term.errors(self.average)
        self.rule.look(step.iteration, self.average, step.output, error, held_out)
        row = {"loss": step.loss, "psnr_y": _psnr(error)}
        if math.isfinite(held_out):
            row["psnr_held_out"] = _psnr(held_out)
        self.trace.append({"iteration": step.iteration, **row})
        return row

    @property
    def estimate(self) -> Image:
        """The estimate that the rule has chosen so far.

        Raises:
            RuntimeError: no iteration was done.
        """
        best = self.rule.best if self.rule.best is not None else self.average
        if best is None:
            raise RuntimeError("no iteration was done")
        return best

    def state(self) -> dict[str, Tensor]:
        """Return all that a later process needs to go on bit for bit."""
        state = {
            "iteration": torch.tensor(self.iteration),
            "generator": self.generator.get_state(),
            "trace": torch.tensor([list(row.values()) for row in self.trace], dtype=torch.float64),
        }
        if self.average is not None:
            state["average"] = self.average
        state |= {f"rule.{key}": value for key, value in self.rule.state().items()}
        return state | self.descent.state()

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take over what ``state`` returned."""
        device = self.z.device
        self.iteration = int(state["iteration"])
        self.generator.set_state(state["generator"])
        names = ["iteration", "loss", "psnr_y", "psnr_held_out"]
        self.trace = [dict(zip(names, row, strict=False)) for row in state["trace"].tolist()]
        self.average = state["average"].to(device) if "average" in state else None
        self.rule.load_state(part(state, "rule.", device))
        self.descent.load_state(state)


def _style(parameters: DIPParameters, defaults: TaskDefaults, device: torch.device) -> Style:
    p = parameters
    mixed = p.precision == "mixed" and multiplies_bfloat16(device)
    products = torch.bfloat16 if mixed else None
    return Style(p.kernel, p.activation, p.padding, p.down, defaults.up, products)


def _psnr(error: float) -> float:
    return -10 * math.log10(error) if error > 0 else math.inf
