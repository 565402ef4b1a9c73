"""Images of the known laws, their exact posterior means and draws from the posterior, as a picture.

python benchmarks/known_truth.py --figure docs/images/known_truth.png
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

import matplotlib.pyplot as plt
import torch
from torch import Tensor

from priorbench.data.tensors import to_tensor
from priorbench.operators import Identity
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.problem import Problem

REGISTRY = load_plugins([Path(__file__).parents[1] / "plugins"], strict=True)
EXACT, IMAGES = REGISTRY.priors["exact"], REGISTRY.datasets["known-law"]
SIDE, SIGMA = 64, 25 / 255
SHOWN = (0.2, 0.8)
"""Gray values of black and white."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--figure", type=Path, required=True, help="PNG to write")
    arguments = parser.parse_args()
    names = get_args(EXACT.spec.parameters.model_fields["law"].annotation)
    figure, axes = plt.subplots(len(names), 5, figsize=(8.5, 7.2), layout="constrained")
    for row, name in zip(axes, names, strict=True):
        for place, (title, picture) in zip(row, pictures(name), strict=True):
            place.imshow(picture, cmap="gray", vmin=SHOWN[0], vmax=SHOWN[1])
            place.set_title(title, fontsize=9)
            place.axis("off")
    figure.savefig(arguments.figure, dpi=100)


def pictures(name: str) -> list[tuple[str, Tensor]]:
    """Return an image of a law, observed and restored, with words."""
    chosen = {"law": name, "side": SIDE, "seed": 1}
    parameters = IMAGES.spec.parameters.model_validate(chosen)
    clean = to_tensor(IMAGES.load()(parameters, "00000"))[0, 0]
    noise = SIGMA * torch.randn(SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    problem = Problem((clean + noise)[None, None], Identity((1, SIDE, SIDE)), SIGMA)
    exact = EXACT.load()(law=name)
    mean = exact.restore(problem, Context.seeded(0)).image[0, 0]
    draws = [exact.posterior_sample(problem, Context.seeded(seed))[0, 0] for seed in (1, 2)]
    shown = [("σ = 25", problem.y[0, 0]), ("exact mean", mean), *(("draw", each) for each in draws)]
    return [
        (name, clean),
        *((f"{words}, {decibels(image, clean)}", image) for words, image in shown),
    ]


def decibels(image: Tensor, clean: Tensor) -> str:
    """Return the PSNR in words."""
    return f"{-10 * (image - clean).square().mean().log10():.1f} dB"


if __name__ == "__main__":
    main()
