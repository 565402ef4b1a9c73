r"""What priors of the default experiment give on Set12, with the solvers' settings that they ship.

    PRIORBENCH_DATA=… python benchmarks/set12.py --prior gmm-K50 dncnn tv nlm wavelet

The middle of each image, mean PSNR in dB and processor seconds an image. Models are those of the
default experiment; run it before.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import torch
from solver import set12
from training_crops import crops, mean_psnr

from priorbench.config import load_experiment
from priorbench.plan import Plan
from priorbench.tasks import Deblur, Inpaint, SuperResolve, Task

ROOT = Path(__file__).parents[1]
TASKS: dict[str, Task] = {
    "inpaint 50 %": Inpaint(50),
    "the same, sigma 25": Inpaint(50, 25),
    "shake1, sigma 2.55": Deblur("shake1", 2.55),
    "x2": SuperResolve(2),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prior", nargs="+", default=["gmm-K50", "dncnn", "tv", "nlm", "wavelet"])
    parser.add_argument("--results", type=Path, default=ROOT, help="folder that holds results/")
    parser.add_argument("--side", type=int, default=160, help="pixels of a crop")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    os.chdir(arguments.results)
    plan = Plan(load_experiment(Path("config.yaml")))
    squares = crops(set12(), arguments.side)
    for name in arguments.prior:
        chosen = plan.prior(name)
        model = chosen.build()
        if chosen.spec.learns:
            model.load(plan.layout.model(name))
        cells = []
        for task in TASKS.values():
            began = time.process_time()
            psnr = mean_psnr(model, task, squares, chosen.solver)
            cells.append(f"{psnr:.2f} ({(time.process_time() - began) / len(squares):.2f} s)")
        print(f"{name:<10}", "  ".join(cells), flush=True)


if __name__ == "__main__":
    main()
