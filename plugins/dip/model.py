"""The Deep Image Prior: x = f_θ(z) with θ fitted to the observation, and stopped before the noise.

Each fit is a :class:`.run.Run`; here are their average, the time limit and the checkpoints.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from priorbench.networks.data_term import data_consistent
from priorbench.networks.layers import smallest_map
from priorbench.numerics.threads import workers
from priorbench.priors import Context, Prior, Restoration
from priorbench.problem import Problem
from priorbench.store.checkpoints import part
from priorbench.types import Image

from .parameters import DIPParameters
from .run import Run


class DeepImagePrior(Prior):
    """Ulyanov, Vedaldi & Lempitsky 2018, arXiv 1711.10925: min over θ of ‖H f_θ(z) - y‖².

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
        p = self.parameters
        _, height, width = problem.image_shape
        least = least_size(p)
        if min(height, width) < least:
            raise ValueError(
                f"the image is {height} × {width}, and the network with scales: {p.scales} "
                f"and kernel: {p.kernel} needs {least} × {least} at least"
            )
        # Drawn from a copy: a process that goes on from a checkpoint draws the same.
        copy = torch.Generator()
        copy.set_state(context.generator.get_state())
        seeds = torch.randint(2**62, (p.runs,), generator=copy).tolist()
        saved = context.checkpoint.load() or {}
        done = int(saved["done"]) if saved else 0
        estimates = [saved[f"estimate{index}"].to(context.device) for index in range(done)]
        trace: list[dict[str, float]] = []
        for index in range(done, p.runs):
            with out_of_memory(height, width):
                run = Run(p, problem, seeds[index], context.device)
                if own := part(saved, f"run{index}."):
                    run.load_state(own)
                timed_out = self._finish(run, estimates, context)
            estimates.append(run.estimate)
            trace += [{"run": index, **row} for row in run.trace]
            if timed_out:
                break
        image = data_consistent(torch.stack(estimates).mean(0), problem)
        weights = p.runs * sum(weight.numel() for weight in run.weights)
        return Restoration(image, trace, timed_out=timed_out, n_parameters=weights)

    def _finish(self, run: Run, estimates: Sequence[Image], context: Context) -> bool:
        """Take a run to its end; return whether the time was over first."""
        done = len(estimates)

        def state() -> dict[str, Tensor]:
            state = {f"estimate{number}": estimate for number, estimate in enumerate(estimates)}
            state |= {f"run{done}.{key}": value for key, value in run.state().items()}
            return state | {"done": torch.tensor(done)}

        # The fast layers share threads out by themselves.
        on_cpu = context.device.type == "cpu"
        with workers(torch.get_num_threads()) if on_cpu else contextlib.nullcontext():
            for row in run.fit():
                share = done + run.iteration / self.parameters.iterations
                context.progress(min(share / self.parameters.runs, 1.0), **row)
                context.checkpoint.save(state)
                if context.time_left() <= 0:
                    return True
        return False


def least_size(parameters: DIPParameters) -> int:
    """Return the least side of an image in pixels: its smallest map must be large enough to pad.

    A larger image is extended to what the halvings need, by less than its own size.
    """
    smallest = smallest_map(parameters.kernel, parameters.padding)
    return int(smallest * 2 ** (parameters.scales - 1))


@contextlib.contextmanager
def out_of_memory(height: int, width: int) -> Iterator[None]:
    """Turn torch's error into one that says what would fit.

    Raises:
        ValueError: the memory was exhausted.
    """
    try:
        yield
    except (torch.OutOfMemoryError, RuntimeError) as error:
        if not isinstance(error, torch.OutOfMemoryError) and "allocate memory" not in str(error):
            raise
        raise ValueError(
            f"an image of {height} × {width} with this network does not fit into the memory; "
            f"one of {height // 2} × {width // 2}, or half the channels, needs a fourth of it "
            f"or half"
        ) from error
