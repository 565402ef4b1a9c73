"""Density, draws and restorations of each prior."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd
import torch

from priorbench.numerics.distributions import covered, sliced_distance
from priorbench.numerics.patches import mean_log_likelihoods, probe_patches
from priorbench.priors import PatchPrior
from priorbench.studies import Experiment
from priorbench.studies.patch_models import patch_models
from priorbench.studies.tables import frame
from priorbench.types import Patches

from .draws import draw

COUNT = 2000
"""Patches of photographs, and as many drawn from each prior."""
USUAL_SIZE = 8
PHOTOGRAPHS = "photographs"
NONE = "none"


class Row(NamedTuple):
    """What was measured of a prior; what it lacks is NaN.

    Args:
        prior: id of the prior; :data:`PHOTOGRAPHS` for patches of the test images themselves.
        density: exact, bound or none.
        log_likelihood: mean of the patches of the test images, in nats per patch.
        parameters: numbers that were learned.
        training_seconds: of the processor, to learn them.
        draw_seconds: of the processor, to draw 1000 patches.
        distance: of its patches from those of the test images, in gray levels.
        precision: share of its patches that lie among those of the test images.
        recall: share of the patches of the test images that lie among its own.
    """

    prior: str
    density: str
    log_likelihood: float
    parameters: float
    training_seconds: float
    draw_seconds: float
    distance: float
    precision: float
    recall: float


@dataclass(frozen=True)
class Measured:
    """All that the table, the claims and the figure are made of.

    Args:
        rows: see :class:`Row`, the photographs first.
        reached: which patches of the test images lie among the drawn ones, patches × priors.
        patches: drawn patches by prior, those of the test images among them.
    """

    rows: pd.DataFrame
    reached: pd.DataFrame
    patches: Mapping[str, Patches]


@torch.no_grad()
def measure(experiment: Experiment) -> Measured:
    """Measure every prior that learned and draws.

    Patches have the commonest size of the patch models, without their means. Half of the test
    images' patches is what all are compared with, the other half shows what a perfect prior gets.
    """
    densities = patch_models(experiment)
    size = _size(densities)
    probes = list(probe_patches(experiment.clean_images(), size).values())
    real = _shuffled(probes)
    if len(real) < 16:
        return Measured(frame(Row), pd.DataFrame(), {})
    half = min(COUNT, len(real) // 2)
    target, other = real[:half], real[half : 2 * half]
    patches: dict[str, Patches] = {PHOTOGRAPHS: other}
    seconds = {PHOTOGRAPHS: math.nan}
    for prior in experiment.training:
        began = time.process_time()
        drawn = draw(experiment.prior(prior), half, size, torch.Generator().manual_seed(0))
        if drawn is not None:
            patches[prior] = drawn
            seconds[prior] = (time.process_time() - began) * 1000 / half
    costs = experiment.runs.groupby("prior")[["training_processor_seconds", "n_parameters"]].first()
    reached = pd.DataFrame({name: covered(target, own).numpy() for name, own in patches.items()})
    costs = costs.reindex(list(patches))
    rows = [
        Row(
            name,
            density=_kind(densities.get(name), size),
            log_likelihood=_likelihood(densities.get(name), probes, size),
            parameters=float(costs["n_parameters"][name]),
            training_seconds=float(costs["training_processor_seconds"][name]),
            draw_seconds=seconds[name],
            distance=sliced_distance(target, own),
            precision=float(covered(own, target).float().mean()),
            recall=float(reached[name].mean()),
        )
        for name, own in patches.items()
    ]
    return Measured(frame(Row, rows), reached, patches)


def _size(densities: Mapping[str, PatchPrior]) -> int:
    sizes = Counter(model.patch_size for model in densities.values()).most_common(1)
    return sizes[0][0] if sizes else USUAL_SIZE


def _shuffled(probes: list[Patches]) -> Patches:
    """Return the patches of all images in random order, without their means."""
    if not probes:
        return torch.empty(0, 1)
    patches = torch.cat(probes)
    order = torch.randperm(len(patches), generator=torch.Generator().manual_seed(0))
    return (patches - patches.mean(1, keepdim=True))[order]


def _kind(model: PatchPrior | None, size: int) -> str:
    """Return what the density of a prior is, of patches of this size."""
    return NONE if model is None or model.patch_size != size else model.density


def _likelihood(model: PatchPrior | None, probes: list[Patches], size: int) -> float:
    """Return the mean log-likelihood of all patches; NaN without a density of them."""
    if model is None or model.patch_size != size:
        return math.nan
    return float(mean_log_likelihoods(model.log_prob, [torch.cat(probes)])[0])
