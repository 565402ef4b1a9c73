"""Images that excite a class of a small classifier: what an untrained network adds.

Activation maximisation with a natural image prior, Ulyanov, Vedaldi & Lempitsky 2020,
doi:10.1007/s11263-020-01303-4, with a classifier that is trained here instead of one of ImageNet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from priorbench.data.tensors import to_array
from priorbench.numerics.distributions import sliced_distance
from priorbench.studies.tables import select
from priorbench.types import Image, Patches

from .classifier import Classifier, Example, Training, accuracy, crops, log_odds, train
from .pre_images import METHODS, Search, Settings, minimisers

OWN = "own crop"
LOG_ODDS, SHARE, PROBABILITY = "log odds", "share of the log odds asked for", "probability"
DISTANCE = "patch distance (gray levels)"
AS_IT_IS = "patch distance at its own contrast (gray levels)"
ACCURACY = "accuracy on held-out crops"

REACHED = 0.95
"""A search has reached the log odds that it was asked for at this share of them."""
PATCH = 8
"""Side of the patches that are compared."""


@dataclass(frozen=True)
class Maximisation:
    """What is asked for, and how it is looked for.

    Args:
        settings: of the searches.
        training: of the classifier, and the side of all images.
        factor: the log odds asked for over the mean of those of the class's held-out crops.
        crops: of a class that are compared with, and that the classifier is tested on.
    """

    settings: Settings = field(
        default_factory=lambda: Settings(
            starts=3,
            pixel_iterations=100,
            network_iterations=40,
            weights=(1.0, 3.0),
            channels=16,
            scales=4,
            inputs=16,
            fused=False,
        )
    )
    training: Training = field(default_factory=Training)
    factor: float = 1.5
    crops: int = 64


@dataclass(frozen=True)
class Exciting:
    """An image that excites a class.

    Args:
        image: H × W.
        values: of each quantity.
    """

    image: np.ndarray
    values: Mapping[str, float]


@dataclass(frozen=True)
class Excited:
    """What was found for every class.

    Args:
        found: by class and search; among them are the class's own crops, by the method ``OWN``.
        accuracy: of the classifier on held-out crops.
    """

    found: Mapping[str, Mapping[Search, Exciting]]
    accuracy: float


def maximise(classes: Sequence[Example], maximisation: Maximisation) -> Excited:
    """Return images that excite each class, from every search.

    Args:
        classes: what the classifier tells apart.
        maximisation: how.
    """
    training = maximisation.training
    model = train(classes, training)
    found = {}
    for number, one in enumerate(classes):
        goal = Goal(model, number, one, maximisation)
        searched = minimisers(goal.error, goal.shape, maximisation.settings)
        generator = torch.Generator().manual_seed(training.seed)
        own = crops(one.seen, training.side, maximisation.settings.starts, generator)
        images = {(OWN, 0.0, start): crop[None] for start, crop in enumerate(own)} | searched
        found[one.name] = {key: goal.judged(image) for key, image in images.items()}
    return Excited(found, accuracy(model, classes, training, maximisation.crops))


class Goal:
    """The log odds that are asked for in a class, and the patches that are compared with.

    Args:
        model: the classifier.
        number: of the class.
        one: the class.
        maximisation: how much is asked for.

    Raises:
        ValueError: the classifier finds the class's held-out crops less likely than not.
    """

    def __init__(
        self, model: Classifier, number: int, one: Example, maximisation: Maximisation
    ) -> None:
        side = maximisation.training.side
        generator = torch.Generator().manual_seed(maximisation.training.seed)
        held_out = crops(one.held_out, side, maximisation.crops, generator)
        self.shape = (1, 1, side, side)
        self._model, self._number = model, number
        mean = log_odds(model(held_out), number).mean()
        if mean <= 0:
            raise ValueError(
                f"the classifier does not know {one.name}: the mean log odds of its held-out crops "
                f"are {mean:.2f}, and have to be above 0; train it for more steps"
            )
        self._asked = maximisation.factor * mean
        self._deviation = held_out.std()
        patches = patches_of(held_out)
        chosen = torch.randperm(len(patches), generator=generator)[: (side - PATCH + 1) ** 2]
        self._patches = patches[chosen]

    def error(self, image: Image) -> Tensor:
        """Return (1 - a(x)/t)² for the log odds a and those asked for, t: at t, all are alike."""
        return (1 - log_odds(self._model(image), self._number)[0] / self._asked).square()

    def judged(self, image: Image) -> Exciting:
        """Return an image, 1 × 1 × H × W, with what the classifier says and its distance."""
        found = log_odds(self._model(image), self._number)[0]
        deviation = image.std().clamp(min=torch.finfo(image.dtype).tiny)
        values = {
            LOG_ODDS: float(found),
            SHARE: float(found / self._asked),
            PROBABILITY: float(found.sigmoid()),
            DISTANCE: self._distance(image * (self._deviation / deviation)),
            AS_IT_IS: self._distance(image),
        }
        return Exciting(to_array(image)[..., 0], values)

    def _distance(self, image: Image) -> float:
        return sliced_distance(patches_of(image), self._patches)


def patches_of(images: Image) -> Patches:
    """Return all patches of N × 1 × H × W images without their means, patches × 64."""
    patches = F.unfold(images, PATCH).mT.flatten(0, 1)
    return patches - patches.mean(1, keepdim=True)


def weights_that_reach(table: pd.DataFrame) -> dict[str, float]:
    """Return for each method the weight of the total variation that comes nearest to the class.

    Only weights with which every start reached the log odds count, if there is one; without, it is
    the weight that came closest to them.

    Args:
        table: of one class.
    """
    shares = select(table, quantity=SHARE).groupby(["method", "weight"])["value"].min()
    distances = select(table, quantity=DISTANCE).groupby(["method", "weight"])["value"].mean()
    found = {}
    for method in METHODS:
        reached = shares[method] >= REACHED
        best = distances[method][reached].idxmin() if reached.any() else shares[method].idxmax()
        found[method] = float(best)
    return found
