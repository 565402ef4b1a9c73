"""The default of plug-and-play against the published schedule of DPIR, with one denoiser on the
same problems.

    PRIORBENCH_DATA=/path/to/images python benchmarks/dpir.py --set cbsd68 --images 5

Zhang et al. 2021, doi:10.1109/TPAMI.2021.3088914: the data step comes first, with the weight of the
level that the denoiser is told next, and the denoiser has the last word. The levels fall from 49 to
255 σ in 8 steps. Each call sees the image turned or mirrored in another one of the eight ways. PSNR
in dB over whole images, clipped to [0, 1].
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch
from ffdnet import FFDNet
from training_crops import crops, photographs

from priorbench.data.images import read_image
from priorbench.data.tensors import to_tensor
from priorbench.priors import Context, Denoiser
from priorbench.problem import Problem
from priorbench.solvers import restore
from priorbench.solvers.continuation import geometric
from priorbench.tasks import Deblur
from priorbench.types import Image

STEPS = 8
FIRST = 49 / 255
LAMBDA = 0.23


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", choices=("cbsd68", "training"), default="cbsd68")
    parser.add_argument("--images", type=int, default=5)
    parser.add_argument("--skip", type=int, default=0, help="images that are left out first")
    parser.add_argument("--side", type=int, default=160, help="pixels of a training crop")
    parser.add_argument("--kernel", default="levin1")
    parser.add_argument("--sigma", type=float, default=2.55, help="of the noise, 0-255")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    images = (
        crops(photographs(), arguments.side, colour=True)
        if arguments.set == "training"
        else cbsd68()
    )
    prior, task = FFDNet(colour=True), Deblur(arguments.kernel, arguments.sigma)
    print(f"{'image':>8}  {'default':>8}  {'DPIR':>8}  {'unturned':>8}  {'difference':>10}  (dB)")
    rows = []
    for number, clean in enumerate(
        images[arguments.skip :][: arguments.images], arguments.skip + 1
    ):
        problem = task.corrupt(clean, torch.Generator().manual_seed(number))
        restored = restore(prior, problem, Context.seeded(0)).image
        both = [dpir(prior, problem, turned=turned) for turned in (True, False)]
        rows.append([psnr(image, clean) for image in (restored, *both)])
        show(str(number), rows[-1])
    show("mean", torch.tensor(rows).mean(0).tolist())


def cbsd68() -> list[Image]:
    """Return the colour images, in the order of their names."""
    files = sorted(Path(os.environ["PRIORBENCH_DATA"], "cbsd68").glob("*.png"))
    return [to_tensor(read_image(file)) for file in files]


@torch.no_grad()
def dpir(prior: Denoiser, problem: Problem, *, turned: bool) -> Image:
    """Restore by the schedule of DPIR: weights ρ = λσ²/s² of the prior against the data's 1.

    Args:
        prior: the denoiser.
        problem: any linear problem with noise.
        turned: whether each call sees the image in another one of eight ways.
    """
    x = problem.y
    for step, level in enumerate(geometric(FIRST, problem.sigma, STEPS)):
        x = problem.operator.data_step(problem.y, x, 1.0, LAMBDA * (problem.sigma / level) ** 2)
        way = step % 8 if turned else 0
        seen = torch.rot90(x, way % 4, (2, 3))
        seen = seen.flip(3) if way >= 4 else seen
        z = prior.denoise(seen, level)
        z = z.flip(3) if way >= 4 else z
        x = torch.rot90(z, -(way % 4), (2, 3))
    return x


def psnr(image: Image, clean: Image) -> float:
    """Return the PSNR in dB."""
    return -10 * float((image.clamp(0, 1) - clean).square().mean().log10())


def show(name: str, values: list[float]) -> None:
    """Print a row."""
    cells = "  ".join(f"{value:8.2f}" for value in values)
    print(f"{name:>8}  {cells}  {values[0] - values[1]:+10.2f}", flush=True)


if __name__ == "__main__":
    main()
