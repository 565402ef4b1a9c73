r"""Every prior of config/classical.yaml on BSD68 and Set12: mean PSNR, and seconds an image.

    PRIORBENCH_DATA=/path/to/images python benchmarks/classical.py
    PRIORBENCH_DATA=/path/to/images python benchmarks/classical.py --prior dct shearlets --sigma 50
    PRIORBENCH_DATA=/path/to/images python benchmarks/classical.py --task deblur

=========== ====================================================================================
``denoise`` white noise of ``--sigma``, neither clipped nor rounded
``deblur``  Levin's kernel 1, circular, σ = 2.55, on Set12 alone
=========== ====================================================================================

Parameters and settings of the solver are those that the priors ship; restorations are clipped to
[0, 1] before PSNR. Seconds are of the processor, one thread, the mean over the images of BSD68, or
of Set12 for ``deblur``.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import yaml
from training_crops import ROOT, mean_psnr, prior

from priorbench.data.images import read_image
from priorbench.data.tensors import to_tensor
from priorbench.plugins.manager import load_plugins
from priorbench.tasks import Deblur, Denoise, Task
from priorbench.types import Image


@dataclass(frozen=True)
class Result:
    """What a prior gives on a set of images.

    Args:
        psnr: mean in dB.
        seconds: of the processor, for an image.
    """

    psnr: float
    seconds: float

    @property
    def words(self) -> str:
        """Return both, for people."""
        return f"{self.psnr:.2f} dB ({self.seconds:.2f} s)"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prior", nargs="+", default=names(), help="by default all")
    parser.add_argument("--task", choices=("denoise", "deblur"), default="denoise")
    parser.add_argument("--sigma", type=float, default=25, help="of the noise, 0–255")
    parser.add_argument("--images", type=int, help="only the first of each set")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    task = Denoise(arguments.sigma) if arguments.task == "denoise" else Deblur("shake1", 2.55)
    folders = ("bsd68", "set12") if arguments.task == "denoise" else ("set12",)
    sets = {folder: photographs(folder)[: arguments.images] for folder in folders}
    for name in arguments.prior:
        cells = [f"{folder} {result(name, task, sets[folder]).words}" for folder in folders]
        print(f"{name:<17}", "  ".join(cells), flush=True)


def names() -> list[str]:
    """Return the priors of the experiment, those that learn left out: each takes a training."""
    experiment = yaml.safe_load((ROOT / "config" / "classical.yaml").read_text())
    registered = load_plugins([ROOT / "plugins"]).priors
    return [name for name in experiment["priors"]["run"] if not registered[name].spec.learns]


def photographs(folder: str) -> list[Image]:
    """Return the gray images of a set in order of their names."""
    if "PRIORBENCH_DATA" not in os.environ:
        sys.exit("set PRIORBENCH_DATA to the folder that holds bsd68/ and set12/")
    files = sorted(Path(os.environ["PRIORBENCH_DATA"], folder).glob("*.png"))
    return [to_tensor(read_image(file)) for file in files]


def result(name: str, task: Task, images: list[Image]) -> Result:
    """Restore every image by a prior with its own settings."""
    model = prior(name, [])
    settings = load_plugins([ROOT / "plugins"]).priors[name].spec.solver
    began = time.process_time()
    psnr = mean_psnr(model, task, images, settings)
    return Result(psnr, (time.process_time() - began) / len(images))


if __name__ == "__main__":
    main()
