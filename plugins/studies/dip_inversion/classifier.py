"""A small classifier, trained here in seconds: from which photograph is a crop?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from priorbench.data.loaders import load_embedded
from priorbench.data.tensors import to_tensor
from priorbench.data.transform import to_gray
from priorbench.specs import Parameters
from priorbench.types import Image, Plane

CLASSES = ("brick", "grass", "gravel", "coins")
"""Images that ship with scikit-image; in the default experiment they are trained on."""
TRAINING = 0.75
"""Share of an image's columns, from the left, that the training crops come from."""
CONTRAST, BRIGHTNESS = (0.5, 1.5), 0.15
"""Range of the factor around middle gray, and the most that is added or taken away."""


@dataclass(frozen=True)
class Training:
    """How the classifier learns.

    Args:
        side: of the crops in pixels, at least 16.
        channels: of the first layer; each of the next two has twice as many.
        batch: crops of each class in a step.
        steps: of Adam.
        learning_rate: at first; it falls to 0 as a cosine does.
        seed: of the weights and the crops.
    """

    side: int = 48
    channels: int = 8
    batch: int = 8
    steps: int = 150
    learning_rate: float = 1e-2
    seed: int = 0


@dataclass(frozen=True)
class Example:
    """A class: the image whose crops belong to it.

    Args:
        name: of the image.
        seen: the part that is trained on, H × W on [0, 1].
        held_out: the rest.
    """

    name: str
    seen: Plane
    held_out: Plane


def examples(names: Sequence[str] = CLASSES) -> list[Example]:
    """Return the classes, images that ship with required packages, in gray.

    Args:
        names: see :data:`priorbench.data.embedded.PACKAGE_OF`.

    Raises:
        ValueError: the package of an image is not installed, or without it.
    """
    found = []
    for name in names:
        plane = to_tensor(to_gray(load_embedded(Parameters(), name)))[0, 0]
        middle = round(TRAINING * plane.shape[1])
        found.append(Example(name, plane[:, :middle], plane[:, middle:]))
    return found


def crops(plane: Plane, side: int, count: int, generator: torch.Generator) -> Image:
    """Return squares from random places, count × 1 × side × side.

    Args:
        plane: H × W.
        side: of the squares.
        count: how many.
        generator: draws the places.

    Raises:
        ValueError: the plane is smaller than a square.
    """
    height, width = plane.shape
    if min(height, width) < side:
        raise ValueError(f"crops of {side} × {side} pixels can't come from {height} × {width}")
    tops = torch.randint(height - side + 1, (count,), generator=generator).tolist()
    lefts = torch.randint(width - side + 1, (count,), generator=generator).tolist()
    squares = [
        plane[top : top + side, left : left + side] for top, left in zip(tops, lefts, strict=True)
    ]
    return torch.stack(squares)[:, None]


def augmented(images: Image, generator: torch.Generator) -> Image:
    """Return images mirrored left to right or not, with another contrast and brightness each.

    0.5 + a (x - 0.5) + b, clipped to [0, 1].

    Args:
        images: N × 1 × H × W.
        generator: draws the changes.
    """
    mirrored, stretch, shift = torch.rand(3, len(images), 1, 1, 1, generator=generator)
    images = torch.where(mirrored < 0.5, images.flip(-1), images)
    low, high = CONTRAST
    contrast = low + (high - low) * stretch
    brightness = BRIGHTNESS * (2 * shift - 1)
    changed: Image = 0.5 + contrast * (images - 0.5) + brightness
    return changed.clamp(0, 1)


class Classifier(nn.Module):
    """Three normalised convolutions that halve the image, the mean over places, and the logits.

    Args:
        classes: how many.
        channels: of the first convolution.
    """

    def __init__(self, classes: int, channels: int) -> None:
        super().__init__()
        widths = [1, channels, 2 * channels, 4 * channels]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, width, 5, stride=2, padding=2) for before, width in pairwise(widths)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width in widths[1:])
        self.last = nn.Linear(widths[-1], classes)

    def forward(self, images: Image) -> Tensor:
        """Return the logits, N × classes, of images, N × 1 × H × W on [0, 1]."""
        maps = 2 * images - 1
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            maps = F.relu(norm(convolution(maps)))
        logits: Tensor = self.last(maps.mean((2, 3)))
        return logits


def log_odds(logits: Tensor, number: int) -> Tensor:
    """Return log p/(1 - p) of a class, N: its logit less the log-sum-exp of the others.

    Cross-entropy leaves all logits of an image free to move together, so one alone says nothing.

    Args:
        logits: N × classes, two at least.
        number: of the class.
    """
    others = torch.cat([logits[:, :number], logits[:, number + 1 :]], dim=1)
    return logits[:, number] - others.logsumexp(1)


def train(classes: Sequence[Example], training: Training) -> Classifier:
    """Return a classifier of crops, trained by cross-entropy on what is seen of each image.

    Args:
        classes: in the order of the logits.
        training: how.
    """
    generator = torch.Generator().manual_seed(training.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.seed)
        model = Classifier(len(classes), training.channels)
    optimiser = torch.optim.Adam(model.parameters(), lr=training.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, training.steps)
    labels = torch.arange(len(classes)).repeat_interleave(training.batch)
    for _ in range(training.steps):
        drawn = [crops(one.seen, training.side, training.batch, generator) for one in classes]
        optimiser.zero_grad()
        logits = model(augmented(torch.cat(drawn), generator))
        torch.autograd.backward(F.cross_entropy(logits, labels))
        optimiser.step()
        schedule.step()
    return model.eval().requires_grad_(False)


@torch.no_grad()
def accuracy(
    model: Classifier, classes: Sequence[Example], training: Training, count: int
) -> float:
    """Return the share of held-out crops, augmented as in training, whose class is found.

    Args:
        model: the classifier.
        classes: in the order of the logits.
        training: says how large the crops are, and the seed.
        count: crops of each class.
    """
    generator = torch.Generator().manual_seed(training.seed + 1)
    right = [
        model(augmented(crops(one.held_out, training.side, count, generator), generator)).argmax(1)
        == number
        for number, one in enumerate(classes)
    ]
    return float(torch.cat(right).float().mean())
