"""Self2Self: a network tells dropped pixels from the others; many predictions are averaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from priorbench.networks.data_term import data_consistent
from priorbench.networks.weights import initialised
from priorbench.operators import Mask
from priorbench.priors import Context, Prior, Restoration
from priorbench.problem import Problem
from priorbench.types import Image

from .denoising import require_denoising, turned, turned_back
from .dropout_network import DropoutNetwork
from .fit import Fit, Steps
from .parameters import Self2SelfParameters

__all__ = ["Ensemble", "Part", "Self2Self", "drawn_part", "dropped_loss"]


@dataclass(frozen=True)
class Part:
    """A part of an image, in one of the eight rotations and reflections.

    Args:
        rows: which rows of the image.
        columns: which columns.
        turn: number of the rotation and reflection, see :func:`.turned`.
    """

    rows: slice
    columns: slice
    turn: int

    def of(self, image: Tensor) -> Tensor:
        """Return the part, turned."""
        return turned(image[..., self.rows, self.columns], self.turn)


def drawn_part(
    height: int, width: int, side: int | None, turn: int, generator: torch.Generator
) -> Part:
    """Return a part at a random place.

    A part that would lie half outside is moved into the image, so that pixels at the border are not
    much rarer than others.

    Args:
        height: of the image.
        width: of the image.
        side: most pixels of a side of the part; None gives the whole image.
        turn: number of its rotation and reflection.
        generator: draws the place.
    """

    def drawn(length: int) -> slice:
        cut = min(side or length, length)
        start = int(torch.randint(-(cut // 2), length - cut // 2, (), generator=generator))
        start = min(max(start, 0), length - cut)
        return slice(start, start + cut)

    return Part(drawn(height), drawn(width), turn)


class Ensemble(nn.Module):
    """A network and the sum of its predictions, which a checkpoint keeps with the weights.

    Args:
        network: that predicts.
        y: the observation, 1 × C × H × W.
        known: 1 where it is known and 0 elsewhere, of its shape.
        dropped: share of the known numbers that the network does not see.
        generator: draws what is dropped.

    Attributes:
        total: sum of the predictions of each pixel.
        count: how many there are, 1 × 1 × H × W.
    """

    total: Tensor
    count: Tensor

    def __init__(
        self,
        network: DropoutNetwork,
        y: Image,
        known: Tensor,
        dropped: float,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.network, self.y, self.known = network, y, known
        self.dropped, self.generator = dropped, generator
        self.register_buffer("total", torch.zeros_like(y))
        self.register_buffer("count", torch.zeros_like(y[:, :1]))

    def predict(self, part: Part) -> tuple[Image, Tensor]:
        """Return a prediction of a part, turned, and the loss of what was dropped for it."""
        y, known = part.of(self.y), part.of(self.known)
        chances = torch.rand(known.shape, generator=self.generator).to(y.device)
        kept = known * (chances >= self.dropped)
        prediction = self.network(y * kept, kept, self.generator)
        return prediction, dropped_loss(prediction, y, known - kept)

    @torch.no_grad()
    def add(self, prediction: Image, part: Part) -> None:
        """Count a prediction of a part in."""
        self.total[..., part.rows, part.columns] += turned_back(prediction, part.turn)
        self.count[..., part.rows, part.columns] += 1

    def mean(self) -> Image:
        """Return the mean of the predictions of each pixel, all of which must have one."""
        return self.total / self.count


def dropped_loss(prediction: Image, y: Image, dropped: Tensor) -> Tensor:
    """Return ‖(f - y) ⊙ d‖² / Σd, 0 where nothing is dropped.

    Args:
        prediction: f, B × C × H × W.
        y: what was observed.
        dropped: d, 1 where the network did not see a known number, and 0 elsewhere.
    """
    return ((prediction - y) * dropped).square().sum() / dropped.sum().clamp(min=1)


class Self2Self(Prior):
    """Quan et al. 2020, doi:10.1109/CVPR42600.2020.00196: the mean of f(b ⊙ y) over masks b.

    f is fitted to tell the pixels of y that a mask drops from those that it keeps, with dropout,
    which stays when the predictions are averaged.

    Args:
        **parameters: those of :class:`Self2SelfParameters`.
    """

    def __init__(self, **parameters: Any) -> None:
        self.parameters = Self2SelfParameters(**parameters)

    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return the mean prediction; known pixels without noise are given back.

        Raises:
            NotApplicable: the problem is neither denoising nor inpainting.
            ValueError: the image has a side of one pixel.
            Diverged: the loss is NaN or infinite again and again.
        """
        require_denoising(problem, missing=True)
        if problem.is_determined:
            return Restoration(problem.y.clone())
        p = self.parameters
        y, operator = problem.y, problem.linear_operator
        planes, height, width = problem.image_shape
        known = operator.known[None].to(y) if isinstance(operator, Mask) else torch.ones_like(y)
        seed = int(torch.randint(2**62, (), generator=context.generator))
        network = initialised(lambda: DropoutNetwork(planes, p.channels, p.scales, p.dropout), seed)
        ensemble = Ensemble(network, y, known, p.dropped, context.generator).to(y.device)
        first = int((1 - p.averaged) * p.iterations)

        def loss(iteration: int) -> tuple[Tensor, float]:
            part = drawn_part(height, width, p.side, iteration, context.generator)
            prediction, loss = ensemble.predict(part)
            if iteration >= first and loss.isfinite():
                ensemble.add(prediction, part)
            return loss, float("inf")

        steps = Steps(p.iterations, p.optimiser, p.learning_rate, p.final_rate, growing=False)
        fit = Fit(ensemble, loss, steps, context.generator)
        timed_out = fit.run(context)
        with torch.no_grad():
            for number in range(p.predictions):
                whole = Part(slice(0, height), slice(0, width), number)
                ensemble.add(ensemble.predict(whole)[0], whole)
            image = data_consistent(ensemble.mean(), problem)
        return Restoration(image, fit.trace, timed_out=timed_out, n_parameters=fit.n_parameters)
