r"""What the metrics say of good and bad images, and how long they take.

    python benchmarks/measures.py
    python benchmarks/measures.py --seconds
    python benchmarks/measures.py --seeds

Means over four photographs that ship with scikit-image, in gray: clean, with white noise of σ,
under a Gaussian blur in pixels, and restored from noise of σ = 25 by priors with their own
settings. Values of the images are clipped to [0, 1]. ``--seconds`` has processor seconds per
megapixel instead, one thread, the median of five; ``--seeds`` the standard deviation of
``patch-distance`` over the seeds of its random directions.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from training_crops import ROOT, prior

from priorbench.data.embedded import file_of
from priorbench.data.images import planes, read_image
from priorbench.data.tensors import to_array, to_tensor
from priorbench.data.transform import to_gray
from priorbench.metrics.patch_distance import patch_distance
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.seeds import seeded
from priorbench.solvers import restore
from priorbench.specs import MetricSpec
from priorbench.tasks import Denoise

PHOTOGRAPHS = ("camera", "astronaut", "coffee", "chelsea")
SIGMAS = (10, 25, 50)
BLURS = (0.5, 1, 2)
SIGMA = 25
"""Of the noise that priors remove."""
REPEATS = 5
SEEDS = 10

Metric = Callable[[np.ndarray, np.ndarray], float]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prior", nargs="+", default=["tv", "bm3d"])
    parser.add_argument("--seconds", action="store_true")
    parser.add_argument("--seeds", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    images = [photograph(name) for name in PHOTOGRAPHS]
    if arguments.seconds:
        for spec, metric in metrics():
            print(f"{spec.name:<18} {seconds_per_megapixel(metric, images[0]):.2f} s", flush=True)
        return
    if arguments.seeds:
        for name, copies in kinds(images, arguments.prior):
            print(f"{name:<18} {spread(copies, images):.4f} gray levels", flush=True)
        return
    print("| image | " + " | ".join(spec.label for spec, _ in metrics()) + " |")
    print("|---|" + "---:|" * len(metrics()))
    for name, copies in kinds(images, arguments.prior):
        cells = [
            f"{mean_value(metric, copies, images):.{spec.decimals}f}" for spec, metric in metrics()
        ]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def metrics() -> list[tuple[MetricSpec, Metric]]:
    """Return the metrics of gray images that need no problem."""
    entries = load_plugins([ROOT / "plugins"]).metrics.values()
    return [
        (entry.spec, entry.load())
        for entry in entries
        if not entry.spec.of_problem and entry.spec.name not in ("psnr-y", "rmse")
    ]


def photograph(name: str) -> np.ndarray:
    """Return a gray photograph, H × W × 1."""
    return planes(to_gray(read_image(file_of(name))))


def kinds(images: list[np.ndarray], priors: list[str]) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Yield what is made of the photographs, with its name."""
    yield "clean", images
    for sigma in SIGMAS:
        yield f"noise {sigma}", [noisy(image, sigma) for image in images]
    for blur in BLURS:
        copies = [gaussian_filter(image, (blur, blur, 0)) for image in images]
        yield f"blur {blur:g}", copies
    for name in priors:
        yield f"`{name}`", [restored(name, image) for image in images]


def noisy(image: np.ndarray, sigma: float) -> np.ndarray:
    """Return an image with white noise, clipped to [0, 1]."""
    problem = Denoise(sigma).corrupt(to_tensor(image), torch.Generator().manual_seed(0))
    return to_array(problem.y.clamp(0, 1))


def restored(name: str, image: np.ndarray) -> np.ndarray:
    """Return what a prior with its own settings makes of the noisy image."""
    problem = Denoise(SIGMA).corrupt(to_tensor(image), torch.Generator().manual_seed(0))
    settings = load_plugins([ROOT / "plugins"]).priors[name].spec.solver
    found = restore(prior(name, []), problem, Context.seeded(0, solver=settings)).image
    return to_array(found.clamp(0, 1))


def mean_value(
    metric: Metric, copies: list[np.ndarray], images: list[np.ndarray], seed: int = 0
) -> float:
    """Return the mean of a metric over images, its random numbers the same for all."""
    values = []
    for copy, image in zip(copies, images, strict=True):
        with seeded(seed):
            values.append(metric(copy, image))
    return float(np.mean(values))


def spread(copies: list[np.ndarray], images: list[np.ndarray]) -> float:
    """Return the standard deviation of the mean patch distance over seeds."""
    values = [mean_value(patch_distance, copies, images, seed) for seed in range(SEEDS)]
    return float(np.std(values, ddof=1))


def seconds_per_megapixel(metric: Metric, image: np.ndarray) -> float:
    """Return the median processor time of a metric, after one call that is not counted."""
    copy, times = noisy(image, SIGMA), []
    for _ in range(REPEATS + 1):
        began = time.process_time()
        metric(copy, image)
        times.append(time.process_time() - began)
    return float(np.median(times[1:])) / image.size * 1e6


if __name__ == "__main__":
    main()
