"""How the constants of the splittings were chosen: mean PSNR on training crops for a grid of them.

    python benchmarks/continuation.py --solver epll
    python benchmarks/continuation.py --solver plug_and_play --prior nlm
    python benchmarks/continuation.py --times 1 2 4

The noise level that is assumed falls geometrically from ``first`` to ``last`` in ``steps`` steps;
``trust`` multiplies the weight of the data; ``momentum`` and ``dual`` are those of
priorbench.solvers.splitting. ``--times`` shows instead whether the defaults have converged: the
same ends with multiples of the steps.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from itertools import product
from typing import Any, cast

from training_crops import crops, mean_psnr, photographs, prior

from priorbench.priors import Denoiser, PatchPrior
from priorbench.solvers import half_quadratic
from priorbench.solvers.continuation import Schedule, geometric
from priorbench.solvers.plug_and_play import SCHEDULES
from priorbench.specs.solver_settings import Regime
from priorbench.tasks import Deblur, Inpaint, InpaintText, Sense, SuperResolve, Task

TASKS: dict[Regime, dict[str, Task]] = {
    "missing": {
        "inpaint 50": Inpaint(50),
        "inpaint 80": Inpaint(80),
        "noisy 50": Inpaint(50, 25),
        "text": InpaintText(),
    },
    "mixed": {
        "shake": Deblur("shake1", 2.55),
        "valid": Deblur("shake1", 2.55, "valid"),
        "gaussian": Deblur("gaussian", 2.55),
        "box 10": Deblur("box", 10),
    },
    "mixed_noise_free": {
        "sr x2": SuperResolve(2),
        "sr x3": SuperResolve(3),
    },
    "sensed": {"sense 25": Sense(25)},
}
GRIDS = {
    ("epll", "missing"): product(
        (2.0,),
        (0.1, 0.15, 0.2),
        (0.012, 0.02, 0.03),
        (14,),
        ((0.8, False), (0.0, True), (0.3, True)),
    ),
    ("epll", "mixed"): product(
        (1.0, 2.0, 4.0),
        (0.1, 0.15),
        (0.006, 0.015),
        (12,),
        ((0.0, False), (0.5, False), (0.0, True)),
    ),
    ("epll", "mixed_noise_free"): product(
        (2.0,),
        (0.1, 0.15),
        (0.003, 0.006, 0.015),
        (14,),
        ((0.0, False), (0.5, False), (0.7, False), (0.0, True)),
    ),
    ("plug_and_play", "missing"): product(
        (2.0,), (0.04, 0.1), (0.004, 0.02, 0.04), (6, 12), ((0.0, False), (0.7, False), (0.0, True))
    ),
    ("plug_and_play", "mixed"): product(
        (2.0, 3.0), (0.1, 0.3), (0.01, 0.02), (8,), ((0.0, False), (0.2, False), (0.0, True))
    ),
    ("plug_and_play", "mixed_noise_free"): product(
        (2.0,), (0.1, 0.3), (0.01, 0.02), (8,), ((0.0, False), (0.2, False), (0.0, True))
    ),
    ("epll", "sensed"): product(
        (2.0,), (0.15,), (0.003, 0.006, 0.015), (14, 28), ((0.5, False), (0.7, False), (0.0, True))
    ),
    ("plug_and_play", "sensed"): product(
        (2.0,), (0.15, 0.3), (0.02, 0.04), (16, 24), ((0.0, False), (0.5, False), (0.0, True))
    ),
}


def schedules(model: Any) -> dict[Regime, Schedule]:
    """Return the table that the solver of a prior takes its default from; change it to change the
    default.
    """
    if isinstance(model, PatchPrior):
        return half_quadratic.SCHEDULES
    return SCHEDULES[cast(Denoiser, model).estimator]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--solver", choices=("epll", "plug_and_play"), default="epll")
    parser.add_argument("--prior", default="gmm")
    parser.add_argument("--side", type=int, default=96, help="pixels of a crop")
    parser.add_argument(
        "--parameters", type=json.loads, default={}, help="the prior's parameters as JSON"
    )
    parser.add_argument("--times", nargs="+", type=int, help="multiples of the defaults' steps")
    arguments = parser.parse_args()
    images = photographs()
    model = prior(arguments.prior, images, **arguments.parameters)
    squares = crops(images, arguments.side)
    table = schedules(model)
    for regime, tasks in TASKS.items():
        names = "  ".join(f"{name:>10}" for name in tasks)
        print(f"trust  first  last   steps  momentum  dual   {names}  (dB)")
        if arguments.times:
            tried = [longer(table[regime], times) for times in arguments.times]
        else:
            tried = [
                Schedule(geometric(first, last, steps), trust, momentum, dual)
                for trust, first, last, steps, (momentum, dual) in GRIDS[arguments.solver, regime]
            ]
        for schedule in tried:
            table[regime] = schedule
            means = "  ".join(f"{mean_psnr(model, task, squares):10.2f}" for task in tasks.values())
            first, last, steps = schedule.levels[0], schedule.levels[-1], len(schedule.levels)
            constants = f"{schedule.trust:<6g} {first:<6g} {last:<6g} {steps:<6d}"
            print(f"{constants} {schedule.momentum:<9g} {schedule.dual!s:<6} {means}", flush=True)


def longer(schedule: Schedule, times: int) -> Schedule:
    """Return a schedule with the same ends and a multiple of the steps."""
    first, last = schedule.levels[0], schedule.levels[-1]
    return replace(schedule, levels=geometric(first, last, times * len(schedule.levels)))


if __name__ == "__main__":
    main()
