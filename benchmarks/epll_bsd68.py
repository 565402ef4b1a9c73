"""EPLL with a GMM on BSD68: mean PSNR.

    PRIORBENCH_DATA=… python benchmarks/epll_bsd68.py --sigma 25 --model gmm-K200.safetensors

The folder needs ``bsds500_train/*.jpg`` (to train on, gray by the BT.601 weights) and
``bsd68/*.png``. The model is trained once, on ``--patches`` patches, and kept in ``--model``. The
noise is neither clipped nor rounded; the restoration is clipped to [0, 1] before PSNR.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import torch

from priorbench.data.images import read_image
from priorbench.data.tensors import to_tensor
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.seeds import derive_seed
from priorbench.solvers import restore
from priorbench.tasks import Denoise

ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sigma", type=float, default=25, help="standard deviation of the noise, 0–255"
    )
    parser.add_argument("--images", type=int, default=68, help="only the first images")
    parser.add_argument(
        "--model",
        type=Path,
        default=Path("gmm-K200.safetensors"),
        help="read, or trained and written",
    )
    parser.add_argument(
        "--patches", type=int, default=100_000, help="patches that the model learns from"
    )
    parser.add_argument("--mode", choices=("exact", "fast"), default="exact")
    parser.add_argument("--stride", type=int, default=4, help="of mode fast")
    parser.add_argument("--axes", type=int, default=40, help="of mode fast")
    parser.add_argument(
        "--adapt", type=int, default=0, help="steps of EM on the noisy image's own patches"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if "PRIORBENCH_DATA" not in os.environ:
        sys.exit("set PRIORBENCH_DATA to the folder that holds bsds500_train/ and bsd68/")
    data = Path(os.environ["PRIORBENCH_DATA"])
    gmm = load_plugins([ROOT / "plugins"]).priors["gmm"].load()
    torch.set_num_threads(arguments.threads)
    # Twenty thousand held-out patches tell models apart; a tenth of two million would only cost
    # time.
    prior = gmm(
        n_components=200,
        n_patches=arguments.patches,
        held_out=20_000 / arguments.patches,
        mode=arguments.mode,
        stride=arguments.stride,
        axes=arguments.axes,
        adapt=arguments.adapt,
    )
    if arguments.model.exists():
        prior.load(arguments.model)
    else:
        files = sorted((data / "bsds500_train").glob("*.jpg"))
        images = [to_tensor(read_image(file)) for file in files]
        for row in prior.fit(images, Context.seeded(derive_seed(arguments.seed, "gmm"))):
            print("  ".join(f"{key} {value:.2f}" for key, value in row.items()), flush=True)
        prior.save(arguments.model)
        del images
    psnr, total = [], 0.0
    for file in sorted((data / "bsd68").glob("*.png"))[: arguments.images]:
        clean = to_tensor(read_image(file))
        seed = derive_seed(arguments.seed, "bsd68", file.stem, f"denoise-{arguments.sigma:g}")
        problem = Denoise(sigma=arguments.sigma).corrupt(clean, torch.Generator().manual_seed(seed))
        began = time.perf_counter()
        restored = restore(prior, problem, Context.seeded(seed)).image.clamp(0, 1)
        psnr.append(-10 * float((restored - clean).square().mean(dtype=torch.float64).log10()))
        seconds = time.perf_counter() - began
        total += seconds
        print(
            f"{file.stem}  {psnr[-1]:.3f} dB  {seconds:.1f} s  mean {sum(psnr) / len(psnr):.3f} dB",
            flush=True,
        )
    print(
        f"sigma {arguments.sigma:g}, {arguments.mode}, seed {arguments.seed}: "
        f"mean {sum(psnr) / len(psnr):.3f} dB over {len(psnr)} images, {total:.0f} s"
    )


if __name__ == "__main__":
    main()
