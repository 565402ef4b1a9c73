"""The denoisers that plug-and-play is measured with: built-in ones, authors' networks, two plain
filters.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from dncnn_s import DnCNNS
from ffdnet import FFDNet
from scipy.ndimage import gaussian_filter, median_filter
from training_crops import ROOT, prior

from priorbench.plugins.manager import load_plugins
from priorbench.priors import Denoiser
from priorbench.types import Image

PIXELS_PER_LEVEL = 4.0
"""Width of the Gaussian filter for σ = 1."""


class Median(Denoiser):
    """The median of 3 × 3 pixels."""

    estimator = "smoother"
    blind = True

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the medians; σ is ignored."""
        return torch.from_numpy(median_filter(image.numpy(), (1, 1, 3, 3)))


class Gaussian(Denoiser):
    """A Gaussian filter whose width is proportional to σ."""

    estimator = "smoother"

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the filtered channels."""
        width = PIXELS_PER_LEVEL * sigma
        return torch.from_numpy(gaussian_filter(image.numpy(), (0, 0, width, width)))


MADE: dict[str, Callable[[], Denoiser]] = {
    "ffdnet": FFDNet,
    "dncnn-s": DnCNNS,
    "median": Median,
    "gaussian": Gaussian,
}


def denoiser(name: str, model: Path | None = None, parameters: str = "{}") -> Any:
    """Return one of these, or a prior of the package.

    Args:
        name: of the denoiser.
        model: the fitted model of a prior that learns.
        parameters: its parameters as JSON.
    """
    if name in MADE:
        return MADE[name]()
    if model is None:
        return prior(name, [])
    entry = load_plugins([ROOT / "plugins"]).priors[name]
    made = entry.load()(**entry.spec.parameters(**json.loads(parameters)).model_dump())
    made.load(model)
    return made
