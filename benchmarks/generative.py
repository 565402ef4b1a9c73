r"""The deep generative priors beside the classical ones: likelihood of patches, EPLL, samples.

    PRIORBENCH_DATA=… python benchmarks/generative.py density
    PRIORBENCH_DATA=… python benchmarks/generative.py epll --every 17
    PRIORBENCH_DATA=… python benchmarks/generative.py samples --figure samples.png

Models are those of ``benchmarks/learned.py``, which learns from BSDS train what ``--models`` does
not hold yet. ``density`` measures all on the same held-out patches of BSDS train, in nats on the 63
dimensions without the mean: as they are, and with noise of the variance of rounding to 8 bits.
``epll`` restores images of BSD68 with σ = 25 from a sparse grid of patches. ``samples`` draws
patches from the densities, and tiles from ``diffusion`` by the sampler of Karras et al. 2022 (arXiv
2206.00364, algorithm 2) from pure noise. One thread.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import torch
from learned import MODELS, made, photographs
from matplotlib.axes import Axes
from torch import Tensor
from training_crops import mean_psnr
from training_crops import photographs as training_photographs

from priorbench.numerics.constants import QUANTISATION_VARIANCE
from priorbench.numerics.patches import draw_patches
from priorbench.priors import Denoiser
from priorbench.tasks import Denoise

PATCHES: dict[str, dict[str, Any]] = {
    "ica": {"n_patches": 200_000},
    "gmm": {"n_components": 200, "n_patches": 200_000, "mode": "fast"},
    "flow": {},
}
HELD_OUT = 20_000
STRIDE = 4
SIGMA = 25
LEVELS, CURVATURE = 60, 7.0
"""Steps of the sampler, and ρ of its schedule."""
CHURN, NOISE = 0.2, 1.003
"""How much noise a step adds, as a fraction of σ, and its factor."""
ROWS, COLUMNS, SIDE = 4, 6, 64


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=("density", "epll", "samples"))
    parser.add_argument("--prior", nargs="+", default=list(PATCHES), help="densities of patches")
    parser.add_argument("--every", type=int, default=17, help="one of this number of images")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of fitted models")
    parser.add_argument("--figure", type=Path, help="PNG to write")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    {"density": density, "epll": epll, "samples": samples}[arguments.part](arguments)


def density(arguments: argparse.Namespace) -> None:
    patches = held_out()
    noise = torch.randn(patches.shape, generator=torch.Generator().manual_seed(1))
    dequantised = patches + math.sqrt(QUANTISATION_VARIANCE) * noise
    for name in arguments.prior:
        model = made(name, PATCHES[name], arguments.models)
        began = time.process_time()
        clean, noisy = (
            float(model.log_prob(each).double().mean()) for each in (patches, dequantised)
        )
        seconds = (time.process_time() - began) / 2
        print(
            f"{name:5} {clean:.2f} nats per patch, {noisy:.2f} with noise, "
            f"{seconds:.1f} s for {len(patches)}",
            flush=True,
        )


def epll(arguments: argparse.Namespace) -> None:
    images = photographs("bsd68", arguments.every, colour=False)
    for name in arguments.prior:
        model = made(name, PATCHES[name], arguments.models)
        if name != "gmm":
            model.stride = STRIDE
        began = time.process_time()
        psnr = mean_psnr(model, Denoise(SIGMA), images)
        seconds = (time.process_time() - began) / len(images)
        print(f"{name:5} {psnr:.2f} dB over {len(images)} images, {seconds:.1f} s an image")


def samples(arguments: argparse.Namespace) -> None:
    generator = torch.Generator().manual_seed(0)
    count = ROWS * COLUMNS
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.1), layout="constrained", width_ratios=(1, 1))
    models = {name: made(name, PATCHES[name], arguments.models) for name in ("gmm", "flow")}
    drawn = {
        "photographs": held_out()[:count],
        "mixture of Gaussians": models["gmm"].sample(count, generator),
        "flow": models["flow"].sample(count, generator),
    }
    rows = [0.5 + patches - patches.mean(1, keepdim=True) for patches in drawn.values()]
    tiles = torch.cat(rows).view(-1, 8, 8)
    show(axes[0], f"patches of {', '.join(drawn)}", mosaic(tiles, 2 * COLUMNS, 1))
    diffusion = made("diffusion", {}, arguments.models)
    found = ancestral(diffusion, count, SIDE, generator)
    show(axes[1], "tiles drawn from the diffusion model", mosaic(found, COLUMNS, 2))
    if arguments.figure:
        figure.savefig(arguments.figure, dpi=100)


def held_out() -> Tensor:
    """Return the held-out patches of BSDS train that every model of patches is measured on."""
    images = [image.mean(1, keepdim=True) for image in training_photographs(first=0, apart=1)]
    return draw_patches(images, 8, HELD_OUT, 1.0, torch.Generator())[1][:]


def ancestral(model: Denoiser, count: int, side: int, generator: torch.Generator) -> Tensor:
    """Return tiles that are drawn from a model of all levels of noise, N × T × T."""
    least, most = model.sigma_range
    steps = torch.linspace(0, 1, LEVELS)
    roots = most ** (1 / CURVATURE) + steps * (
        least ** (1 / CURVATURE) - most ** (1 / CURVATURE)
    )
    levels = [*roots.pow(CURVATURE).tolist(), 0.0]

    def noise() -> Tensor:
        return torch.randn((count, 1, side, side), generator=generator)

    x = 0.5 + most * noise()
    for sigma, below in zip(levels[:-1], levels[1:], strict=True):
        raised = min((1 + CHURN) * sigma, most)
        x = x + math.sqrt(max(raised**2 - sigma**2, 0)) * NOISE * noise()
        slope = (x - model.denoise(x, raised)) / raised
        after = x + (below - raised) * slope
        if below:
            end = (after - model.denoise(after, below)) / below
            after = x + (below - raised) * (slope + end) / 2
        x = after
    return x[:, 0]


def mosaic(tiles: Tensor, columns: int, gap: int) -> Tensor:
    """Return tiles, N × T × T, side by side on white."""
    count, side, _ = tiles.shape
    rows = -(-count // columns)
    sheet = torch.ones(rows * (side + gap) + gap, columns * (side + gap) + gap)
    for number, tile in enumerate(tiles):
        top, left = (gap + (side + gap) * place for place in divmod(number, columns))
        sheet[top : top + side, left : left + side] = tile
    return sheet


def show(place: Axes, title: str, picture: Tensor) -> None:
    """Show a picture in gray under its title."""
    place.imshow(picture.clamp(0, 1).numpy(), cmap="gray", vmin=0, vmax=1)
    place.set_title(title, fontsize=9)
    place.axis("off")


if __name__ == "__main__":
    main()
