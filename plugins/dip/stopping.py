"""When to stop without the clean image: rules that watch the estimate and keep the best.

A network fits the image first and the noise later: the estimate is best in between.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor

from priorbench import NotApplicable
from priorbench.problem import Problem
from priorbench.types import Image

from .parameters import DIPParameters

LOOK = 10
"""Iterations between two looks at the estimate."""


class Rule(ABC):
    """Looks at the averaged estimate every few iterations.

    Attributes:
        best: the estimate to give back.
        at: the iteration that it is from.
        done: whether to stop.
    """

    def __init__(self) -> None:
        self.best: Image | None = None
        self.at = 0
        self.score = math.inf
        self.done = False

    @abstractmethod
    def judge(
        self, iteration: int, estimate: Image, output: Image, error: float, held_out: float
    ) -> float:
        """Return the score of the estimate, the lower the better; set ``done`` to stop.

        Args:
            iteration: how many were done.
            estimate: the average of the network's outputs.
            output: the last output.
            error: mean of (Hf - y)² of the estimate over what is fitted.
            held_out: the same over what is held out.
        """

    def look(
        self, iteration: int, estimate: Image, output: Image, error: float, held_out: float
    ) -> None:
        """Judge the estimate and keep it if it is the best so far; see :meth:`judge`."""
        score = self.judge(iteration, estimate, output, error, held_out)
        if self.best is None or score <= self.score:
            self.best, self.at, self.score = estimate.clone(), iteration, score

    def state(self) -> dict[str, Tensor]:
        """Return what a later process needs to go on."""
        numbers = torch.tensor([self.at, self.score, self.done], dtype=torch.float64)
        return {"numbers": numbers} | ({} if self.best is None else {"best": self.best})

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take over what ``state`` returned."""
        at, score, done = state["numbers"].tolist()
        self.at, self.score, self.done = int(at), score, bool(done)
        self.best = state.get("best")


class Fixed(Rule):
    """The last estimate of a fixed number of iterations."""

    def judge(
        self, iteration: int, estimate: Image, output: Image, error: float, held_out: float
    ) -> float:
        """Return a score that falls with each iteration."""
        return -iteration


class Discrepancy(Rule):
    """The discrepancy principle, Morozov 1966: the first estimate with mean (Hf - y)² ≤ σ².

    Args:
        sigma: σ of the noise.
    """

    def __init__(self, sigma: float) -> None:
        super().__init__()
        self.variance = sigma**2

    def judge(
        self, iteration: int, estimate: Image, output: Image, error: float, held_out: float
    ) -> float:
        """Return a score that falls until the noise begins to be fitted."""
        self.done = error <= self.variance
        return -iteration


class HeldOut(Rule):
    """The estimate that predicts best what was held out of the observation.

    Args:
        patience: stop after this many iterations without a better one.
    """

    def __init__(self, patience: int) -> None:
        super().__init__()
        self.patience = patience

    def judge(
        self, iteration: int, estimate: Image, output: Image, error: float, held_out: float
    ) -> float:
        """Return the error at what is held out."""
        best = self.at if held_out > self.score else iteration
        self.done = iteration - best >= self.patience
        return held_out


class MovingVariance(Rule):
    """The estimate where the outputs vary least over a window, Wang et al. 2021, arXiv 2112.06074.

    The variance falls while the image is fitted and rises when the noise is.
    It is measured at up to 65 536 numbers of the image.

    Args:
        window: how many looks the variance is taken over.
        patience: stop after this many iterations without a lower one.
    """

    NUMBERS = 65_536

    def __init__(self, window: int, patience: int) -> None:
        super().__init__()
        self.window, self.patience = window, patience
        self.seen: list[Tensor] = []

    def judge(
        self, iteration: int, estimate: Image, output: Image, error: float, held_out: float
    ) -> float:
        """Return the variance over the window."""
        numbers = output.flatten()
        self.seen.append(numbers[:: max(1, numbers.numel() // self.NUMBERS)].clone())
        if len(self.seen) < self.window:
            return math.inf
        self.seen = self.seen[-self.window :]
        variance = float(torch.stack(self.seen).var(0, correction=0).mean())
        best = self.at if variance > self.score else iteration
        self.done = iteration - best >= self.patience
        return variance

    def state(self) -> dict[str, Tensor]:
        """Return also the window."""
        return super().state() | ({"seen": torch.stack(self.seen)} if self.seen else {})

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take over also the window."""
        super().load_state(state)
        self.seen = list(state["seen"]) if "seen" in state else []


def stopping_rule(name: str, parameters: DIPParameters, problem: Problem) -> Rule:
    """Return the rule of a name.

    Raises:
        NotApplicable: the rule needs noise of known σ, and the problem has none.
    """
    if name == "fixed":
        return Fixed()
    if name == "discrepancy":
        if not problem.sigma:
            raise NotApplicable(
                "the discrepancy principle needs noise of known σ; stop by held-out or variance"
            )
        return Discrepancy(problem.sigma)
    # Stein's estimate holds nothing out.
    if name == "held-out" and not parameters.sure:
        return HeldOut(parameters.patience)
    return MovingVariance(parameters.window // LOOK, parameters.patience)
