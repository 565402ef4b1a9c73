r"""Priors that learn, from photographs or from the observation: mean PSNR, and processor seconds.

    PRIORBENCH_DATA=… python benchmarks/learned.py --prior ksvd --set bsd68 --sigma 15 25 50
    PRIORBENCH_DATA=… python benchmarks/learned.py --prior ksvd wiener --set set12 --task deblur
    PRIORBENCH_DATA=… python benchmarks/learned.py --prior zs-n2n --set cbsd68 --colour --every 8
    PRIORBENCH_DATA=… python benchmarks/learned.py --prior ksvd ksvd-adapted --figure sparse.png

Models are learned from all images of BSDS train, as in ``config/classical.yaml``, and kept in
``--models``, by the name of the prior alone: give another folder with other parameters of the
training, whose last row is printed. ``--set training`` is the middle of 128 × 128 of ten images of
BSDS train, for choosing parameters. Noise is neither clipped nor rounded; restorations are clipped
to [0, 1] before PSNR. One thread. ``--figure`` draws a photograph with σ = 25, restored by each, and the atoms.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from classical_pictures import noisy_photograph, sheet
from training_crops import ROOT, crops, mean_psnr
from training_crops import photographs as training_photographs

from priorbench.data.images import read_image
from priorbench.data.tensors import to_tensor
from priorbench.numerics.patches import gray_plane
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.tasks import Deblur, Denoise, DenoisePoisson, Inpaint, SuperResolve, Task
from priorbench.types import Image

TASKS: dict[str, Task] = {
    "deblur": Deblur("shake1", 2.55),
    "inpaint": Inpaint(50),
    "poisson": DenoisePoisson(30),
    "sr": SuperResolve(2),
    "sr-3": SuperResolve(3),
    "sr-4": SuperResolve(4),
}
"""Beside denoising; the blur is Levin's kernel 1, circular."""
CROP = 128
"""Side in pixels of the training crops."""
MODELS = Path("/tmp/priorbench-learned")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prior", nargs="+", default=["ksvd"])
    parser.add_argument("--parameters", default="{}", help="of all these priors, as JSON")
    parser.add_argument("--set", default="bsd68", help="folder of PRIORBENCH_DATA, or training")
    parser.add_argument("--task", choices=("denoise", *TASKS), default="denoise")
    parser.add_argument("--sigma", type=float, nargs="+", default=[25.0], help="of the noise")
    parser.add_argument("--every", type=int, default=1, help="only one of this number of images")
    parser.add_argument("--colour", action="store_true", help="leave colour images in colour")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of fitted models")
    parser.add_argument("--figure", type=Path, help="PNG to draw instead")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    models = {
        name: made(name, json.loads(arguments.parameters), arguments.models)
        for name in arguments.prior
    }
    if arguments.figure:
        sheet(models, atoms(models)).savefig(arguments.figure, dpi=100)
        return
    images = photographs(arguments.set, arguments.every, arguments.colour)
    if arguments.task in TASKS:
        tasks = {arguments.task: TASKS[arguments.task]}
    else:
        tasks = {f"denoise-{sigma:g}": Denoise(sigma) for sigma in arguments.sigma}
    registered = load_plugins([ROOT / "plugins"]).priors
    for name, model in models.items():
        for label, task in tasks.items():
            began = time.process_time()
            psnr = mean_psnr(model, task, images, registered[name].spec.solver)
            seconds = (time.process_time() - began) / len(images)
            print(
                f"{name:<13} {arguments.set} {label:<10} {psnr:.3f} dB over {len(images)} images, "
                f"{seconds:.2f} s of the processor an image",
                flush=True,
            )


def photographs(folder: str, every: int, colour: bool) -> list[Image]:
    """Return one of ``every`` images of a set, in order of their names, in gray unless ``colour``."""
    if "PRIORBENCH_DATA" not in os.environ:
        sys.exit("set PRIORBENCH_DATA to the folder that holds bsd68/ and set12/")
    if folder == "training":
        return crops(training_photographs(first=5, apart=20), CROP, colour=colour)[::every]
    files = sorted(Path(os.environ["PRIORBENCH_DATA"], folder).glob("*.[pb][nm][gp]"))
    if not files:
        sys.exit(f"no .png or .bmp in {folder}/ of PRIORBENCH_DATA")
    images = [to_tensor(read_image(file)) for file in files[::every]]
    return images if colour else [gray_plane(image)[None, None] for image in images]


def atoms(models: Mapping[str, Any]) -> dict[str, Image]:
    """Return pictures of the atoms of each denoiser, as they are for the photograph."""
    _, problem = noisy_photograph()
    registered = load_plugins([ROOT / "plugins"]).priors
    found = {}
    for name, model in models.items():
        size = model.patch_size
        dictionary = model.dictionary_for(problem.y[0, 0], problem.sigma)
        # The constant patch is an atom, too.
        pixels = torch.cat([torch.zeros(1, size**2), dictionary]).view(-1, 1, size, size)
        pixels = 0.5 + pixels / (2 * pixels.abs().amax((2, 3), keepdim=True).clamp(min=1e-6))
        side = round(len(pixels) ** 0.5)
        columns = F.pad(pixels, (1, 1, 1, 1), value=1.0)[: side**2].flatten(1).mT[None]
        found[f"atoms of {registered[name].spec.label}"] = F.fold(
            columns, side * (size + 2), size + 2, stride=size + 2
        )
    return found


def made(name: str, parameters: dict[str, Any], models: Path) -> Any:
    """Return a prior, if it learns with a kept model or one that is fitted now and kept."""
    entry = load_plugins([ROOT / "plugins"]).priors[name]
    options = entry.spec.parameters(**parameters).model_dump()
    prior = entry.load()(**options)
    if not entry.spec.learns:
        return prior
    file = models / f"{name}.safetensors"
    if file.exists():
        prior.load(file)
        return prior
    began = time.process_time()
    images = [image.mean(1, keepdim=True) for image in training_photographs(first=0, apart=1)]
    *_, row = prior.fit(images, Context.seeded(0))
    last = ", ".join(f"{column} {value:.4g}" for column, value in row.items())
    print(
        f"{name:<13} {time.process_time() - began:.0f} s of the processor to learn: {last}",
        flush=True,
    )
    models.mkdir(parents=True, exist_ok=True)
    prior.save(file)
    return prior


if __name__ == "__main__":
    main()
