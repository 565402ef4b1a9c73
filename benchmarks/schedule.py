"""How the β of EPLL's denoising were chosen: mean PSNR on training crops for factors of the paper's
β.

    PRIORBENCH_DATA=… python benchmarks/schedule.py --model gmm-K200.safetensors

Ten crops of BSDS train; one of four patches is estimated in each iteration, so that the whole takes
minutes.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch
from training_crops import ROOT, crops, mean_psnr

from priorbench.data.images import read_image
from priorbench.data.tensors import to_tensor
from priorbench.plugins.manager import load_plugins
from priorbench.solvers import half_quadratic
from priorbench.tasks import Denoise

PAPER = (1.0, 4.0, 8.0, 16.0, 32.0, 64.0)
FACTORS, STEPS = (0.5, 0.7, 1.0, 1.4), (5, 6)
SIGMAS = (15, 25, 50)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--model", type=Path, required=True, help="a trained GMM with 200 components"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--side", type=int, default=192, help="pixels of a crop")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    prior = (
        load_plugins([ROOT / "plugins"])
        .priors["gmm"]
        .load()(n_components=200, mode="fast", stride=2, axes=63)
    )
    prior.load(arguments.model)
    files = sorted((Path(os.environ["PRIORBENCH_DATA"]) / "bsds500_train").glob("*.jpg"))[3::20]
    images = crops([to_tensor(read_image(file)) for file in files], arguments.side)
    print("factor  steps  " + "  ".join(f"σ={sigma}" for sigma in SIGMAS) + "  (dB)")
    for steps in STEPS:
        for factor in FACTORS:
            half_quadratic.DENOISING_STEPS = tuple(factor * beta for beta in PAPER[:steps])
            means = "  ".join(f"{mean_psnr(prior, Denoise(sigma), images):.2f}" for sigma in SIGMAS)
            print(f"{factor:<6g}  {steps:<5d}  {means}", flush=True)


if __name__ == "__main__":
    main()
