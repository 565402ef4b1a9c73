"""How the constants of EPLL's continuation were chosen: mean PSNR of inpainting for a grid of them.

    python benchmarks/continuation.py

Half of the pixels are missing, without noise and with σ = 10 (of 255), in 128 × 128 crops of images that ship with
scikit-image and belong to the training set of the default experiment. A GMM with 10 components, trained on the same
images, is the prior. 1/√β falls geometrically from ``first`` to ``last`` in ``steps`` steps.
"""

from __future__ import annotations

import importlib
from itertools import product
from pathlib import Path

import torch

from priorbench.data.embedded import file_of
from priorbench.data.images import read_image
from priorbench.data.tensors import to_tensor
from priorbench.plugins import load_plugins
from priorbench.priors import Context, PatchPrior
from priorbench.problem import Problem
from priorbench.solvers import restore
from priorbench.tasks import Inpaint
from priorbench.types import Image

IMAGES = ("brick", "grass", "gravel", "coins", "motorcycle")
SIDE = 128
SIGMAS = (0, 10)
FIRST, LAST, STEPS = (0.05, 0.1, 0.2), (0.003, 0.006, 0.012), (6, 12, 24)


def main() -> None:
    images = [gray(to_tensor(read_image(file_of(name)))) for name in IMAGES]
    prior = load_plugins([Path(__file__).parents[1] / "plugins"]).priors["gmm"].load()(n_components=10)
    for _ in prior.fit(images, Context.seeded(0)):
        pass
    cases = [[case(image, sigma, seed) for seed, image in enumerate(images)] for sigma in SIGMAS]
    solver = importlib.import_module("priorbench.solvers.epll")
    print("first  last   steps  " + "  ".join(f"sigma {sigma:2d}" for sigma in SIGMAS) + "  (mean PSNR, dB)")
    for first, last, steps in product(FIRST, LAST, STEPS):
        solver.CONTINUATION = (first, last, steps)  # type: ignore[attr-defined]  # a constant of the module
        means = [sum(psnr(prior, *each) for each in group) / len(group) for group in cases]
        print(f"{first:<6g} {last:<6g} {steps:<6d} " + "  ".join(f"{mean:8.3f}" for mean in means), flush=True)


def gray(image: Image) -> Image:
    """Return the mean of the channels."""
    return image.mean(1, keepdim=True)


def case(image: Image, sigma: float, seed: int) -> tuple[Image, Problem]:
    """Return the crop at the centre and its problem."""
    top, left = ((n - SIDE) // 2 for n in image.shape[-2:])
    clean = image[:, :, top : top + SIDE, left : left + SIDE].contiguous()
    return clean, Inpaint(missing=50, sigma=sigma).corrupt(clean, torch.Generator().manual_seed(seed))


def psnr(prior: PatchPrior, clean: Image, problem: Problem) -> float:
    """Return the PSNR of the restoration in dB."""
    restored = restore(prior, problem, Context.seeded(0)).image.clamp(0, 1)
    return -10 * float((restored - clean).square().mean().log10())


if __name__ == "__main__":
    main()
