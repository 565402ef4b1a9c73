"""What a patch model makes of an image: how likely its patches are, and what is left of their noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from math import nan

import pandas as pd
import torch
from torch import Tensor

from priorbench.data.tensors import to_array
from priorbench.metrics.fidelity import psnr
from priorbench.numerics.patches import mean_log_likelihoods, probe_patches
from priorbench.operators import Identity
from priorbench.priors import PatchPrior
from priorbench.problem import Problem
from priorbench.results import Results
from priorbench.solvers.aggregation import average_everywhere, average_on_grid
from priorbench.solvers.colour import from_planes, to_planes
from priorbench.types import Image, Patches

SIGMA = 25 / 255
"""σ of the noise on single patches where the experiment has no Gaussian denoising task."""

COLUMNS = (
    *("dataset", "task", "sigma", "image", "prior"),
    *("log_likelihood", "patch_mse", "epll", "averaged", "non_overlapping"),
)


def patch_models(results: Results) -> dict[str, PatchPrior]:
    """Return the fitted models that can be compared, by id.

    They are the patch priors whose training curve has a ``held_out_log_likelihood``, so one whose fit failed is left
    out. Densities of patches of different sizes can't be compared, so only those of the commonest size are taken.
    """
    learned = [
        prior
        for prior in results.catalogue.priors
        if "held_out_log_likelihood" in results.training.get(prior, ())
    ]
    priors = {prior: results.material.prior(prior) for prior in learned}
    models = {prior: model for prior, model in priors.items() if isinstance(model, PatchPrior)}
    sizes = Counter(model.patch_size for model in models.values()).most_common(1)
    return {prior: model for prior, model in models.items() if model.patch_size == sizes[0][0]}


@torch.no_grad()
def measure(results: Results, models: Mapping[str, PatchPrior]) -> pd.DataFrame:
    """Return one row for each data set, Gaussian denoising task, image and model.

    Every model sees the same patches with the same noise, whatever it was trained on. Images smaller than a patch are
    left out.

    Args:
        results: the experiment.
        models: by id, all of one patch size.

    Returns:
        ``sigma`` on [0, 1], the mean ``log_likelihood`` in nats per patch of the clean patches, ``patch_mse``, the mean
        squared error of the MAP estimates of the noisy ones, on [0, 1], and the PSNR in dB of the whole image by
        ``epll`` (from the scores), ``averaged`` and ``non_overlapping`` (:func:`denoise_once`). What is missing is NaN.
    """
    rows = []
    epll = _epll_scores(results.scores)
    for dataset in results.catalogue.datasets if models else ():
        for task, sigma, pairs in _denoising_tasks(results, dataset):
            generator = torch.Generator().manual_seed(0)
            for image, (problem, clean) in pairs.items():
                size = next(iter(models.values())).patch_size
                if min(clean.shape[-2:]) < size:
                    continue
                patches = probe_patches({image: clean}, size)[image]
                noisy = patches + sigma * torch.randn(patches.shape, generator=generator)
                for prior, model in models.items():
                    error = model.map_estimate(noisy, sigma**2) - patches
                    rows.append(
                        {
                            "dataset": dataset,
                            "task": task,
                            "sigma": sigma,
                            "image": image,
                            "prior": prior,
                            "log_likelihood": float(
                                mean_log_likelihoods(model.log_prob, [patches])[0]
                            ),
                            "patch_mse": float(error.double().square().mean()),
                            "epll": epll.get((dataset, task, image, prior), nan),
                            "averaged": _psnr(model, problem, clean, overlapping=True),
                            "non_overlapping": _psnr(model, problem, clean, overlapping=False),
                        }
                    )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def denoise_once(model: PatchPrior, problem: Problem, overlapping: bool) -> Image:
    """Return the MAP estimates of single patches, put together once: no iteration.

    Colour is denoised in opponent planes, as EPLL does.

    Args:
        model: the patch model.
        problem: white Gaussian noise and nothing else.
        overlapping: average all patches, or lay them side by side; the last row and column of these are moved inward
            where they don't fit, and averaged with those that they then cover.
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
        # With the stride of a whole patch there is no room for jitter, so the generator changes nothing.
        steps = average_on_grid(plane, size, size, estimate, average, torch.Generator())
    for _ in steps:
        pass
    return average


def _psnr(model: PatchPrior, problem: Problem | None, clean: Image, overlapping: bool) -> float:
    """Return the PSNR as the experiment's metric has it, in dB."""
    return (
        psnr(to_array(denoise_once(model, problem, overlapping)), to_array(clean))
        if problem
        else nan
    )


def _denoising_tasks(
    results: Results, dataset: str
) -> Iterator[tuple[str, float, Mapping[str, tuple[Problem | None, Image]]]]:
    """Yield (task, σ, problem and clean image of each image); if there is no such task, one without problems."""
    found = False
    for task in results.catalogue.tasks:
        pairs = results.material.problems(dataset, task)
        sigmas = {_sigma(problem) for problem, _ in pairs.values()}
        if len(sigmas) == 1 and (sigma := sigmas.pop()) > 0:
            found = True
            yield (
                task,
                sigma,
                {image: (problem, clean) for image, (problem, clean) in pairs.items()},
            )
    if not found:
        yield (
            "",
            SIGMA,
            {
                image: (None, clean)
                for image, clean in results.material.test_images(dataset).items()
            },
        )


def _sigma(problem: Problem) -> float:
    """Return σ of white Gaussian noise; 0 if that is not, or not all, that happened to the image."""
    return (
        problem.sigma
        if isinstance(problem.linear_operator, Identity) and problem.peak is None
        else 0.0
    )


def _epll_scores(scores: pd.DataFrame) -> Mapping[tuple[str, ...], float]:
    """Return the PSNR in dB of each (data set, task, image, prior) that was restored."""
    own = scores[
        (scores["metric"] == "psnr") & scores["value"].notna() & (scores["source"] == "measured")
    ]
    keys = own[["dataset", "task", "image", "prior"]].itertuples(index=False, name=None)
    return dict(zip(keys, own["value"].astype(float), strict=True))
