"""Train a network on tiles of images: batches, steps, averages, measurements, checkpoints.

What is trained, and for what, is an :class:`Objective`; everything else is the same for all
networks. A training that was killed goes on from its checkpoint and gives bit for bit what the
whole would have given on the same machine.
"""

from __future__ import annotations

import contextlib
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from priorbench.errors import Diverged
from priorbench.networks.muon import Muon
from priorbench.networks.parameters import TrainingParameters
from priorbench.numerics.patches import PatchSet
from priorbench.numerics.patience import Patience
from priorbench.priors import Context
from priorbench.store.checkpoints import part

__all__ = [
    "Objective",
    "Row",
    "train",
]

Row = Mapping[str, float]
"""Values of a training curve by name, at one iteration."""

FINAL_RATE = 0.01
ATTEMPTS = 3
"""How often in all a training may go back to its last measurement and on with half the rate."""
BATCH_TO_MEASURE = 64


class Objective(ABC):
    """What a network is trained for.

    Attributes:
        network: what is trained.
        criterion: name of the measured value that should be high; the weights with its highest
            value are kept.
    """

    network: nn.Module
    criterion: str

    @abstractmethod
    def loss(self, tiles: Tensor, done: float, generator: torch.Generator) -> tuple[Tensor, Row]:
        """Return what is minimised, and numbers for the training curve.

        Args:
            tiles: a batch, B × T × T.
            done: fraction of the training that is over.
            generator: the source of all randomness, on the CPU.
        """

    @abstractmethod
    def measure(self, batches: Iterable[Tensor]) -> Row:
        """Return measurements on held-out tiles, the same for the same weights."""


def train(
    objective: Objective,
    drawn: PatchSet,
    measured: PatchSet,
    options: TrainingParameters,
    context: Context,
) -> Iterator[tuple[Mapping[str, Tensor], Row]]:
    """Yield, after each measurement, the best weights so far and a row of the training curve.

    The weights are an exponential average of those on the way (Polyak & Juditsky 1992,
    doi:10.1137/0330046). A row holds ``iteration``, ``loss`` and what else the objective tells of
    the batches since the last one, in the mean, what it measures, and the ``seconds`` since.

    Args:
        objective: with the network, which it leaves with the weights of the last step.
        drawn: tiles to learn from; each comes in one of its eight rotations and reflections.
        measured: tiles to measure on.
        options: how long and how fast.
        context: randomness, checkpoint, device.

    Raises:
        ValueError: there are no tiles.
        Diverged: the loss is NaN or infinite, again and again from the last measurement.
    """
    if not len(drawn):
        raise ValueError(
            "no tile is left to learn from: the training images are too few or too small"
        )
    run = _Run(objective, options, context)
    run.take_over(context.checkpoint.load())
    yield from ((run.best, row) for row in run.rows)
    run.network.train()
    while run.iteration < options.iterations and not run.patience.exhausted:
        learned = run.step(drawn)
        if learned and (
            run.iteration % options.measure_every == 0 or run.iteration == options.iterations
        ):
            row = run.measure(measured)
            yield run.best, row
        context.checkpoint.save(run.state)
        context.progress(run.iteration / options.iterations, **run.last)
    context.progress(1.0)


class _Run:
    """All that changes during a training."""

    def __init__(self, objective: Objective, options: TrainingParameters, context: Context) -> None:
        self.objective, self.options, self.context = objective, options, context
        self.network = objective.network.to(context.device)
        self.names, self.parameters = zip(*self.network.named_parameters(), strict=True)
        rate = options.learning_rate
        self.optimiser = Muon(self.parameters, lr=rate, vector_lr=rate / 10, growing=False)
        self.average = self._copy()
        self.best: dict[str, Tensor] = {}
        self.rows: list[dict[str, float]] = []
        self.patience = Patience(options.patience)
        self.iteration = 0
        self.returns = 0
        self.since = 0
        self.sums: dict[str, float] = {}
        self.last: dict[str, float] = {}
        self.began = time.monotonic()
        self.good = (0, self._copy())

    def _copy(self) -> list[Tensor]:
        return [parameter.detach().clone() for parameter in self.parameters]

    def step(self, drawn: PatchSet) -> bool:
        """Learn from one batch, or go back to the last measurement; return whether it learned."""
        options, generator = self.options, self.context.generator
        done = self.iteration / options.iterations
        index = torch.randint(len(drawn), (options.batch,), generator=generator)
        tiles = turned(drawn[index].view(-1, drawn.size, drawn.size), self.iteration).to(
            self.context.device
        )
        self.optimiser.zero_grad()
        loss, values = self.objective.loss(tiles, done, generator)
        value = float(loss.detach())
        if not math.isfinite(value):
            self._go_back()
            return False
        torch.autograd.backward(loss)
        # Each return to the last measurement halves the rate.
        rate = (1 - (1 - FINAL_RATE) * done) * options.learning_rate / 2**self.returns
        self.optimiser.param_groups[0].update(lr=rate, vector_lr=rate / 10)
        self.optimiser.step()
        self.iteration += 1
        self.since += 1
        self.last = {"loss": value, **values}
        for name, number in self.last.items():
            self.sums[name] = self.sums.get(name, 0.0) + number
        # Early averages forget faster: the first weights are random.
        kept = min(options.average, self.iteration / (self.iteration + 9))
        move = get_ema_multi_avg_fn(kept)
        move(self.average, [parameter.detach() for parameter in self.parameters], None)
        return True

    def measure(self, measured: PatchSet) -> Row:
        """Measure the average of the weights, keep it if it is the best, and return the row."""
        means = {name: self.sums[name] / self.since for name in sorted(self.sums)}
        device, size = self.context.device, measured.size
        batches = (
            batch.view(-1, size, size).to(device) for batch in measured.batches(BATCH_TO_MEASURE)
        )
        # Held-out measurements are of the weights that restore.
        with self._averaged():
            found = self.objective.measure(batches)
        if not all(math.isfinite(value) for value in found.values()):
            raise Diverged(
                f"measurements after {self.iteration} iterations are not finite: {dict(found)}"
            )
        if self.patience.is_best(found[self.objective.criterion]):
            self.best = {
                name: value.clone() for name, value in zip(self.names, self.average, strict=True)
            }
        row = {
            "iteration": float(self.iteration),
            **means,
            **found,
            "seconds": time.monotonic() - self.began,
        }
        self.rows.append(row)
        self.sums, self.since, self.began = {}, 0, time.monotonic()
        self.good = (self.iteration, self._copy())
        return row

    @contextlib.contextmanager
    def _averaged(self) -> Iterator[None]:
        """Let the network have the averages of its weights."""
        # The optimiser goes on from the weights as they were.
        own = self._copy()
        self.network.eval()
        try:
            with torch.no_grad():
                self._put(self.average)
                yield
        finally:
            self._put(own)
            self.network.train()

    @torch.no_grad()
    def _put(self, weights: Iterable[Tensor]) -> None:
        for parameter, weight in zip(self.parameters, weights, strict=True):
            parameter.copy_(weight)

    def _go_back(self) -> None:
        self.returns += 1
        if self.returns > ATTEMPTS:
            raise Diverged(
                f"the loss is NaN or infinite at iteration {self.iteration}, "
                f"after {ATTEMPTS} returns to lower rates"
            )
        self._put(self.good[1])
        # Its momentum led there.
        self.optimiser.state.clear()
        self.average = self._copy()

    def state(self) -> dict[str, Tensor]:
        """Return all that a later process needs to go on bit for bit."""
        numbers = [self.iteration, self.returns, self.since, self.good[0]]
        state = {"numbers": torch.tensor(numbers), "generator": self.context.generator.get_state()}
        parts = zip(self.names, self.parameters, self.average, self.good[1], strict=True)
        for name, parameter, average, good in parts:
            state |= {f"now.{name}": parameter, f"average.{name}": average, f"good.{name}": good}
            state |= {
                f"step.{name}/{key}": value
                for key, value in self.optimiser.state[parameter].items()
            }
        state |= {f"best.{name}": value for name, value in self.best.items()}
        state |= {f"sum.{name}": _number(value) for name, value in self.sums.items()}
        for place, column in enumerate(self.rows[0] if self.rows else ()):
            state[f"row.{place:02}.{column}"] = torch.tensor(
                [row[column] for row in self.rows], dtype=torch.float64
            )
        return state

    def take_over(self, state: Mapping[str, Tensor] | None) -> None:
        """Go on from what ``state`` returned; begin if there is none."""
        if state is None:
            return

        self.iteration, self.returns, self.since, good = state["numbers"].tolist()
        self.context.generator.set_state(state["generator"])
        device = self.context.device
        self._put(state[f"now.{name}"] for name in self.names)
        self.average = [state[f"average.{name}"].to(device) for name in self.names]
        self.good = (good, [state[f"good.{name}"].to(device) for name in self.names])
        self.best = part(state, "best.", device)
        self.sums = {name: float(value) for name, value in part(state, "sum.").items()}
        columns = sorted(part(state, "row.").items())
        names = [key.split(".", 1)[1] for key, _ in columns]
        rows = zip(*(values.tolist() for _, values in columns), strict=True)
        self.rows = [dict(zip(names, row, strict=True)) for row in rows]
        criterion = self.objective.criterion
        seen = (row[criterion] for row in self.rows)
        self.patience = Patience(self.options.patience, values=seen)
        for name, parameter in zip(self.names, self.parameters, strict=True):
            moments = part(state, f"step.{name}/")
            self.optimiser.state[parameter] = {
                # Scalars stay on the CPU: torch mixes them with tensors of a GPU.
                k: v if v.ndim == 0 else v.to(device)
                for k, v in moments.items()
            }


def turned(tiles: Tensor, first: int = 0) -> Tensor:
    """Return tiles, an eighth of the batch in each of the eight rotations and reflections.

    Args:
        tiles: the batch.
        first: which of the eight comes first, modulo 8: a small batch does not hold them all.
    """
    eighths = []
    for number, eighth in enumerate(tiles.tensor_split(8), start=first):
        if number & 1:
            eighth = eighth.flip(1)
        if number & 2:
            eighth = eighth.flip(2)
        eighths.append(eighth.mT if number & 4 else eighth)
    return torch.cat(eighths)


def _number(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)
