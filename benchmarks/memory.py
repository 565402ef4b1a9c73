"""Peak memory of EPLL on a synthetic image of 12 megapixels; it must stay under 3 GiB.

    python benchmarks/memory.py

One step of EPLL in mode exact, since each needs the same. The mixture has 200 random components:
memory does not depend on what they are. Linux only.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path

import torch

from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.solvers import half_quadratic, restore
from priorbench.tasks import Denoise, Inpaint

COMPONENTS, LIMIT_MB = 200, 3072


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--side", type=int, default=3464, help="pixels a side")
    parser.add_argument("--task", choices=("denoise", "inpaint"), default="denoise")
    arguments = parser.parse_args()
    prior = (
        load_plugins([Path(__file__).parents[1] / "plugins"])
        .priors["gmm"]
        .load()(n_components=COMPONENTS)
    )
    generator = torch.Generator().manual_seed(0)
    factors = torch.randn(COMPONENTS, 64, 64, generator=generator, dtype=torch.float64) / 80
    weights = torch.full((COMPONENTS,), 1 / COMPONENTS, dtype=torch.float64)
    prior.load_state_dict({"weights": weights, "covariances": factors @ factors.mT})
    clean = torch.rand(1, 1, arguments.side, arguments.side, generator=generator)
    task = Denoise(sigma=25) if arguments.task == "denoise" else Inpaint(missing=50, sigma=0)
    half_quadratic.DENOISING_STEPS = (1.0,)
    before, began = peak_mb(), time.perf_counter()
    restore(prior, task.corrupt(clean, generator), Context.seeded(0))
    peak, seconds = peak_mb(), time.perf_counter() - began
    print(
        f"{arguments.task}, {arguments.side} × {arguments.side}: {seconds:.0f} s, peak of the process {peak:.0f} MiB, "
    )
    print(f"{peak - before:.0f} MiB more than before the restoration; limit {LIMIT_MB} MiB")
    if peak > LIMIT_MB:
        raise SystemExit("over the limit")


def peak_mb() -> float:
    """Return the greatest resident memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
