"""Crops of training images and a small GMM for choosing constants: no test image is looked at.

With PRIORBENCH_DATA they come from BSDS train, else from the images that ship with scikit-image and
belong to the training set of the default experiment.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from priorbench.data.embedded import file_of
from priorbench.data.images import read_image
from priorbench.data.tensors import to_tensor
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.solvers import restore
from priorbench.specs.solver_settings import SolverSettings
from priorbench.tasks import Task
from priorbench.types import Image

ROOT = Path(__file__).parents[1]
EMBEDDED = ("brick", "grass", "gravel", "coins", "motorcycle")


def photographs(first: int = 5, apart: int = 50) -> list[Image]:
    """Return whole training images, of BSDS those that lie so far apart from the first on."""
    data = os.environ.get("PRIORBENCH_DATA")
    files = (
        sorted(Path(data, "bsds500_train").glob("*.jpg"))[first::apart]
        if data
        else [file_of(name) for name in EMBEDDED]
    )
    return [to_tensor(read_image(file)) for file in files]


def crops(images: list[Image], side: int, *, colour: bool = False) -> list[Image]:
    """Return a square from the middle of each image, in gray unless ``colour``."""
    result = []
    for image in images:
        top, left = ((n - side) // 2 for n in image.shape[-2:])
        square = image[:, :, top : top + side, left : left + side].contiguous()
        if not colour:
            result.append(square.mean(1, keepdim=True))
        elif square.shape[1] == 3:
            result.append(square)
    return result


def prior(name: str, images: list[Image], **parameters: Any) -> Any:
    """Return a prior, trained on the images where it learns; a GMM gets 20 components unless told."""
    entry = load_plugins([ROOT / "plugins"]).priors[name]
    changes: dict[str, Any] = (
        {"n_components": 20, "n_patches": 50_000} if name == "gmm" else {}
    ) | parameters
    made = entry.load()(**entry.spec.parameters(**changes).model_dump())
    if entry.spec.learns:
        for _ in made.fit([image.mean(1, keepdim=True) for image in images], Context.seeded(0)):
            pass
    return made


def mean_psnr(
    prior: Any, task: Task, images: list[Image], settings: SolverSettings | None = None
) -> float:
    """Return the mean PSNR of the restorations in dB, the task's border cut.

    Args:
        prior: of any kind.
        task: what happens to the images.
        images: clean ones.
        settings: of the solver; by default those of the kind.
    """
    context = Context.seeded(0, solver=settings)
    rows, columns = task.border
    total = 0.0
    for seed, image in enumerate(images):
        clean = task.fit(image)
        problem = task.corrupt(clean, torch.Generator().manual_seed(seed))
        error = (restore(prior, problem, context).image.clamp(0, 1) - clean).square()
        inside = error[..., rows : error.shape[-2] - rows, columns : error.shape[-1] - columns]
        total -= 10 * float(inside.mean().log10())
    return total / len(images)
