r"""One noisy photograph, restored by each prior of a family: the pictures of the families' pages.

    python benchmarks/classical_pictures.py --prior gaussian-filter median-filter --figure out.png

A part of the photograph of the camera man that ships with scikit-image, σ = 25, with the PSNR of
the part that is shown.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from training_crops import ROOT, prior

from priorbench.data.embedded import file_of
from priorbench.data.images import read_image
from priorbench.data.tensors import to_tensor
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.solvers import restore
from priorbench.tasks import Denoise
from priorbench.types import Image

SIGMA = 25.0
TOP, LEFT, SIDE = 60, 150, 160
"""The part of the photograph."""
COLUMNS = 5


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prior", nargs="+", required=True)
    parser.add_argument("--figure", type=Path, required=True, help="PNG to write")
    arguments = parser.parse_args()
    figure = sheet({name: prior(name, []) for name in arguments.prior}, {})
    figure.savefig(arguments.figure, dpi=100, bbox_inches="tight")


def noisy_photograph() -> tuple[Image, Problem]:
    """Return the part that is shown, clean and noisy."""
    clean = to_tensor(read_image(file_of("camera")))
    clean = clean[..., TOP : TOP + SIDE, LEFT : LEFT + SIDE].contiguous()
    return clean, Denoise(SIGMA).corrupt(clean, torch.Generator().manual_seed(0))


def sheet(priors: Mapping[str, Any], others: Mapping[str, Image]) -> Figure:
    """Return the photograph: clean, noisy and restored by each prior; then other pictures."""
    clean, problem = noisy_photograph()
    registered = load_plugins([ROOT / "plugins"]).priors
    pictures = {"clean": clean, words("noisy", problem.y, clean): problem.y}
    for name, model in priors.items():
        restored = restore(model, problem, Context.seeded(0)).image
        pictures[words(registered[name].spec.label or name, restored, clean)] = restored
    pictures |= others
    columns = min(len(pictures), COLUMNS)
    rows = math.ceil(len(pictures) / columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(2.4 * columns, 2.7 * rows), squeeze=False, layout="constrained"
    )
    for place in axes.flat:
        place.axis("off")
    for place, (title, picture) in zip(axes.flat, pictures.items(), strict=False):
        show(place, title, picture)
    return figure


def words(label: str, restored: Image, clean: Image) -> str:
    """Return the title of a picture: what it is, and its PSNR."""
    error = float((restored.clamp(0, 1) - clean).square().mean())
    return f"{label}\n{-10 * math.log10(error):.2f} dB"


def show(place: Axes, title: str, picture: Image) -> None:
    """Draw a gray picture under its title."""
    place.imshow(picture[0, 0].clamp(0, 1).numpy(), cmap="gray", vmin=0, vmax=1)
    place.set_title(title, fontsize=9)


if __name__ == "__main__":
    main()
