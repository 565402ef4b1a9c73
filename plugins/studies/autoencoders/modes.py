"""The three ways in which an autoencoder restores, on the same small problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd
import torch
from torch import Tensor

from plugins.vae.images import VAE
from priorbench.data.tensors import to_array
from priorbench.metrics.fidelity import psnr
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.tasks.denoise import Denoise
from priorbench.tasks.inpaint import Inpaint
from priorbench.types import Image

from .selection import centre
from .table import Row

OBSERVED = "observed"
PROJECT, LATENT, JOINT = "project", "latent", "jpmap"
MODES = (PROJECT, LATENT, JOINT)
SIGMA, MISSING = 25, 50
TASKS = {f"denoise σ={SIGMA}": Denoise(SIGMA), f"inpaint {MISSING} %": Inpaint(MISSING)}
SIDE = 64
"""Side of a crop in pixels, at most."""

Problems = Mapping[str, Mapping[str, tuple[Problem, Image]]]
"""Task → image → problem and clean image."""


def problems_of(images: Mapping[str, Tensor]) -> Problems:
    """Return a problem of each task for the centre of each gray image, H × W; always the same."""
    crops = {name: centre(image, SIDE)[None, None] for name, image in images.items()}
    return {
        label: {
            name: (task.corrupt(crop, torch.Generator().manual_seed(number)), crop)
            for number, (name, crop) in enumerate(crops.items())
        }
        for label, task in TASKS.items()
    }


def in_mode(model: VAE, mode: str) -> VAE:
    """Return a copy of an autoencoder that restores in another mode."""
    copy = type(model)(**{**model.parameters.model_dump(), "mode": mode})
    copy.load_state_dict(model.state_dict())
    return copy


def restored(model: VAE, problems: Problems) -> dict[str, pd.DataFrame]:
    """Return for each task the PSNR in dB, images × the observation and the modes."""
    copies = {mode: in_mode(model, mode) for mode in MODES}
    found = {}
    for task, pairs in problems.items():
        rows = {}
        for name, (problem, clean) in pairs.items():
            # The seed is the same for all modes.
            estimates = {OBSERVED: problem.estimate()} | {
                mode: copy.restore(problem, Context.seeded(0)).image
                for mode, copy in copies.items()
            }
            rows[name] = {
                mode: psnr(to_array(image), to_array(clean)) for mode, image in estimates.items()
            }
        found[task] = pd.DataFrame.from_dict(rows, orient="index", columns=[OBSERVED, *MODES])
    return found


def psnr_rows(prior: str, scores: Mapping[str, pd.DataFrame]) -> Iterator[Row]:
    """Yield the mean PSNR of each task and mode."""
    for task, values in scores.items():
        for mode in values.columns:
            of = f"{task}, {mode}, gray crops of at most {SIDE} × {SIDE}"
            own = OBSERVED if mode == OBSERVED else prior
            yield Row(own, "PSNR", of, "dB", float(values[mode].mean()), len(values))
