"""Choosing components against the machine's matrix rate, and against float64.

    python benchmarks/selection.py --model gmm-K200.safetensors --threads 2

Prints the operations of the one large product in a second, over the whole time of the choice
(centring, whitening, features, product, argmax), beside the rate of a 2048 × 2048 float32 product
in the same rounds, with and without a short list in bfloat16 where the processor multiplies that;
and the part of the choices that are those of K separate quadratic forms in float64. The patches are
those of scikit-image's photograph ``camera``, 512 × 512, with the noise of each step of denoising
at σ = 25.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from instructions import add_option, instructions, restrict
from torch import Tensor

from priorbench.data.embedded import file_of
from priorbench.data.images import read_image
from priorbench.data.tensors import to_tensor
from priorbench.numerics.patches import mean_free_basis
from priorbench.numerics.precision import multiplies_bfloat16
from priorbench.plugins.manager import load_plugins

ROOT = Path(__file__).parents[1]
COMPONENTS, PIXELS, SIDE = 200, 64, 2048
STEPS = (1, 4, 8, 16, 32, 64)
CHECKED = 40_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--model", type=Path, required=True, help="a trained GMM with 200 components"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    add_option(parser)
    arguments = parser.parse_args()
    restrict(arguments)
    torch.set_num_threads(arguments.threads)
    prior = load_plugins([ROOT / "plugins"]).priors["gmm"].load()(n_components=COMPONENTS)
    prior.load(arguments.model)
    clean = to_tensor(read_image(file_of("camera")))[0, 0]
    clean = clean.unfold(0, 8, 1).unfold(1, 8, 1).reshape(-1, PIXELS)
    matrix, out = torch.randn(SIDE, SIDE), torch.empty(SIDE, SIDE)
    from plugins.gmm import posterior

    most = {"float32 alone": len(clean) + 1, "with a short list": posterior.MANY_PATCHES}
    choices: dict[str, list[float]] = {name: [] for name in most}
    products = []
    for _ in range(arguments.rounds):
        for name, posterior.MANY_PATCHES in most.items():
            choices[name].append(seconds(lambda: prior.select(clean, 1e-3)))
        products.append(seconds(lambda: torch.mm(matrix, matrix, out=out)))
    dimension = PIXELS - 1
    peak = 2 * SIDE**3 / statistics.median(products) / 1e9
    print(
        f"{len(clean)} patches, K={COMPONENTS}, {arguments.threads} threads; {instructions()}; "
        f"matrix product {peak:.0f} GFLOP/s"
    )
    if not multiplies_bfloat16(torch.device("cpu")):
        print("this processor has no instructions for bfloat16: both ways are the same")
    for name, times in choices.items():
        rate = (
            dimension * (dimension + 1) * COMPONENTS * len(clean) / statistics.median(times) / 1e9
        )
        taken = f"{statistics.median(times):.2f} s, {rate:.0f} GFLOP/s"
        print(f"{name}: {taken}, {rate / peak:.0%} of it (goal: at least 60 %)")
    generator = torch.Generator().manual_seed(0)
    some = clean[torch.randperm(len(clean), generator=generator)[:CHECKED]]
    for step in STEPS:
        variance = (25 / 255) ** 2 / step
        noisy = some + variance**0.5 * torch.randn(some.shape, generator=generator)
        equal = float(
            (prior.select(noisy, variance) == in_float64(prior, noisy, variance)).double().mean()
        )
        print(
            f"noise variance {variance:.1e}: {equal:.3%} chosen as in float64 "
            f"(goal: at least 99.9 %)"
        )


def in_float64(prior: Any, patches: Tensor, noise_variance: float) -> Tensor:
    """Return the likeliest component of each patch by K separate forms in float64."""
    basis = mean_free_basis(PIXELS)
    u = patches.double() @ basis
    mixture = prior.mixture
    factors = torch.linalg.cholesky(
        mixture.covariances + noise_variance * torch.eye(PIXELS - 1, dtype=torch.float64)
    )
    scores = [
        weight.log()
        - factor.diagonal().log().sum()
        - torch.linalg.solve_triangular(factor, u.mT, upper=False).square().sum(0) / 2
        for weight, factor in zip(mixture.weights, factors, strict=True)
    ]
    return torch.stack(scores).argmax(0)


def seconds(run: Callable[[], object]) -> float:
    """Return how long ``run`` takes."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
