"""The patch models side by side: held-out log-likelihood, and EPLL on images of BSD68.

    PRIORBENCH_DATA=… python benchmarks/patch_models.py
    PRIORBENCH_DATA=… python benchmarks/patch_models.py --sweep

Each model learns from the same patches of BSDS train and is measured on the same others, in nats
per patch on the 63 dimensions without the mean. EPLL runs with the same sparse grid of patches for
all, so that the whole takes minutes. With ``--sweep``, mixtures of 1 to 500 components instead,
likelihood only.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import torch

from priorbench.data.images import read_image
from priorbench.data.tensors import to_tensor
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.seeds import derive_seed
from priorbench.solvers import restore
from priorbench.tasks import Denoise
from priorbench.types import Image

ROOT = Path(__file__).parents[1]
MODELS = ("ind-pixel", "mvg", "pca", "ica", "gsm", "gmm")
COMPONENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
SIGMAS = (15, 25, 50)
HELD_OUT = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--patches", type=int, default=200_000, help="patches that each model learns from"
    )
    parser.add_argument(
        "--images", type=int, default=17, help="images of BSD68, evenly spaced in their order"
    )
    parser.add_argument(
        "--stride",
        type=int,
        default=3,
        help="one of stride² patches is estimated in each iteration",
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--sweep", action="store_true", help="mixtures of 1 to 500 components, likelihood only"
    )
    arguments = parser.parse_args()
    if "PRIORBENCH_DATA" not in os.environ:
        sys.exit("set PRIORBENCH_DATA to the folder that holds bsds500_train/ and bsd68/")
    torch.set_num_threads(arguments.threads)
    data = Path(os.environ["PRIORBENCH_DATA"])
    training = [
        to_tensor(read_image(file)) for file in sorted((data / "bsds500_train").glob("*.jpg"))
    ]
    if arguments.sweep:
        for components in COMPONENTS:
            learn("gmm", training, arguments.patches, n_components=components)
        return
    files = sorted((data / "bsd68").glob("*.png"))
    files = files[:: len(files) // arguments.images][: arguments.images]
    for name in MODELS:
        prior = learn(name, training, arguments.patches)
        prior.stride = arguments.stride
        began = time.perf_counter()
        means = [mean_psnr(prior, sigma, files) for sigma in SIGMAS]
        shown = "  ".join(
            f"σ={sigma}: {mean:.2f} dB" for sigma, mean in zip(SIGMAS, means, strict=True)
        )
        print(f"{name:10s} {shown}  ({time.perf_counter() - began:.0f} s)", flush=True)


def learn(name: str, images: list[Image], patches: int, **parameters: Any) -> Any:
    """Return a fitted prior; print how likely held-out patches are."""
    entry = load_plugins([ROOT / "plugins"]).priors[name]
    values = {"n_patches": patches, "held_out": HELD_OUT / patches, **parameters}
    model = entry.spec.parameters.model_validate(values)
    prior = entry.load()(**model.model_dump())
    began = time.perf_counter()
    rows = list(prior.fit(images, Context.seeded(0)))
    best = max(row["held_out_log_likelihood"] for row in rows)
    label = name + "".join(f" {key}={value}" for key, value in parameters.items())
    took = time.perf_counter() - began
    print(
        f"{label:24s} {best:8.2f} nats per patch, {len(rows)} iterations, {took:.0f} s", flush=True
    )
    return prior


def mean_psnr(prior: Any, sigma: float, files: list[Path]) -> float:
    """Return the mean PSNR in dB."""
    total = 0.0
    for file in files:
        clean = to_tensor(read_image(file))
        seed = derive_seed(0, "bsd68", file.stem, f"denoise-{sigma:g}")
        problem = Denoise(sigma=sigma).corrupt(clean, torch.Generator().manual_seed(seed))
        error = (restore(prior, problem, Context.seeded(seed)).image.clamp(0, 1) - clean).square()
        total -= 10 * float(error.mean(dtype=torch.float64).log10())
    return total / len(files)


if __name__ == "__main__":
    main()
