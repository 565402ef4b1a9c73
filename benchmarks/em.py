"""Seconds for one EM iteration: the plugin ``gmm`` against scikit-learn's ``GaussianMixture``.

    python benchmarks/em.py --threads 2

Both get the same 50 000 vectors of 64 numbers and 200 full covariances, and start from random responsibilities. An
iteration of scikit-learn is a quarter of what five iterations take longer than one, so that its start costs nothing.
Ours is E-step, M-step and the log-likelihood, in float32 with float64 sums. Rounds alternate; medians are printed.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it carries no types

from priorbench.plugins import load_plugins

COUNT, COMPONENTS, DIMENSION = 50_000, 200, 64
FLOOR = 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    warnings.simplefilter("ignore", ConvergenceWarning)
    vectors = heavy_tailed()
    seconds: dict[str, list[float]] = {"priorbench": [], "scikit-learn float32": [], "scikit-learn float64": []}
    with threadpool_limits(arguments.threads):
        for _ in range(arguments.rounds):
            seconds["priorbench"].append(ours(vectors))
            seconds["scikit-learn float32"].append(theirs(vectors))
            seconds["scikit-learn float64"].append(theirs(vectors.astype(np.float64)))
    print(f"N={COUNT}, K={COMPONENTS}, D={DIMENSION}, {arguments.threads} threads, scikit-learn {sklearn.__version__}")
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, value in medians.items():
        ratio = medians["priorbench"] / value
        print(f"{name:22s} {value:6.2f} s an iteration; priorbench takes {ratio:.2f} of it (goal: at most 0.4)")


def heavy_tailed() -> NDArray[np.float32]:
    """Return correlated vectors with a random contrast, as patches have."""
    generator = np.random.default_rng(0)
    contrast = np.exp(generator.normal(size=(COUNT, 1)))
    vectors = contrast * (generator.normal(size=(COUNT, DIMENSION)) @ generator.normal(size=(DIMENSION, DIMENSION)))
    scaled: NDArray[np.float32] = (vectors / vectors.std()).astype(np.float32)
    return scaled


def ours(vectors: NDArray[np.float32]) -> float:
    """Return the median seconds of an iteration."""
    package = load_plugins([Path(__file__).parents[1] / "plugins"]).priors["gmm"].load().__module__.rpartition(".")[0]
    em, mstep, start = (importlib.import_module(f"{package}.{name}") for name in ("em", "mstep", "start"))
    train = torch.from_numpy(vectors).mT.contiguous()
    labels = start.random_labels(train, COMPONENTS, torch.Generator().manual_seed(0))
    maximise = mstep.Maximise(torch.ones(DIMENSION, dtype=torch.float64), floor=FLOOR, shrinkage=0.0)
    seconds: list[float] = [
        step.seconds
        for step in em.em(train, train[:, :1].contiguous(), em.assigned(labels, COMPONENTS, train), maximise, 4)
    ]
    return statistics.median(seconds)


def theirs(vectors: NDArray[Any]) -> float:
    """Return the seconds of an iteration."""

    def fit(iterations: int) -> float:
        mixture = GaussianMixture(
            COMPONENTS, max_iter=iterations, tol=0.0, reg_covar=FLOOR, init_params="random", random_state=0
        )
        began = time.perf_counter()
        mixture.fit(vectors)
        return time.perf_counter() - began

    once = fit(1)
    return (fit(5) - once) / 4


if __name__ == "__main__":
    main()
