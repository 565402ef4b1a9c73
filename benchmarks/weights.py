r"""The weight of a variational prior for one operator after the other: mean PSNR on training crops.

    PRIORBENCH_DATA=/path/to/images python benchmarks/weights.py --prior tv

One weight is meant to serve all operators; see plugins/variational/README.md.
"""

from __future__ import annotations

import argparse
import sys

import torch
from training_crops import ROOT, crops, mean_psnr, photographs, prior

from priorbench.tasks import Deblur, Denoise, Inpaint, Sense, SuperResolve, Task

sys.path.insert(0, str(ROOT))
from plugins.variational.noise import gain

TASKS: dict[str, Task] = {
    "denoise, 15": Denoise(15),
    "denoise, 25": Denoise(25),
    "denoise, 50": Denoise(50),
    "shake1, 2.55": Deblur("shake1", 2.55),
    "Gaussian, 2.55": Deblur("gaussian", 2.55),
    "box, 10": Deblur("box", 10),
    "inpaint 50 %, 25": Inpaint(50, 25),
    "inpaint 50 %": Inpaint(50),
    "×2": SuperResolve(2),
    "sense 25 %": Sense(25),
}
WEIGHTS = (0.15, 0.3, 0.45, 0.6, 0.7, 0.85, 1.2)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prior", default="tv")
    parser.add_argument("--weight", nargs="+", type=float, default=WEIGHTS)
    parser.add_argument("--side", type=int, default=128, help="pixels of a crop")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    squares = crops(photographs(), arguments.side)
    for name, task in TASKS.items():
        problem = task.corrupt(task.fit(squares[0]), torch.Generator().manual_seed(0))
        found = {
            weight: mean_psnr(prior(arguments.prior, [], weight=weight), task, squares)
            for weight in arguments.weight
        }
        values = "  ".join(f"{weight:g}: {psnr:.2f}" for weight, psnr in found.items())
        print(f"{name:<18} {gain(problem.operator, problem.y):.2f}  {values}", flush=True)


if __name__ == "__main__":
    main()
