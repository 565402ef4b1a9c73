"""EPLL beside the classical priors on the tasks with known numbers: mean PSNR.

    python benchmarks/tasks.py deblur --model gmm-K200.safetensors

=========== ======================================================= =============================
``deblur``  the seven 256 × 256 images of Set12, Levin's kernel 1,  Wiener, total variation, GMM
            σ = 2.55
``sr``      Set5, luma, ×2 and ×3, MATLAB's bicubic kernel, border  bicubic enlargement, GMM
            cut
``inpaint`` gray11, half of the pixels missing                      interpolation, GMM
=========== ======================================================= =============================

The model is the one that ``benchmarks/epll_bsd68.py`` trains. Images are downloaded, or read from
PRIORBENCH_DATA.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from priorbench.data import catalogue
from priorbench.data.loaders import load_from_catalogue
from priorbench.data.tensors import to_array, to_tensor
from priorbench.metrics.fidelity import luma, psnr
from priorbench.plugins.manager import load_plugins
from priorbench.plugins.registry import Registry
from priorbench.priors import Context
from priorbench.seeds import derive_seed
from priorbench.solvers import restore
from priorbench.specs import Parameters
from priorbench.tasks import Deblur, Inpaint, SuperResolve, Task
from priorbench.types import Image

ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("protocol", choices=("deblur", "sr", "inpaint"))
    parser.add_argument(
        "--model", type=Path, required=True, help="a trained GMM with 200 components"
    )
    parser.add_argument(
        "--largest", type=int, default=512, help="leave out images with a longer side"
    )
    arguments = parser.parse_args()
    registry = load_plugins([ROOT / "plugins"])
    gmm = make(registry, "gmm", n_components=200)
    gmm.load(arguments.model)
    names = {"deblur": ["wiener", "tv"], "sr": ["observed"], "inpaint": ["observed"]}[
        arguments.protocol
    ]
    priors = {name: make(registry, name) for name in names} | {"gmm": gmm}
    for label, task, images in protocols(arguments.protocol, arguments.largest):
        scores: dict[str, list[float]] = {name: [] for name in priors}
        began = time.perf_counter()
        for name, image in images.items():
            clean = task.fit(image)
            seed = derive_seed(0, name, label)
            problem = task.corrupt(clean, torch.Generator().manual_seed(seed))
            for prior, model in priors.items():
                restored = restore(model, problem, Context.seeded(seed)).image
                scores[prior].append(psnr(cut(restored, task), cut(clean, task)))
            print(
                f"  {name}: "
                + "  ".join(f"{prior} {values[-1]:.2f}" for prior, values in scores.items()),
                flush=True,
            )
        means = "  ".join(
            f"{prior} {sum(values) / len(values):.2f} dB" for prior, values in scores.items()
        )
        print(
            f"{label}, {len(images)} images: {means}  ({time.perf_counter() - began:.0f} s)",
            flush=True,
        )


def protocols(name: str, largest: int) -> Iterator[tuple[str, Task, dict[str, Image]]]:
    """Yield a label, the task and the images."""
    if name == "deblur":
        images = {
            n: i
            for n, i in gray_images(catalogue.Set12Parameters(), largest).items()
            if max(i.shape) == 256
        }
        yield "deblur circular", Deblur("levin1", 2.55), images
        yield "deblur valid", Deblur("levin1", 2.55, "valid"), images
    elif name == "sr":
        images = gray_images(catalogue.Set5Parameters(), largest)
        yield "sr x2", SuperResolve(2), images
        yield "sr x3", SuperResolve(3), images
    else:
        yield (
            "inpaint 50 %",
            Inpaint(50),
            gray_images(catalogue.DIPParameters(group="gray11"), largest),
        )


def gray_images(parameters: Any, largest: int) -> dict[str, Image]:
    """Return the images of a set that are no larger, in luma as MATLAB's rgb2ycbcr."""
    arrays = {name: load_from_catalogue(parameters, name) for name in catalogue.images(parameters)}
    planes = {
        name: array[:, :, None] if array.ndim == 2 else luma(array)
        for name, array in arrays.items()
    }
    return {name: to_tensor(plane) for name, plane in planes.items() if max(plane.shape) <= largest}


def make(registry: Registry, name: str, **parameters: Any) -> Any:
    """Return a prior with its defaults and these parameters."""
    model: type[Parameters] = registry.priors[name].spec.parameters
    return registry.priors[name].load()(**model(**parameters).model_dump())


def cut(image: Image, task: Task) -> Any:
    """Return an image as H × W × C without the border that the task does not score."""
    rows, columns = task.border
    return to_array(image)[rows : image.shape[-2] - rows, columns : image.shape[-1] - columns]


if __name__ == "__main__":
    main()
