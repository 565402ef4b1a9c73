"""What the networks reach that are trained here: PSNR, likelihood, modes of restoration, seams.

    PRIORBENCH_DATA=… python benchmarks/networks.py denoiser --model dncnn.safetensors
    PRIORBENCH_DATA=… python benchmarks/networks.py denoiser --leaves --model leaves.safetensors
    PRIORBENCH_DATA=… python benchmarks/networks.py modes --model vae.safetensors
    PRIORBENCH_DATA=… python benchmarks/networks.py seam --model vae.safetensors
    PRIORBENCH_DATA=… python benchmarks/networks.py patches

A model that does not exist is trained with the prior's defaults (``--iterations`` for a shorter
training), on BSDS train or 20 images of dead leaves of 512 × 512, and kept. ``denoiser`` is
measured on BSD68; ``modes`` on crops of training images that choose the default; ``seam`` looks at
the reconstructions of BSD68, at the columns where a tile begins or ends and at all others: the
energy of the horizontal differences of the error; ``patches`` trains models of patches on the same
200 000 and measures them on the same held-out ones.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from training_crops import ROOT, crops, mean_psnr, photographs

from priorbench.data.images import read_image
from priorbench.data.tensors import to_tensor
from priorbench.numerics.tiles import Tiling
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.synthetic.dead_leaves import load_dead_leaves
from priorbench.synthetic.sources import DeadLeavesParameters
from priorbench.synthetic.sources import images as names_of
from priorbench.tasks import Deblur, Denoise, Inpaint, SuperResolve
from priorbench.types import Image

PRIORS = load_plugins([ROOT / "plugins"]).priors
TASKS = {
    "denoise 25": Denoise(25),
    "inpaint 50": Inpaint(50),
    "deblur": Deblur("shake1", 2.55),
    "sr x2": SuperResolve(2),
}
MODES = ("project", "latent", "jpmap")
PATCH_MODELS = ("mvg", "gsm", "ica", "gmm", "vae-patch")
PATCHES, HELD_OUT = 200_000, 10_000
SHIFT = 3
"""Columns from one place of the grid to the next."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=("denoiser", "modes", "seam", "patches"))
    parser.add_argument("--model", type=Path, help="read, or trained and written")
    parser.add_argument("--leaves", action="store_true", help="train on dead leaves")
    parser.add_argument("--iterations", type=int, help="of the training, instead of the default")
    parser.add_argument("--images", type=int, default=68, help="only the first images of BSD68")
    parser.add_argument(
        "--stride", type=int, help="pixels from one tile to the next, instead of the default"
    )
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    if "PRIORBENCH_DATA" not in os.environ:
        sys.exit("set PRIORBENCH_DATA to the folder that holds bsds500_train/ and bsd68/")
    torch.set_num_threads(arguments.threads)
    {"denoiser": denoiser, "modes": modes, "seam": seam, "patches": patches}[arguments.part](
        arguments
    )


def denoiser(arguments: argparse.Namespace) -> None:
    prior = trained("dncnn", arguments)
    images = bsd68(arguments.images)
    for sigma in (15, 25, 50):
        psnr = mean_psnr(prior, Denoise(sigma), images)
        print(f"sigma {sigma}: {psnr:.2f} dB over {len(images)} images of BSD68", flush=True)


def modes(arguments: argparse.Namespace) -> None:
    prior = trained("vae", arguments)
    squares = crops(photographs(), 128)
    rows = {"observation": PRIORS["observed"].load()(), "total variation": made("tv")}
    rows |= {mode: copy(prior, mode=mode) for mode in MODES}
    for name, each in rows.items():
        began = time.perf_counter()
        values = "  ".join(
            f"{task} {mean_psnr(each, how, squares):.2f} dB" for task, how in TASKS.items()
        )
        seconds = (time.perf_counter() - began) / len(TASKS) / len(squares)
        print(f"{name:16} {values}  {seconds:.1f} s an image of 128 x 128", flush=True)


@torch.no_grad()
def seam(arguments: argparse.Namespace) -> None:
    prior = trained("vae", arguments)
    if arguments.stride:
        prior = copy(prior, stride=arguments.stride)
    sums = torch.zeros(2, 2, dtype=torch.float64)
    for image in bsd68(arguments.images):
        # With the grid at every place each column is at a border in its turn: what the image holds
        # there cancels.
        for left in range(0, prior.parameters.stride, SHIFT):
            plane = F.pad(image, (left, 0, 0, 0), mode="replicate")[0]
            _, height, width = plane.shape
            error = prior.reconstruct(plane[0])[0] - plane[0]
            energy = error[:, left:].diff(dim=1).square().mean(0)
            ends = torch.tensor(
                Tiling(height, width, prior.tile_size, prior.parameters.stride).columns
            )
            ends = torch.cat([ends, ends + prior.tile_size]) - 1 - left
            border = torch.zeros(len(energy), dtype=torch.bool)
            border[ends[(ends >= 0) & (ends < len(energy))]] = True
            for place, here in enumerate((border, ~border)):
                sums[place] += torch.stack([energy[here].double().sum(), here.sum()])
    ratio = float(sums[0, 0] / sums[0, 1] / (sums[1, 0] / sums[1, 1]))
    print(
        f"energy of differences across the tiles' borders: {ratio:.4f} of elsewhere (goal: within 0.02 of 1)"
    )


def patches(arguments: argparse.Namespace) -> None:
    images = training_images(leaves=False)
    for name in PATCH_MODELS:
        own = {"n_tiles": PATCHES} if name == "vae-patch" else {"n_patches": PATCHES}
        if name == "vae-patch" and arguments.iterations:
            own["iterations"] = arguments.iterations
        prior, began = made(name, held_out=HELD_OUT / PATCHES, **own), time.perf_counter()
        best = max(row["held_out_log_likelihood"] for row in prior.fit(images, Context.seeded(0)))
        print(
            f"{name:10} {best:.2f} nats per held-out patch, {time.perf_counter() - began:.0f} s",
            flush=True,
        )


def trained(name: str, arguments: argparse.Namespace) -> Any:
    """Return a prior with the model of the file, which is trained if there is none."""
    prior = made(name, **({"iterations": arguments.iterations} if arguments.iterations else {}))
    if arguments.model is not None and arguments.model.exists():
        prior.load(arguments.model)
        return prior
    began = time.perf_counter()
    for row in prior.fit(training_images(arguments.leaves), Context.seeded(0)):
        print("  ".join(f"{key} {value:.5g}" for key, value in row.items()), flush=True)
    print(f"trained in {time.perf_counter() - began:.0f} s")
    if arguments.model is not None:
        prior.save(arguments.model)
    return prior


def made(name: str, **changes: Any) -> Any:
    """Return a prior with its defaults but for these."""
    entry = PRIORS[name]
    return entry.load()(**entry.spec.parameters(**changes).model_dump())


def copy(prior: Any, **changes: Any) -> Any:
    """Return a fitted prior with other parameters."""
    other = type(prior)(**{**prior.parameters.model_dump(), **changes})
    other.load_state_dict(prior.state_dict())
    return other


def training_images(leaves: bool) -> list[Image]:
    """Return BSDS train, or dead leaves."""
    if leaves:
        parameters = DeadLeavesParameters()
        return [to_tensor(load_dead_leaves(parameters, name)) for name in names_of(parameters)]
    files = sorted(Path(os.environ["PRIORBENCH_DATA"], "bsds500_train").glob("*.jpg"))
    return [to_tensor(read_image(file)) for file in files]


def bsd68(count: int) -> list[Image]:
    """Return the first images of BSD68."""
    files = sorted(Path(os.environ["PRIORBENCH_DATA"], "bsd68").glob("*.png"))
    return [to_tensor(read_image(file)) for file in files[:count]]


if __name__ == "__main__":
    main()
