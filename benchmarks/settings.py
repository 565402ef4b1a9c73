r"""The grid of the stage tune against a wider search: mean PSNR on training crops for each denoiser
and regime.

    PRIORBENCH_DATA=/path/to/images python benchmarks/settings.py --prior nlm wavelet median
    PRIORBENCH_DATA=/path/to/images python benchmarks/settings.py --prior dncnn \
        --model dncnn.safetensors --parameters '{"blocks": 1, "batch": 8, "iterations": 1200}'

For each regime it prints the default of the denoiser's kind, the best of the grid and the best of a
factorial around it, each with its mean and the PSNR of each training task.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path
from typing import Any

import torch
from continuation import TASKS
from denoisers import denoiser
from training_crops import crops, mean_psnr, photographs

from priorbench.plan.tuning import solver_candidates
from priorbench.specs.solver_settings import REGIMES, Regime, SolverSettings, SplittingSettings
from priorbench.types import Image

TUNED: dict[Regime, tuple[str, ...]] = {
    "missing": ("inpaint 50", "inpaint 80", "noisy 50"),
    "mixed": ("shake", "gaussian", "box 10"),
    "mixed_noise_free": ("sr x2", "sr x3"),
    "sensed": ("sense 25",),
}
WIDE: dict[Regime, dict[str, tuple[Any, ...]]] = {
    "missing": {
        "first": (0.04, 0.1, 0.15),
        "last": (0.005, 0.02, 0.04, 0.08),
        "steps": (5, 12, 20),
        "trust": (2.0,),
        "momentum": (0.0, 0.3),
        "dual": (True,),
    },
    "mixed": {
        "first": (0.15, 0.3),
        "last": (0.006, 0.01, 0.02),
        "steps": (5, 8, 12),
        "trust": (2.0, 3.0),
        "momentum": (0.0, 0.3),
        "dual": (False,),
    },
    "mixed_noise_free": {
        "first": (0.1, 0.3),
        "last": (0.01, 0.02, 0.04),
        "steps": (4, 8, 14),
        "trust": (2.0,),
        "momentum": (0.0, 0.3),
        "dual": (False, True),
    },
    "sensed": {
        "first": (0.15, 0.3),
        "last": (0.02, 0.04),
        "steps": (16, 24),
        "trust": (2.0,),
        "momentum": (0.0, 0.5),
        "dual": (False, True),
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prior", nargs="+", default=["nlm"])
    parser.add_argument("--model", type=Path, help="fitted model of the only prior")
    parser.add_argument("--parameters", default="{}", help="its parameters as JSON")
    parser.add_argument("--regime", nargs="+", choices=REGIMES, default=REGIMES)
    parser.add_argument("--side", type=int, default=128, help="pixels of a crop")
    parser.add_argument("--images", type=int, default=4, help="number of crops")
    parser.add_argument("--narrow", action="store_true", help="leave the wider search out")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    squares = crops(photographs(), arguments.side)[: arguments.images]
    for name in arguments.prior:
        model = denoiser(name, arguments.model, arguments.parameters)
        for regime in arguments.regime:
            show(name, regime, "default", model, [SolverSettings()], squares)
            grid = [candidate.solver for candidate in solver_candidates(regime)]
            show(name, regime, "grid", model, grid, squares)
            if not arguments.narrow:
                show(name, regime, "wide", model, factorial(regime), squares)


def factorial(regime: Regime) -> list[SolverSettings]:
    """Return the settings of the wider search."""
    axes = WIDE[regime]
    made = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    return [
        SolverSettings(**{regime: SplittingSettings(**values)})
        for values in made
        if values["last"] <= values["first"]
    ]


def show(
    name: str,
    regime: Regime,
    what: str,
    model: Any,
    tried: list[SolverSettings],
    squares: list[Image],
) -> None:
    """Print the best of some settings."""
    found = []
    for settings in tried:
        values = [
            mean_psnr(model, TASKS[regime][task], squares, settings) for task in TUNED[regime]
        ]
        found.append((sum(values) / len(values), values, settings.of(regime).words))
    mean, values, words = max(found)
    tasks = "  ".join(
        f"{task} {value:.2f}" for task, value in zip(TUNED[regime], values, strict=True)
    )
    print(
        f"{name:<8} {regime:<16} {what:<7} {len(tried):3d}  {mean:.2f} dB  {tasks}  {words}",
        flush=True,
    )


if __name__ == "__main__":
    main()
