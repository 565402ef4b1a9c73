r"""The deep generative priors beside the classical ones: likelihood of patches, EPLL, samples.

    PRIORBENCH_DATA=… python benchmarks/generative.py density
    PRIORBENCH_DATA=… python benchmarks/generative.py epll --every 17
    PRIORBENCH_DATA=… python benchmarks/generative.py samples --figure flow.png
    PRIORBENCH_DATA=… python benchmarks/generative.py completions --figure pixelcnn.png
    PRIORBENCH_DATA=… python benchmarks/generative.py tiles --prior diffusion --figure diffusion.png
    PRIORBENCH_DATA=… python benchmarks/generative.py reconstructions --figure vq-vae.png

Models are those of ``benchmarks/learned.py``, which learns from BSDS train what ``--models`` does
not hold yet. ``density`` measures all on the same held-out patches of BSDS train, in nats on the 63
dimensions without the mean: as they are, and with noise of the variance of rounding to 8 bits.
``epll`` restores the middle of 128 × 128 of images of BSD68, or of ``--set``, with σ = 25 from a
sparse grid of patches. ``samples`` draws patches from the densities, ``completions`` their lower
part from ``pixelcnn``, ``tiles`` whole tiles from ``diffusion`` or ``gan``,
``reconstructions`` tiles of photographs, what ``vq-vae`` makes of their codes, and its draws. One thread.
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
from training_crops import crops, mean_psnr
from training_crops import photographs as training_photographs

from priorbench.numerics.constants import QUANTISATION_VARIANCE
from priorbench.numerics.patches import draw_patches
from priorbench.priors import DrawsTiles
from priorbench.tasks import Denoise

PATCHES: dict[str, dict[str, Any]] = {
    "ica": {},
    "gmm": {"n_components": 200, "n_patches": 100_000, "iterations": 10, "mode": "fast"},
    "flow": {},
    "pixelcnn": {},
}
"""Parameters of each; those of the mixture are of the default experiment."""
HELD_OUT = 5000
"""No model has learned from them: each holds at least these out."""
STRIDE = 4
CROP = 128
SIGMA = 25
ROWS, COLUMNS = 4, 8
DRAWN = 4
"""Completions of each patch."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=tuple(PARTS))
    parser.add_argument("--steps", type=int, help="gradient steps of MAP estimates by networks")
    parser.add_argument("--prior", nargs="+", default=list(PATCHES), help="densities of patches")
    parser.add_argument("--set", default="bsd68", help="folder of PRIORBENCH_DATA, or training")
    parser.add_argument("--every", type=int, default=17, help="one of this number of images")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of fitted models")
    parser.add_argument("--figure", type=Path, help="PNG to write")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.part not in ("density", "epll") and arguments.figure is None:
        parser.error("--figure is the file to write")
    PARTS[arguments.part](arguments)


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
    images = crops(photographs(arguments.set, arguments.every, colour=False), CROP)
    for name in arguments.prior:
        model = made(name, PATCHES[name], arguments.models)
        if name != "gmm":
            model.stride = STRIDE
        if name in ("flow", "pixelcnn") and arguments.steps is not None:
            model = copy(model, steps=arguments.steps, stride=STRIDE)
        began = time.process_time()
        psnr = mean_psnr(model, Denoise(SIGMA), images)
        seconds = (time.process_time() - began) / len(images)
        print(f"{name:5} {psnr:.2f} dB over {len(images)} images, {seconds:.1f} s an image")


def copy(prior: Any, **changes: Any) -> Any:
    """Return a fitted prior with other parameters."""
    other = type(prior)(**{**prior.parameters.model_dump(), **changes})
    other.load_state_dict(prior.state_dict())
    return other


def samples(arguments: argparse.Namespace) -> None:
    generator, count = torch.Generator().manual_seed(0), ROWS * COLUMNS
    models = {name: made(name, PATCHES[name], arguments.models) for name in ("gmm", "flow")}
    drawn = {
        "photographs": held_out()[:count],
        "mixture of Gaussians": models["gmm"].sample(count, generator),
        "flow": models["flow"].sample(count, generator),
    }
    figure, axes = plt.subplots(1, len(drawn), figsize=(10, 1.9), layout="constrained")
    for place, (title, patches) in zip(axes, drawn.items(), strict=True):
        tiles = 0.5 + patches - patches.mean(1, keepdim=True)
        show(place, title, mosaic(tiles.view(-1, 8, 8), COLUMNS, 1))
    figure.savefig(arguments.figure, dpi=100)


def tiles(arguments: argparse.Namespace) -> None:
    [name] = arguments.prior
    model, generator = made(name, {}, arguments.models), torch.Generator().manual_seed(0)
    if isinstance(model, DrawsTiles):
        found = model.sample_tiles(ROWS * COLUMNS, generator)
    else:
        found = 0.5 + model.decode(
            torch.randn(ROWS * COLUMNS, model.latent_size, generator=generator)
        )
    figure, place = plt.subplots(figsize=(8, 4.1), layout="constrained")
    show(place, "drawn from pure noise", mosaic(found, COLUMNS, 2))
    figure.savefig(arguments.figure, dpi=100)


def reconstructions(arguments: argparse.Namespace) -> None:
    model, side = made("vq-vae", {}, arguments.models), 16
    drawn = model.sample_tiles(ROWS * COLUMNS, torch.Generator().manual_seed(0))
    images = [image.mean(1, keepdim=True) for image in training_photographs(first=0, apart=1)]
    tiles = draw_patches(images, side, HELD_OUT, 1.0, torch.Generator())[1][:320]
    # Those of the greatest contrast in ten each: most tiles show nothing.
    chosen = torch.stack([part[part.var(1).argmax()] for part in torch.split(tiles, 10)])
    chosen = chosen.view(-1, side, side)
    shown = {
        "held-out photographs": chosen,
        "from their codes": model.reconstruct(chosen),
        "drawn": 0.5 + drawn,
    }
    figure, axes = plt.subplots(1, len(shown), figsize=(10, 1.9), layout="constrained")
    for place, (title, pictures) in zip(axes, shown.items(), strict=True):
        show(place, title, mosaic(pictures, COLUMNS, 1))
    figure.savefig(arguments.figure, dpi=150)


def completions(arguments: argparse.Namespace) -> None:
    model = made("pixelcnn", {}, arguments.models)
    patches = held_out()
    # Those of the greatest contrast in a hundred each: most patches show nothing.
    chosen = torch.stack([part[part.var(1).argmax()] for part in torch.split(patches[:1200], 100)])
    known = 4 * 8
    generator, count = torch.Generator().manual_seed(0), len(chosen)
    hidden = chosen.clone()
    hidden[:, known:] = 0.85
    drawn = [model.complete(chosen, known, generator) for _ in range(DRAWN)]
    rows = torch.stack([chosen, hidden, *drawn]).view(-1, 8, 8)
    figure, place = plt.subplots(figsize=(6, 2.7), layout="constrained")
    show(place, "", mosaic(rows, count, 1))
    titles = ["photograph", "known part", *[f"draw {number + 1}" for number in range(DRAWN)]]
    for row, title in enumerate(titles):
        place.text(-1, 9 * row + 5, title, ha="right", va="center", fontsize=8)
    # The titles stand outside of the axes.
    figure.savefig(arguments.figure, dpi=150, bbox_inches="tight")


def held_out() -> Tensor:
    """Return the held-out patches of BSDS train that every model of patches is measured on."""
    images = [image.mean(1, keepdim=True) for image in training_photographs(first=0, apart=1)]
    return draw_patches(images, 8, HELD_OUT, 1.0, torch.Generator())[1][:]


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


PARTS = {
    "density": density,
    "epll": epll,
    "samples": samples,
    "completions": completions,
    "tiles": tiles,
    "reconstructions": reconstructions,
}

if __name__ == "__main__":
    main()
