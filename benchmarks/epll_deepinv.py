"""EPLL on one image of BSD68: seconds and PSNR beside deepinv's ``EPLL``, with the same mixture and
the same β.

    PRIORBENCH_DATA=… python benchmarks/epll_deepinv.py --model gmm-K200.safetensors --threads 2

deepinv is needed for this comparison only: ``pip install --no-deps deepinv 'torchvision==0.28.*'``,
and what it then asks for. The model is the one that ``benchmarks/epll_bsd68.py`` trains. deepinv's
mixtures hold the patch's mean as well, which gets a Gaussian that is as good as flat. The noise is
that of σ = 25, the same for all; rounds alternate, and medians are printed: seconds by the clock, and of the processor, which differ
less where other programs run beside it. ``--without-avx512`` measures with the instructions of a
processor without AVX-512.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from instructions import add_option, instructions, restrict
from torch import Tensor

from priorbench.data.images import read_image
from priorbench.data.tensors import to_tensor
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.seeds import derive_seed
from priorbench.solvers import half_quadratic, restore
from priorbench.tasks import Denoise

ROOT = Path(__file__).parents[1]
BETAS = (1.0, 4.0, 8.0, 16.0, 32.0)
"""Those of the paper, which deepinv takes; ours has one more, 64, by default."""
MEAN_VARIANCE = 10.0
LIBRARY: Any = torch.library
TORCHVISION = LIBRARY.Library("torchvision", "FRAGMENT")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--model", type=Path, required=True, help="a trained GMM with 200 components"
    )
    parser.add_argument("--image", default="test003", help="image of BSD68")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    add_option(parser)
    arguments = parser.parse_args()
    restrict(arguments)
    torch.set_num_threads(arguments.threads)
    half_quadratic.DENOISING_STEPS = BETAS
    clean = to_tensor(
        read_image(Path(os.environ["PRIORBENCH_DATA"]) / "bsd68" / f"{arguments.image}.png")
    )
    seed = derive_seed(0, "bsd68", arguments.image, "denoise-25")
    problem = Denoise(sigma=25).corrupt(clean, torch.Generator().manual_seed(seed))
    gmm = load_plugins([ROOT / "plugins"]).priors["gmm"].load()
    runs: dict[str, Callable[[], Tensor]] = {}
    for mode in ("exact", "fast"):
        prior = gmm(n_components=200, mode=mode)
        prior.load(arguments.model)
        runs[f"priorbench, {mode}"] = partial(ours, prior, problem)
    runs["deepinv"] = deepinv_epll(prior, problem.y, problem.sigma)
    results: dict[str, list[tuple[float, float, float]]] = {name: [] for name in runs}
    for _ in range(arguments.rounds):
        for name, run in runs.items():
            began, before = time.perf_counter(), time.process_time()
            image = run()
            seconds, processor = time.perf_counter() - began, time.process_time() - before
            error = (image.clamp(0, 1) - clean).square().mean(dtype=torch.float64)
            results[name].append((seconds, processor, -10 * float(error.log10())))
    theirs = [statistics.median(value[each] for value in results["deepinv"]) for each in (0, 1)]
    print(f"instructions: {instructions()}; {arguments.threads} threads")
    for name, values in results.items():
        seconds, processor = (statistics.median(value[each] for value in values) for each in (0, 1))
        print(
            f"{name:18s} {seconds:7.2f} s  {seconds / theirs[0]:.4f} of deepinv's  "
            f"processor {processor:7.2f} s  {processor / theirs[1]:.4f}  {values[0][2]:.3f} dB"
        )


def ours(prior: Any, problem: Problem) -> Tensor:
    """Return the restoration."""
    return restore(prior, problem, Context.seeded(0)).image


def deepinv_epll(prior: Any, y: Tensor, sigma: float) -> Callable[[], Tensor]:
    """Return deepinv's EPLL of the same mixture."""
    define_torchvision_operators()
    deepinv: Any = importlib.import_module("deepinv")
    state, pixels = prior.state_dict(), prior.patch_size**2
    mixture = deepinv.optim.utils.GaussianMixtureModel(len(state["weights"]), pixels)
    constant = torch.full((pixels, pixels), MEAN_VARIANCE / pixels, dtype=torch.float64)
    mixture.mu.data.zero_()
    mixture.set_weights(state["weights"].float())
    mixture.set_cov((state["covariances"] + constant).float())
    model = deepinv.optim.EPLL(GMM=mixture, pretrained=None, patch_size=prior.patch_size)
    physics = deepinv.physics.Denoising(deepinv.physics.GaussianNoise(sigma))

    @torch.no_grad()
    def run() -> Tensor:
        image: Tensor = model(y, physics, sigma=sigma, x_init=y, batch_size=5000)
        return image

    return run


def define_torchvision_operators() -> None:
    """Declare what torchvision's compiled part would: a torch without CUDA has none that fits."""
    for signature in (
        "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
        "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
        "roi_align(Tensor input, Tensor rois, float spatial_scale, int pooled_height, int pooled_width, "
        "int sampling_ratio, bool aligned) -> Tensor",
    ):
        TORCHVISION.define(signature)


if __name__ == "__main__":
    main()
