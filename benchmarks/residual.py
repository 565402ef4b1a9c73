"""Whether the residual of a restoration tells that σ or the kernel was told wrongly.

    PRIORBENCH_DATA=... python benchmarks/residual.py

Crops of 128 × 128 pixels from four training images of BSDS500 are corrupted and restored by priors
that need no training, with the right σ and kernel and with wrong ones. Printed are the least and
the greatest residual ‖Hx̂ − y‖² / nσ² of each prior; :mod:`priorbench.photographs.advice` takes its
limits from there.
"""

from __future__ import annotations

import os
from pathlib import Path

import torch

from priorbench.config import load_experiment
from priorbench.data.tensors import read_tensor
from priorbench.interactive.names import plan_of
from priorbench.metrics.consistency import residual
from priorbench.priors import Context
from priorbench.solvers import restore
from priorbench.tasks import Deblur, Denoise, Task

PRIORS = ("tv", "wavelet", "wiener", "nlm")
SIDE = 128


def cases() -> list[tuple[str, Task, Task]]:
    """Return what happened, what was told, and the two tasks."""
    found: list[tuple[str, Task, Task]] = []
    for sigma in (5.0, 15.0, 25.0, 50.0):
        for told in (sigma, sigma / 2, 2 * sigma):
            found.append((f"denoise {sigma:g}, told {told:g}", Denoise(sigma), Denoise(told)))
    for sigma in (2.55, 10.0):
        true = Deblur("shake1", sigma)
        for told in (sigma, sigma / 2, 2 * sigma):
            found.append((f"deblur {sigma:g}, told {told:g}", true, Deblur("shake1", told)))
        for kernel in ("shake2", "gaussian"):
            found.append((f"deblur {sigma:g}, told {kernel}", true, Deblur(kernel, sigma)))
    return found


def main() -> None:
    """Print a line for each case."""
    folder = Path(os.environ["PRIORBENCH_DATA"]) / "bsds500_train"
    images = [
        read_tensor(file).mean(1, keepdim=True)[..., 100 : 100 + SIDE, 100 : 100 + SIDE]
        for file in sorted(folder.glob("*.jpg"))[::50]
    ]
    _, priors = plan_of(load_experiment(Path("config.yaml")), PRIORS)
    models = {prior.id: prior.build() for prior in priors}
    for name, true, told in cases():
        line = []
        for prior, model in models.items():
            values = []
            for number, image in enumerate(images):
                y = true.corrupt(image, torch.Generator().manual_seed(number)).y
                problem = told.observe(y)
                restored = restore(model, problem, Context.seeded(0)).image
                values.append(residual(restored, problem))
            line.append(f"{prior} {min(values):.2f} to {max(values):.2f}")
        print(f"{name}: {', '.join(line)}", flush=True)


if __name__ == "__main__":
    main()
