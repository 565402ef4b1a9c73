"""What a patch model makes of an image: the likelihood of its patches, and how it denoises them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from math import nan
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from priorbench.data.tensors import to_array
from priorbench.metrics.fidelity import psnr
from priorbench.numerics.patches import mean_log_likelihoods, probe_patches
from priorbench.priors import PatchPrior
from priorbench.problem import Problem
from priorbench.solvers.aggregation import average_everywhere, average_on_grid
from priorbench.solvers.colour import from_planes, to_planes
from priorbench.studies import Experiment
from priorbench.studies.denoising import gaussian_denoising
from priorbench.studies.patch_models import of_size, patch_models
from priorbench.studies.tables import frame
from priorbench.types import Image, Patches

SIGMA = 25 / 255
"""σ of the noise on single patches where the experiment has no Gaussian denoising task."""


class Row(NamedTuple):
    """What was measured of an image and a model; what is missing is NaN.

    Args:
        dataset: of the image.
        task: Gaussian denoising; empty if the experiment has none.
        sigma: σ of its noise, on [0, 1].
        image: its name.
        prior: id of the model.
        log_likelihood: mean of the clean patches, in nats per patch.
        patch_mse: mean squared error of the MAP estimates of the noisy patches, on [0, 1].
        epll: PSNR in dB of the whole image, from the scores.
        averaged: the same of the average of all MAP estimates, see :func:`denoise_once`.
        non_overlapping: the same of MAP estimates side by side.
    """

    dataset: str
    task: str
    sigma: float
    image: str
    prior: str
    log_likelihood: float
    patch_mse: float
    epll: float
    averaged: float
    non_overlapping: float


class _Case(NamedTuple):
    """A task, σ on [0, 1], and the problem and the clean image of each image."""

    task: str
    sigma: float
    pairs: Mapping[str, tuple[Problem | None, Image]]


def comparable_models(experiment: Experiment) -> dict[str, PatchPrior]:
    """Return the patch models of the commonest patch size, by id."""
    models = patch_models(experiment)
    sizes = Counter(model.patch_size for model in models.values()).most_common(1)
    return of_size(models, sizes[0][0]) if sizes else {}


@torch.no_grad()
def measure(experiment: Experiment, models: Mapping[str, PatchPrior]) -> pd.DataFrame:
    """Return a row for each data set, Gaussian denoising task, image and model.

    Every model sees the same patches with the same noise, whatever it was trained on. Images
    smaller than a patch are left out.

    Args:
        experiment: the experiment.
        models: by id, all of one patch size.
    """
    rows: list[Row] = []
    scores = experiment.by_image("psnr")
    for dataset in experiment.catalogue.datasets if models else ():
        size = next(iter(models.values())).patch_size
        for task, sigma, pairs in _cases(experiment, dataset):
            restored = scores.get((dataset, task), pd.DataFrame())
            epll = restored.reindex(index=list(pairs), columns=list(models)).to_dict()
            # One noise for each image, the same for all models.
            generator = torch.Generator().manual_seed(0)
            for image, (problem, clean) in pairs.items():
                if min(clean.shape[-2:]) < size:
                    continue
                patches = probe_patches({image: clean}, size)[image]
                noisy = patches + sigma * torch.randn(patches.shape, generator=generator)
                for prior, model in models.items():
                    error = model.map_estimate(noisy, sigma**2) - patches
                    rows.append(
                        Row(
                            dataset,
                            task,
                            sigma,
                            image,
                            prior,
                            log_likelihood=float(
                                mean_log_likelihoods(model.log_prob, [patches])[0]
                            ),
                            patch_mse=float(error.double().square().mean()),
                            epll=epll[prior][image],
                            averaged=_psnr(model, problem, clean, overlapping=True),
                            non_overlapping=_psnr(model, problem, clean, overlapping=False),
                        )
                    )
    return frame(Row, rows)


def denoise_once(model: PatchPrior, problem: Problem, overlapping: bool) -> Image:
    """Return the MAP estimates of single patches, put together once: no iteration.

    Colour is denoised in opponent planes, as EPLL does.

    Args:
        model: the patch model.
        problem: white Gaussian noise and nothing else.
        overlapping: average all patches, or lay them side by side; the last row and column of these
            are moved inward where they don't fit, and averaged with those that they then cover.
    """
    planes, scales = to_planes(problem.y)
    for plane, scale in zip(planes, scales, strict=True):
        plane.copy_(_denoise_plane(model, plane, (scale * problem.sigma) ** 2, overlapping))
    return from_planes(planes, problem.y.shape)


def _denoise_plane(
    model: PatchPrior, plane: Tensor, noise_variance: float, overlapping: bool
) -> Tensor:
    size, average = model.patch_size, torch.empty_like(plane)

    def estimate(patches: Patches) -> Patches:
        return model.map_estimate(patches, noise_variance)

    if overlapping:
        steps = average_everywhere(plane, size, estimate, average)
    else:
        # The stride of a whole patch leaves no room for jitter, so the generator changes nothing.
        steps = average_on_grid(plane, size, size, estimate, average, torch.Generator())
    for _ in steps:
        pass
    return average


def _psnr(model: PatchPrior, problem: Problem | None, clean: Image, overlapping: bool) -> float:
    """Return the PSNR in dB as the experiment's metric has it; NaN without a problem."""
    if problem is None:
        return nan
    return psnr(to_array(denoise_once(model, problem, overlapping)), to_array(clean))


def _cases(experiment: Experiment, dataset: str) -> Iterator[_Case]:
    """Yield the Gaussian denoising tasks; if there are none, one without problems."""
    found = False
    for task in gaussian_denoising(experiment, dataset):
        found = True
        yield _Case(*task)
    if not found:
        images = experiment.test_images(dataset)
        yield _Case("", SIGMA, {name: (None, image) for name, image in images.items()})
