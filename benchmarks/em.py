"""Training: seconds until the held-out likelihood that scikit-learn's ``GaussianMixture`` reaches.

    PRIORBENCH_DATA=… python benchmarks/em.py --threads 2

Both learn K = 200 full covariances from the same 200 000 patches of BSDS train without their mean,
as 63 coordinates of variance 1, and are measured on the same 20 000 others. scikit-learn runs with
its defaults (k-means, at most 100 iterations, until the likelihood rises by less than 10⁻³) but for
the floor of the variances; it also fits means, ours are zero. Ours is the plugin ``gmm`` with its
defaults, all
included: drawing the patches, the start, each pass.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it carries no types

from priorbench.data.images import read_image
from priorbench.data.tensors import to_tensor
from priorbench.numerics.patches import draw_patches, mean_free_basis
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context

COMPONENTS, COUNT, HELD_OUT = 200, 200_000, 20_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--iterations", type=int, default=100, help="most iterations of scikit-learn"
    )
    parser.add_argument(
        "--precision", choices=("float32", "float64"), default="float32", help="of scikit-learn"
    )
    arguments = parser.parse_args()
    if "PRIORBENCH_DATA" not in os.environ:
        sys.exit("set PRIORBENCH_DATA to the folder that holds bsds500_train/")
    torch.set_num_threads(arguments.threads)
    warnings.simplefilter("ignore", ConvergenceWarning)
    files = sorted((Path(os.environ["PRIORBENCH_DATA"]) / "bsds500_train").glob("*.jpg"))
    images = [to_tensor(read_image(file)) for file in files]
    gmm = load_plugins([Path(__file__).parents[1] / "plugins"]).priors["gmm"].load()
    ours = gmm(n_components=COMPONENTS, n_patches=COUNT, held_out=HELD_OUT / COUNT)
    curve, began = [], time.perf_counter()
    for row in ours.fit(images, Context.seeded(0)):
        curve.append((time.perf_counter() - began, row["held_out_log_likelihood"]))
        print(f"priorbench    {curve[-1][0]:7.1f} s  {curve[-1][1]:.3f} nats", flush=True)
    seconds, likelihood = theirs(images, arguments)
    print(
        f"scikit-learn {sklearn.__version__}  {seconds:7.1f} s  {likelihood:.3f} nats, {arguments.precision}"
    )
    reached = [passed for passed, value in curve if value >= likelihood]
    print(
        f"reached after {reached[0]:.1f} s: {reached[0] / seconds:.3f} of its time (goal: at most 0.1)"
        if reached
        else "not reached"
    )


def theirs(images: Any, arguments: argparse.Namespace) -> tuple[float, float]:
    """Return scikit-learn's seconds and its held-out log-likelihood in nats per patch."""
    basis = mean_free_basis(64)
    generator = Context.seeded(0).generator
    train, measured = (
        each[:].double() @ basis
        for each in draw_patches(images, 8, COUNT, HELD_OUT / COUNT, generator)
    )
    values, axes = torch.linalg.eigh(train.mT @ train / len(train))
    scale = values.sqrt()
    vectors, held_out = (
        (each @ axes / scale).numpy().astype(arguments.precision) for each in (train, measured)
    )
    mixture = GaussianMixture(
        COMPONENTS, max_iter=arguments.iterations, reg_covar=1e-4, random_state=0
    )
    began = time.perf_counter()
    with threadpool_limits(arguments.threads):
        mixture.fit(vectors)
    seconds = time.perf_counter() - began
    print(f"scikit-learn: {mixture.n_iter_} iterations, converged: {mixture.converged_}")
    return seconds, float(np.mean(mixture.score_samples(held_out), dtype=np.float64)) - float(
        scale.log().sum()
    )


if __name__ == "__main__":
    main()
