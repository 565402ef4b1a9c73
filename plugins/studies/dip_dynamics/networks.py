"""What the architecture decides: restorations and samples of each, and how far runs spread."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, product
from statistics import fmean, stdev
from typing import Any

import torch
from torch import Tensor

from priorbench import Diverged
from priorbench.types import Image

from .architectures import DeepDecoder, Dense, Residual, UNet
from .runs import (
    DENOISING,
    FIT,
    PROBLEMS,
    Row,
    Scale,
    problem_of,
    quality,
    restore,
    start,
    without_prior,
)

ARCHITECTURES, SAMPLES, SEEDS = "architectures", "samples", "seeds"
PSNR, CORRELATION = "PSNR (dB)", "correlation of neighbouring pixels"
MEAN, DEVIATION = "mean PSNR (dB)", "standard deviation of the PSNR (dB)"
NO_PRIOR = "no prior"
SKIP = 4
DEEP = "hourglass, 5 scales"
MIDDLE = "hourglass, 3 scales"
SHALLOW = "hourglass, 2 scales"
NO_SKIPS = "hourglass, no skips"
UNET = "U-Net"
RESNET = "ResNet"
DENSE = "fully connected"
DECODER = "deep decoder"
NETWORKS = (DEEP, MIDDLE, SHALLOW, NO_SKIPS, UNET, RESNET, DENSE, DECODER)
SMALL_Z: Mapping[str, Any] = {"input": "noise", "perturbation": 0.0}
"""Where z is smaller than the image, coordinates say nothing and noise on it does not average out.
"""
ADAM: Mapping[str, Any] = {"optimiser": "adam", "learning_rate": 0.003}
"""Without normalisation the weights' scale matters: steps relative to it make a fit break down."""
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    DEEP: {"scales": 5, "skip": SKIP},
    MIDDLE: {"scales": 3, "skip": SKIP},
    SHALLOW: {"scales": 2, "skip": SKIP},
    NO_SKIPS: {"scales": 5, "skip": 0},
    UNET: {"build": lambda z, image, size, style: UNet(z, image, (16, 32, 64, 128, 128), style)},
    RESNET: {"build": lambda z, image, size, style: Residual(z, image, 32, 4, style)},
    DENSE: {
        "build": lambda z, image, size, style: Dense(z, image, size, 64, 3, style),
        **SMALL_Z,
        **ADAM,
    },
    DECODER: {
        "build": lambda z, image, size, style: DeepDecoder(z, image, 64, 3, style),
        **SMALL_Z,
    },
}
"""Arguments of :func:`.runs.start` for each; what they leave open the class of the task decides."""


def architectures(image: Image, scale: Scale) -> list[Row]:
    """Restore with each architecture; the held-out rule picks the estimate.

    There is a row for each repetition. NaN stands for a run that broke down.
    """
    rows = []
    for name in PROBLEMS:
        problem = problem_of(name, image)
        plain = quality(without_prior(problem), image, problem)
        rows.append(Row(ARCHITECTURES, name, NO_PRIOR, 0, PSNR, plain))
        for (network, options), seed in product(OPTIONS.items(), range(scale.repeats)):
            run = start(problem, scale.comparison, seed, stopping="held-out", **options)
            try:
                value = quality(restore(run), image, problem)
            except Diverged:
                value = float("nan")
            rows.append(Row(ARCHITECTURES, name, network, run.rule.at, PSNR, value))
    return rows


def samples(size: int) -> tuple[list[Row], dict[str, Tensor]]:
    """Return what each network makes of noise before any iteration, by its name, H × W.

    The rows say how alike neighbouring pixels are: 1 in a smooth picture, 0 in white noise.
    """
    problem = problem_of(DENOISING, torch.full((1, 1, size, size), 0.5))
    pictures = {}
    for name, options in OPTIONS.items():
        run = start(problem, 1, stopping="fixed", **{**options, "input": "noise"})
        with torch.no_grad():
            pictures[name] = run.image(run.z)[0, 0]
    rows = [
        Row(SAMPLES, FIT, name, 0, CORRELATION, _correlation(own)) for name, own in pictures.items()
    ]
    return rows, pictures


def _correlation(picture: Tensor) -> float:
    centred = picture.double() - picture.double().mean()
    across, down = (centred[:, 1:] * centred[:, :-1]).mean(), (centred[1:] * centred[:-1]).mean()
    return float((across + down) / 2 / centred.square().mean().clamp(min=1e-20))


def seeds(image: Image, scale: Scale) -> list[Row]:
    """Denoise from different weights, inputs and held-out pixels, and average subsets of estimates.

    The rows' curve is how many are averaged. Subsets of the same runs overlap, so averages of
    several spread less than those of other runs would.
    """
    problem = problem_of(DENOISING, image)
    estimates = [
        restore(start(problem, scale.comparison, seed, stopping="held-out"))
        for seed in range(scale.runs)
    ]
    rows = []
    for count in range(1, scale.runs + 1):
        row = Row(SEEDS, DENOISING, str(count), scale.comparison, PSNR, 0.0)
        averages = [torch.stack(own).mean(0) for own in combinations(estimates, count)]
        values = [quality(average, image, problem) for average in averages]
        rows += [row._replace(value=value) for value in values]
        rows.append(row._replace(quantity=MEAN, value=fmean(values)))
        if len(values) > 1:
            rows.append(row._replace(quantity=DEVIATION, value=stdev(values)))
    return rows
