"""The Deep Image Prior: x = f_θ(z) with θ fitted to the observation, and stopped before it fits the noise."""

from __future__ import annotations

import contextlib
import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from priorbench import NotApplicable
from priorbench.networks.muon import Muon
from priorbench.numerics.precision import multiplies_bfloat16
from priorbench.numerics.threads import workers
from priorbench.operators import Identity
from priorbench.priors import Context, Prior, Restoration
from priorbench.problem import Problem
from priorbench.types import Image

from .descent import Descent, Schedule, Step
from .inputs import network_input
from .networks import build, least_size
from .objective import Objective, hold_out
from .parameters import DIPParameters
from .recipe import Recipe
from .stopping import Discrepancy, Fixed, HeldOut, MovingVariance, Rule
from .together import step_together

QUANTISATION = 1e-3
"""Noise that an observation without any is thought to have."""

LOOK = 10
"""Iterations between two looks at the estimate."""


class DeepImagePrior(Prior):
    """Ulyanov, Vedaldi & Lempitsky 2018, arXiv 1711.10925: min over θ of ‖H f_θ(z) - y‖², z fixed and random.

    Args:
        **parameters: those of :class:`DIPParameters`.
    """

    def __init__(self, **parameters: Any) -> None:
        self.parameters = DIPParameters(**parameters)

    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return the average of the runs' estimates, each the one that the stopping rule chose.

        Raises:
            NotApplicable: what the parameters ask for is not defined for this problem.
            ValueError: the image is too small, or too large for the memory.
            Diverged: a run broke down again and again.
        """
        _, height, width = problem.image_shape
        chosen, least = self.parameters, least_size(self.parameters)
        if min(height, width) < least:
            network = f"{chosen.network} with scales: {chosen.scales} and kernel: {chosen.kernel}"
            raise ValueError(
                f"the image is {height} × {width}, and the {network} needs {least} × {least} at least"
            )
        runs = self.parameters.runs
        # Stein's estimate evaluates each network twice, and subtracts: both have to round alike.
        together = self.parameters.together and not self.parameters.sure
        seeds = torch.randint(2**62, (runs,), generator=_copy(context.generator)).tolist()
        saved = context.checkpoint.load() or {}
        done = int(saved["done"]) if saved else 0
        estimates = [saved[f"estimate{index}"].to(context.device) for index in range(done)]
        trace: list[dict[str, float]] = []
        timed_out = False
        while len(estimates) < runs and not timed_out:
            first = len(estimates)
            group = []
            with out_of_memory(height, width, runs - first if together else 1):
                for index in range(first, runs if together else first + 1):
                    group.append(Run(self.parameters, problem, seeds[index], context.device))
                    group[-1].load_state(_part(saved, f"run{index}."))
                timed_out = self._advance(group, estimates, context)
            estimates += [run.estimate for run in group]
            trace += [
                {"run": index, **row}
                for index, run in enumerate(group, start=first)
                for row in run.trace
            ]
        image = self._agreeing(torch.stack(estimates).mean(0), problem)
        weights = runs * sum(weight.numel() for weight in group[0].descent.parameters)
        return Restoration(image, trace, timed_out=timed_out, n_parameters=weights)

    def _agreeing(self, image: Image, problem: Problem) -> Image:
        """Return argmin_x ‖Hx - y‖²/σ² + ‖x - f‖²/s², with s² the estimate's error as its residual shows it.

        It gives back what the observation tells for sure: the known pixels of an inpainting, and in general what H
        hardly weakens.
        """
        operator = problem.linear_operator
        if operator is None or isinstance(operator, Identity) or problem.peak is not None:
            return image
        residual = float((operator.forward(image) - problem.y).square().mean())
        noise = max(problem.sigma, QUANTISATION) ** 2
        return operator.data_step(
            problem.y, image, fidelity=1 / noise, penalty=1 / max(residual, noise)
        )

    def _advance(self, group: Sequence[Run], estimates: Sequence[Image], context: Context) -> bool:
        """Take runs to their ends, side by side; return whether the time was over first."""
        done = len(estimates)

        def state() -> dict[str, Tensor]:
            state = {f"estimate{number}": estimate for number, estimate in enumerate(estimates)}
            for number, run in enumerate(group, start=done):
                state |= {f"run{number}.{key}": value for key, value in run.state().items()}
            return state | {"done": torch.tensor(done)}

        # One network's layers share threads out by themselves; torch does it for several.
        alone = len(group) == 1 and context.device.type == "cpu"
        with workers(torch.get_num_threads()) if alone else contextlib.nullcontext():
            for row in advance(group):
                gone = sum(run.descent.iteration for run in group) / self.parameters.iterations
                context.progress(min((done + gone) / self.parameters.runs, 1.0), **row)
                context.checkpoint.save(state)
                if context.time_left() <= 0:
                    return True
        return False


class Run:
    """One network fitted to one problem.

    Args:
        parameters: of the prior.
        problem: what is restored.
        seed: of all its randomness.
        device: where to compute.
    """

    def __init__(
        self, parameters: DIPParameters, problem: Problem, seed: int, device: torch.device
    ) -> None:
        self.parameters, self.problem = parameters, problem
        recipe = Recipe.of(parameters, problem)
        generator = torch.Generator().manual_seed(seed)
        channels, height, width = problem.image_shape
        sigma = 0.0
        if parameters.sure:
            if (
                not isinstance(problem.linear_operator, Identity)
                or not problem.sigma
                or problem.peak
            ):
                raise NotApplicable(
                    "Stein's unbiased risk estimate is for white Gaussian noise of known σ on the image"
                )
            sigma = problem.sigma
        held_out = None
        if recipe.stopping == "held-out" and not parameters.sure:
            held_out = hold_out(problem, parameters.held_out, generator)
        self.rule = _rule(recipe, parameters, problem)
        self.objective = Objective(problem, held_out, parameters.total_variation)
        inputs, draw = network_input(parameters, recipe, problem)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
            network = build(
                parameters, recipe, inputs, channels, (height, width), _products(parameters, device)
            )
            network.to(device)
        z = draw(network.input_size(height, width), generator).to(device)
        self.descent = Descent(
            network,
            z.contiguous(memory_format=torch.channels_last),
            (height, width),
            self.objective,
            optimiser=_optimiser(parameters, network),
            schedule=_schedule(parameters, recipe),
            perturbation=recipe.perturbation,
            average=parameters.average,
            sigma=sigma,
            generator=generator,
        )
        self.trace: list[dict[str, float]] = []

    @property
    def estimate(self) -> Image:
        """The estimate that the rule has chosen so far."""
        best = self.rule.best if self.rule.best is not None else self.descent.estimate
        if best is None:
            raise RuntimeError("no iteration was done")
        return best

    @property
    def done(self) -> bool:
        """Whether the rule or the number of iterations has ended it."""
        return self.rule.done or self.descent.iteration >= self.parameters.iterations

    def look(self, step: Step) -> dict[str, float] | None:
        """Return what a look at the estimate after a step gives; None where it is not time for one."""
        if step.iteration % LOOK and step.iteration < self.parameters.iterations:
            return None
        estimate = self.descent.estimate
        assert estimate is not None
        error, held_out = self.objective.errors(estimate)
        self.rule.look(step.iteration, estimate, step.output, error, held_out)
        row = {"loss": step.loss, "psnr_y": _psnr(error)}
        if math.isfinite(held_out):
            row["psnr_held_out"] = _psnr(held_out)
        self.trace.append({"iteration": step.iteration, **row})
        return row

    def state(self) -> dict[str, Tensor]:
        """Return all that a later process needs to go on bit for bit."""
        rows = torch.tensor([list(row.values()) for row in self.trace], dtype=torch.float64)
        descent = {f"descent.{key}": value for key, value in self.descent.state().items()}
        return (
            descent
            | {f"rule.{key}": value for key, value in self.rule.state().items()}
            | {"trace": rows}
        )

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take over what ``state`` returned; nothing of an empty state."""
        if not state:
            return
        self.descent.load_state(_part(state, "descent."))
        device = self.descent.z.device
        self.rule.load_state(
            {key: value.to(device) for key, value in _part(state, "rule.").items()}
        )
        names = ["iteration", "loss", "psnr_y", "psnr_held_out"]
        self.trace = [dict(zip(names, row, strict=False)) for row in state["trace"].tolist()]


def advance(runs: Sequence[Run]) -> Iterator[dict[str, float]]:
    """Take runs to their ends, side by side; yield, after every look, the means of what it gives over the runs."""
    while active := [run for run in runs if not run.done]:
        steps = step_together([run.descent for run in active])
        looks = [run.look(step) for run, step in zip(active, steps, strict=True) if step]
        if rows := [row for row in looks if row]:
            yield {key: statistics.fmean(row[key] for row in rows) for key in rows[0]}


def _part(state: Mapping[str, Tensor], start: str) -> dict[str, Tensor]:
    """Return what begins with ``start``, without it."""
    return {key.removeprefix(start): value for key, value in state.items() if key.startswith(start)}


def _rule(recipe: Recipe, parameters: DIPParameters, problem: Problem) -> Rule:
    if recipe.stopping == "fixed":
        return Fixed()
    if recipe.stopping == "discrepancy":
        if not problem.sigma:
            raise NotApplicable(
                "the discrepancy principle needs noise of known σ; stop by held-out or variance"
            )
        return Discrepancy(problem.sigma)
    if recipe.stopping == "held-out" and not parameters.sure:
        return HeldOut(parameters.patience)
    return MovingVariance(parameters.window // LOOK, parameters.patience)


def _schedule(parameters: DIPParameters, recipe: Recipe) -> Schedule:
    if recipe.stopping == "variance":
        # Falling rates would calm the outputs by themselves.
        return Schedule(parameters.iterations)
    return Schedule(parameters.iterations, parameters.final_rate, parameters.first_perturbation)


def _optimiser(parameters: DIPParameters, network: nn.Module) -> Muon | torch.optim.Optimizer:
    if parameters.optimiser == "adam":
        return torch.optim.Adam(network.parameters(), lr=parameters.learning_rate, fused=True)
    return Muon(network.parameters(), lr=parameters.learning_rate)


def _products(parameters: DIPParameters, device: torch.device) -> torch.dtype | None:
    """Return the type that convolutions multiply in; None for that of the maps."""
    return (
        torch.bfloat16 if parameters.precision == "mixed" and multiplies_bfloat16(device) else None
    )


def _psnr(error: float) -> float:
    return -10 * math.log10(error) if error > 0 else math.inf


def _copy(generator: torch.Generator) -> torch.Generator:
    copy = torch.Generator()
    copy.set_state(generator.get_state())
    return copy


@contextlib.contextmanager
def out_of_memory(height: int, width: int, runs: int = 1) -> Iterator[None]:
    """Turn torch's complaint into one that says what would fit."""
    try:
        yield
    except (torch.OutOfMemoryError, RuntimeError) as error:
        if not isinstance(error, torch.OutOfMemoryError) and "allocate memory" not in str(error):
            raise
        if runs > 1:
            raise ValueError(
                f"{runs} runs side by side on an image of {height} × {width} do not fit into the memory; "
                f"with together: false they need 1/{runs} of it"
            ) from error
        raise ValueError(
            f"an image of {height} × {width} with this network does not fit into the memory; one of "
            f"{height // 2} × {width // 2}, or half the channels, needs a fourth of it or half"
        ) from error
