"""Colour images by a prior of gray patches: opponent planes against red, green and blue. Mean PSNR
on training crops.

    python benchmarks/colour.py
"""

from __future__ import annotations

from training_crops import crops, mean_psnr, photographs, prior

from priorbench.solvers import colour
from priorbench.tasks import Denoise, Inpaint

SPACES = {
    "red, green, blue": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "orthonormal": ((3**-0.5,) * 3, (2**-0.5, 0.0, -(2**-0.5)), (6**-0.5, -2 * 6**-0.5, 6**-0.5)),
    "opponent": ((1 / 3, 1 / 3, 1 / 3), (1 / 2, 0.0, -1 / 2), (1 / 4, -1 / 2, 1 / 4)),
}
TASKS = {
    "sigma 15": Denoise(15),
    "sigma 25": Denoise(25),
    "sigma 50": Denoise(50),
    "inpaint 50": Inpaint(50),
}


def main() -> None:
    images = photographs()
    model, squares = prior("gmm", images), crops(images, 96, colour=True)
    print(f"{'':18}" + "  ".join(f"{name:>10}" for name in TASKS) + f"  (dB, {len(squares)} crops)")
    for name, space in SPACES.items():
        colour.OPPONENT = space
        means = "  ".join(f"{mean_psnr(model, task, squares):10.2f}" for task in TASKS.values())
        print(f"{name:18}{means}", flush=True)


if __name__ == "__main__":
    main()
