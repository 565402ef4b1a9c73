"""The default experiment's Deep Image Prior against cheaper settings, on training photographs.

    PRIORBENCH_DATA=/path/to/images python benchmarks/dip_settings.py
    PRIORBENCH_DATA=/path/to/images python benchmarks/dip_settings.py --settings '{"scales": 3}'

Squares of 112 × 112 of BSDS train, as large as the default experiment's, on its four tasks: mean
PSNR and the processor seconds of all restorations. Every setting gets the same problems and seeds.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch
from training_crops import mean_psnr, photographs

from priorbench.data.tensors import to_array, to_tensor
from priorbench.data.transform import transform
from priorbench.plugins.manager import load_plugins
from priorbench.tasks import Deblur, Denoise, Inpaint, SuperResolve, Task
from priorbench.types import Image

TASKS: dict[str, Task] = {
    "denoise": Denoise(25),
    "de-blur": Deblur("shake1", 2.55),
    "inpaint": Inpaint(50),
    "super-resolve": SuperResolve(2),
}
SIDE, MAX_SIZE = 112, 192
"""Of the default experiment's crops, and of the photographs that they are cut from."""
DEFAULT = {"channels": 24, "scales": 4}
CHEAPER: list[dict[str, Any]] = [
    {},
    {"scales": 3},
    {"input_channels": 8},
    {"channels": 20, "scales": 3, "input_channels": 8},
    {"iterations": 160},
]


def small(image: Image) -> Image:
    """Return an image in gray, shrunk and cut as the default experiment's."""
    return to_tensor(transform(to_array(image), gray=True, max_size=MAX_SIZE, crop=SIDE))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=3)
    parser.add_argument(
        "--settings", type=json.loads, nargs="*", default=CHEAPER, help="beside the default's"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    prior = load_plugins([Path(__file__).parents[1] / "plugins"]).priors["dip"].load()
    images = [small(image) for image in photographs()[: arguments.images]]
    print(f"| | {' | '.join(TASKS)} | processor s |")
    print(f"|---{'|---:' * (len(TASKS) + 1)}|")
    for settings in arguments.settings:
        began = time.process_time()
        made = prior(**(DEFAULT | settings))
        found = [mean_psnr(made, task, images) for task in TASKS.values()]
        words = ", ".join(f"{name} {value}" for name, value in settings.items()) or "default"
        seconds = time.process_time() - began
        numbers = " | ".join(f"{value:.2f}" for value in found)
        print(f"| {words} | {numbers} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
