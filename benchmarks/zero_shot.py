r"""Networks fitted to one observation: mean PSNR on images, and seconds an image.

    PRIORBENCH_DATA=… python benchmarks/zero_shot.py --set cbsd68 --colour --every 8
    PRIORBENCH_DATA=… python benchmarks/zero_shot.py --set set12 --prior zs-n2n deep-decoder dip
    PRIORBENCH_DATA=… python benchmarks/zero_shot.py --set training --parameters '{"iterations": 500}'

``--set training`` is the middle of ``--crop`` pixels a side of images of BSDS train, for choosing
parameters. The noise is neither clipped nor rounded; restorations are clipped to [0, 1] before
PSNR. One thread, unless ``--threads`` says otherwise.
"""

from __future__ import annotations

import argparse
import json
import time

import torch
from learned import photographs, to_luma
from training_crops import ROOT, crops, mean_psnr
from training_crops import photographs as training_photographs

from priorbench.plugins.manager import load_plugins
from priorbench.tasks import Deblur, Denoise, DenoisePoisson, Inpaint, SuperResolve, Task
from priorbench.types import Image

TASKS: dict[str, Task] = {
    "deblur": Deblur("shake1", 2.55),
    "inpaint": Inpaint(50),
    "poisson": DenoisePoisson(30),
    "sr": SuperResolve(2),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prior", nargs="+", default=["zs-n2n"])
    parser.add_argument("--parameters", default="{}", help="of all these priors, as JSON")
    parser.add_argument("--set", default="training", help="folder of PRIORBENCH_DATA, or training")
    parser.add_argument("--crop", type=int, default=128, help="side of the training crops")
    parser.add_argument("--colour", action="store_true", help="leave colour images in colour")
    parser.add_argument("--task", choices=("denoise", *TASKS), default="denoise")
    parser.add_argument("--sigma", type=float, nargs="+", default=[25.0], help="of the noise")
    parser.add_argument("--every", type=int, default=1, help="only one of this number of images")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    images = chosen(arguments.set, arguments.every, arguments.crop, arguments.colour)
    tasks = {arguments.task: TASKS.get(arguments.task, Denoise(25))}
    if arguments.task == "denoise":
        tasks = {f"denoise-{sigma:g}": Denoise(sigma) for sigma in arguments.sigma}
    registered = load_plugins([ROOT / "plugins"]).priors
    for name in arguments.prior:
        entry = registered[name]
        options = entry.spec.parameters(**json.loads(arguments.parameters)).model_dump()
        for label, task in tasks.items():
            began, clock = time.process_time(), time.monotonic()
            psnr = mean_psnr(entry.load()(**options), task, images, entry.spec.solver)
            seconds = (time.process_time() - began) / len(images)
            elapsed = (time.monotonic() - clock) / len(images)
            print(
                f"{name:<13} {arguments.set} {label:<10} {psnr:.3f} dB over {len(images)} images, "
                f"{seconds:.1f} s of the processor and {elapsed:.1f} s by the clock an image",
                flush=True,
            )


def chosen(folder: str, every: int, crop: int, colour: bool) -> list[Image]:
    """Return one of ``every`` images of a set."""
    if folder == "training":
        return crops(training_photographs(first=5, apart=20), crop, colour=colour)[::every]
    images = photographs(folder, every)
    return images if colour else [to_luma(image) for image in images]


if __name__ == "__main__":
    main()
