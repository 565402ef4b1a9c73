"""How the constants of half-quadratic splitting were chosen: mean PSNR on training crops for a grid of them.

    python benchmarks/continuation.py --solver epll
    python benchmarks/continuation.py --solver plug_and_play --prior tv

The noise level that is assumed falls geometrically from ``first`` to ``last`` in ``steps`` steps; ``trust`` multiplies
the weight of the data.
"""

from __future__ import annotations

import argparse
import importlib
from itertools import product
from typing import Any

from training_crops import crops, mean_psnr, photographs, prior

from priorbench.tasks import Deblur, Inpaint, InpaintText, Sense, SuperResolve

MISSING = {
    "inpaint 50": Inpaint(50),
    "inpaint 80": Inpaint(80),
    "noisy 50": Inpaint(50, 25),
    "text": InpaintText(),
}
MIXED = {
    "shake": Deblur("shake1", 2.55),
    "valid": Deblur("shake1", 2.55, "valid"),
    "gaussian": Deblur("gaussian", 2.55),
    "box 10": Deblur("box", 10),
    "sr x2": SuperResolve(2),
    "sr x3": SuperResolve(3),
    "sense 25": Sense(25),
}
MODULES = {"epll": "half_quadratic", "plug_and_play": "plug_and_play"}
"""Where the constants of each solver are."""
GRIDS = {
    ("epll", "missing"): ((1.0, 2.0, 3.0), (0.05, 0.1, 0.2), (0.006, 0.012), (12, 24)),
    ("epll", "mixed"): ((1.0, 2.0, 4.0), (0.1, 0.15, 0.3), (0.01, 0.015, 0.02), (8, 12)),
    ("plug_and_play", "missing"): ((1.0, 5.0), (0.02, 0.04, 0.1), (0.004, 0.01), (6, 12)),
    ("plug_and_play", "mixed"): ((1.0, 3.0, 5.0, 10.0), (0.05, 0.1, 0.2), (0.01, 0.02), (8, 12)),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--solver", choices=tuple(MODULES), default="epll")
    parser.add_argument("--prior", default="gmm")
    parser.add_argument("--side", type=int, default=96, help="pixels of a crop")
    arguments = parser.parse_args()
    solver = importlib.import_module(f"priorbench.solvers.{MODULES[arguments.solver]}")
    images = photographs()
    model, squares = prior(arguments.prior, images), crops(images, arguments.side)
    for regime, tasks in (("missing", MISSING), ("mixed", MIXED)):
        print(
            "trust  first  last   steps  " + "  ".join(f"{name:>10}" for name in tasks) + "  (dB)"
        )
        for trust, first, last, steps in product(*GRIDS[arguments.solver, regime]):
            set_constants(solver, regime, trust, first, last, steps)
            means = "  ".join(f"{mean_psnr(model, task, squares):10.2f}" for task in tasks.values())
            print(f"{trust:<6g} {first:<6g} {last:<6g} {steps:<6d} {means}", flush=True)


def set_constants(
    solver: Any, regime: str, trust: float, first: float, last: float, steps: int
) -> None:
    """Set the constants of a solver's module."""
    solver.TRUST = trust
    if hasattr(solver, "CONTINUATION"):
        solver.CONTINUATION[regime] = (first, last, steps)
    else:
        solver.FIRST_SIGMA[regime] = (first, 0.8)
        solver.LAST_SIGMA[regime] = (last, 0.15)
        solver.STEPS[regime] = steps


if __name__ == "__main__":
    main()
