r"""Priors of similar patches on BSD68 and Set12: mean PSNR and seconds an image.

    PRIORBENCH_DATA=… python benchmarks/non_local.py --prior bm3d wnnm --set bsd68 --sigma 25
    PRIORBENCH_DATA=… python benchmarks/non_local.py --prior bm3d wnnm wiener --set set12 --task deblur
    PRIORBENCH_DATA=… python benchmarks/non_local.py --prior bm3d wnnm --figure non_local.png

The folder needs ``bsd68/*.png`` and ``set12/*.png``, or ``bsds500_train/*.jpg`` for the set
``training``, the middle of 200 × 200 of every tenth image. De-blurring is by Levin's kernel 1 with
σ = 2.55, on images of at most 256 pixels a side. The noise is neither clipped nor rounded, and that
of ``epll_bsd68.py``; the restoration is clipped to [0, 1] before PSNR. ``pypi-bm3d`` is the package
of that name, if it is installed: its licence forbids commercial use.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from training_crops import ROOT, crops

from priorbench.data.images import read_image
from priorbench.data.tensors import to_tensor
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context, Denoiser
from priorbench.seeds import derive_seed
from priorbench.solvers import restore
from priorbench.tasks import Deblur, Denoise, Task
from priorbench.types import AnyImage, Image

LARGEST_TO_DEBLUR = 256
SHOWN = ("10_boat", slice(60, 220), slice(150, 310))
"""Image of Set12 and the part of it that the figure restores."""


class PackagedBM3D(Denoiser):
    """The package ``bm3d``, which runs on all of its threads."""

    def denoise(self, image: Image, sigma: float) -> Image:
        """Return what the package makes of gray images."""
        from bm3d import bm3d  # type: ignore[import-not-found]  # an extra

        planes = [bm3d(plane.numpy().astype(np.float64), sigma) for plane in image[:, 0]]
        return torch.from_numpy(np.stack(planes)).float()[:, None]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prior", nargs="+", default=["bm3d"])
    parser.add_argument("--parameters", default="{}", help="of all these priors, as JSON")
    parser.add_argument("--set", choices=("bsd68", "set12", "training"), default="bsd68")
    parser.add_argument("--images", type=int, default=200, help="only the first images")
    parser.add_argument("--task", choices=("denoise", "deblur"), default="denoise")
    parser.add_argument("--sigma", type=float, default=25, help="of the noise to remove, 0–255")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--figure", type=Path, help="draw a restoration of each instead")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    priors = {name: made(name, json.loads(arguments.parameters)) for name in arguments.prior}
    if arguments.figure:
        draw(priors, arguments.sigma).savefig(arguments.figure, dpi=150)
        return
    task: Task = Denoise(sigma=arguments.sigma)
    largest = 1 << 16
    if arguments.task == "deblur":
        task, largest = Deblur("levin1", 2.55), LARGEST_TO_DEBLUR
    found = [each for each in images(arguments.set) if max(each[1].shape) <= largest]
    psnr: dict[str, list[float]] = {name: [] for name in priors}
    seconds = dict.fromkeys(priors, 0.0)
    for stem, clean in found[: arguments.images]:
        for name, prior in priors.items():
            restored, took = restoration(prior, task, arguments.set, stem, clean)
            psnr[name].append(measured(restored, clean))
            seconds[name] += took
        row = "  ".join(f"{name} {values[-1]:.3f}" for name, values in psnr.items())
        print(f"{stem}  {row}", flush=True)
    for name, values in psnr.items():
        print(
            f"{name}: mean {np.mean(values):.3f} dB over {len(values)} images, "
            f"{seconds[name] / len(values):.2f} s of the processor an image"
        )


def made(name: str, parameters: dict[str, Any]) -> Any:
    """Return a prior with its defaults and these parameters."""
    if name == "pypi-bm3d":
        return PackagedBM3D()
    entry = load_plugins([ROOT / "plugins"]).priors[name]
    return entry.load()(**entry.spec.parameters(**parameters).model_dump())


def images(name: str) -> Iterator[tuple[str, AnyImage]]:
    """Yield the name of each image of a set and the image in gray."""
    data = Path(os.environ["PRIORBENCH_DATA"])
    if name == "training":
        files = sorted((data / "bsds500_train").glob("*.jpg"))[5::10]
        squares = crops([to_tensor(read_image(file)) for file in files], 200)
        yield from zip((file.stem for file in files), squares, strict=True)
    else:
        for file in sorted((data / name).glob("*.png")):
            yield file.stem, to_tensor(read_image(file))


def restoration(prior: Any, task: Task, group: str, stem: str, clean: Image) -> tuple[Image, float]:
    """Return the restoration of an image and the seconds of the processor that it took."""
    label = f"denoise-{255 * task.sigma:g}" if isinstance(task, Denoise) else "deblur"
    seed = derive_seed(0, group, stem, label)
    problem = task.corrupt(clean, torch.Generator().manual_seed(seed))
    began = time.process_time()
    image = restore(prior, problem, Context.seeded(seed)).image.clamp(0, 1)
    return image, time.process_time() - began


def measured(restored: Image, clean: Image) -> float:
    """Return PSNR in dB."""
    return -10 * float((restored - clean).square().mean(dtype=torch.float64).log10())


def draw(priors: dict[str, Any], sigma: float) -> Figure:
    """Return a part of an image: noisy, restored by each prior, clean."""
    stem, rows, columns = SHOWN
    clean = dict(images("set12"))[stem][..., rows, columns]
    task = Denoise(sigma=sigma)
    seed = derive_seed(0, "set12", stem, f"denoise-{sigma:g}")
    noisy = task.corrupt(clean, torch.Generator().manual_seed(seed)).y
    panels = {"noisy": noisy}
    panels |= {
        name: restoration(prior, task, "set12", stem, clean)[0] for name, prior in priors.items()
    }
    panels["clean"] = clean
    figure = Figure(figsize=(2.2 * len(panels), 2.5), layout="constrained")
    for axes, (name, image) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        axes.imshow(image[0, 0], cmap="gray", vmin=0, vmax=1)
        score = "" if name == "clean" else f", {measured(image.clamp(0, 1), clean):.2f} dB"
        axes.set_title(name + score, fontsize=9)
        axes.set_axis_off()
    return figure


if __name__ == "__main__":
    main()
