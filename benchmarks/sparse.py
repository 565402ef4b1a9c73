r"""Priors with learned dictionaries: mean PSNR on test images, and processor seconds an image.

    PRIORBENCH_DATA=… python benchmarks/sparse.py --prior ksvd --set bsd68 --sigma 15 25 50
    PRIORBENCH_DATA=… python benchmarks/sparse.py --prior ksvd wiener --set set12 --task deblur

Dictionaries are learned from all images of BSDS train, as in ``config/classical.yaml``, and kept in
``--models``. De-blurring is by Levin's kernel 1, circular, σ = 2.55. The noise is neither clipped
nor rounded; restorations are clipped to [0, 1] before PSNR. One thread.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch
from classical import photographs
from training_crops import ROOT, mean_psnr
from training_crops import photographs as training_photographs

from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.tasks import Deblur, Denoise, Task

MODELS = Path("/tmp/priorbench-sparse")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prior", nargs="+", default=["ksvd"])
    parser.add_argument("--parameters", default="{}", help="of all these priors, as JSON")
    parser.add_argument("--set", default="bsd68", help="folder of PRIORBENCH_DATA with test images")
    parser.add_argument("--task", choices=("denoise", "deblur"), default="denoise")
    parser.add_argument("--sigma", type=float, nargs="+", default=[25.0], help="of the noise")
    parser.add_argument("--every", type=int, default=1, help="only one of this number of images")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of fitted models")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    images = photographs(arguments.set)[:: arguments.every]
    tasks: dict[str, Task] = {"deblur": Deblur("shake1", 2.55)}
    if arguments.task == "denoise":
        tasks = {f"denoise-{sigma:g}": Denoise(sigma) for sigma in arguments.sigma}
    registered = load_plugins([ROOT / "plugins"]).priors
    for name in arguments.prior:
        model = made(name, json.loads(arguments.parameters), arguments.models)
        for label, task in tasks.items():
            began = time.process_time()
            psnr = mean_psnr(model, task, images, registered[name].spec.solver)
            seconds = (time.process_time() - began) / len(images)
            print(
                f"{name:<13} {arguments.set} {label:<10} {psnr:.3f} dB over {len(images)} images, "
                f"{seconds:.2f} s of the processor an image",
                flush=True,
            )


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
    for _ in prior.fit(images, Context.seeded(0)):
        pass
    print(f"{name:<13} {time.process_time() - began:.0f} s of the processor to learn", flush=True)
    models.mkdir(parents=True, exist_ok=True)
    prior.save(file)
    return prior


if __name__ == "__main__":
    main()
