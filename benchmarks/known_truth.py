"""Images of the known laws, their exact posterior means and draws from the posterior, as a picture.

    python benchmarks/known_truth.py --figure docs/images/known_truth.png
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

import matplotlib.pyplot as plt
import torch
from plugins.known_truth.exact import Exact
from plugins.known_truth.laws import law
from plugins.known_truth.parameters import LawName
from torch import Tensor

from priorbench.operators import Identity
from priorbench.priors import Context
from priorbench.problem import Problem

SIDE, SIGMA = 64, 25 / 255
SHOWN = (0.2, 0.8)
"""Gray values of black and white."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--figure", type=Path, required=True, help="PNG to write")
    arguments = parser.parse_args()
    names = get_args(LawName)
    figure, axes = plt.subplots(len(names), 5, figsize=(8.5, 7.2), layout="constrained")
    for row, name in zip(axes, names, strict=True):
        for place, (title, picture) in zip(row, pictures(name).items(), strict=True):
            place.imshow(picture, cmap="gray", vmin=SHOWN[0], vmax=SHOWN[1])
            place.set_title(title, fontsize=9)
            place.axis("off")
    figure.savefig(arguments.figure, dpi=100)


def pictures(name: LawName) -> dict[str, Tensor]:
    """Return an image of a law, observed and restored, with words."""
    generator = torch.Generator().manual_seed(1)
    clean = law(name).draw(SIDE, generator).float()
    noise = SIGMA * torch.randn(SIDE, SIDE, generator=generator)
    problem = Problem((clean + noise)[None, None], Identity((1, SIDE, SIDE)), SIGMA)
    exact = Exact(name)
    mean = exact.restore(problem, Context.seeded(0)).image[0, 0]
    draws = [exact.posterior_sample(problem, Context.seeded(seed))[0, 0] for seed in (1, 2)]
    return {
        name: clean,
        f"σ = 25, {decibels(problem.y[0, 0], clean)}": problem.y[0, 0],
        f"exact mean, {decibels(mean, clean)}": mean,
        f"draw, {decibels(draws[0], clean)}": draws[0],
        f"draw, {decibels(draws[1], clean)}": draws[1],
    }


def decibels(image: Tensor, clean: Tensor) -> str:
    """Return the PSNR in words."""
    return f"{-10 * (image - clean).square().mean().log10():.1f} dB"


if __name__ == "__main__":
    main()
