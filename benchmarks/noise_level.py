r"""How well σ of the noise is seen from the image alone, by three estimators.

    PRIORBENCH_DATA=/path/to/images python benchmarks/noise_level.py
    PRIORBENCH_DATA=/path/to/images python benchmarks/noise_level.py --set training

============ ===================================================================================
``library``  ``priorbench.numerics.noise_level``: patches without texture, Liu et al. 2013
``wavelets`` scikit-image's ``estimate_sigma``: the median of the finest wavelet coefficients
``pca``      Chen, Zhu & Heng 2015: the eigenvalues of all patches whose mean is their median
============ ===================================================================================

White noise of σ = 5 to 75, neither clipped nor rounded, and none at all. For each σ the mean of the
estimates, the root mean square of their errors and the largest error, on the 0-255 scale.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from skimage.restoration import estimate_sigma

from priorbench.data.images import read_image
from priorbench.data.tensors import to_tensor
from priorbench.numerics.noise_level import noise_level
from priorbench.types import Image

LEVELS = (0, 5, 10, 15, 25, 35, 50, 75)
SETS = {"bsd68": ("bsd68", "*.png"), "training": ("bsds500_train", "*.jpg")}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", choices=SETS, default="bsd68")
    parser.add_argument("--apart", type=int, default=4, help="one of this number of images")
    parser.add_argument("--sigma", type=float, nargs="+", default=LEVELS, help="of the noise")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    images = photographs(arguments.set)[:: arguments.apart]
    print(f"{len(images)} images: mean, root mean square error, largest error; seconds an image")
    for name, estimator in ESTIMATORS.items():
        for sigma in arguments.sigma:
            began = time.process_time()
            found = np.array([estimated(estimator, *each, sigma) for each in enumerate(images)])
            seconds = (time.process_time() - began) / len(images)
            errors = found - sigma
            print(
                f"{name:<9} σ = {sigma:<4g} {found.mean():6.2f} {np.sqrt((errors**2).mean()):6.2f} "
                f"{np.abs(errors).max():6.2f} {seconds:6.2f} s",
                flush=True,
            )


def photographs(name: str) -> list[Image]:
    """Return the gray images of a set in order of their names."""
    if "PRIORBENCH_DATA" not in os.environ:
        sys.exit("set PRIORBENCH_DATA to the folder that holds bsd68/ and bsds500_train/")
    folder, pattern = SETS[name]
    files = sorted(Path(os.environ["PRIORBENCH_DATA"], folder).glob(pattern))
    return [to_tensor(read_image(file)).mean(1, keepdim=True) for file in files]


def estimated(estimator: Callable[[Image], float], seed: int, image: Image, sigma: float) -> float:
    """Return the estimate for an image with noise, on the 0-255 scale."""
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(seed))
    return 255 * estimator(image + sigma / 255 * noise)


def wavelets(image: Image) -> float:
    """Return the median of the finest diagonal wavelet coefficients over 0.6745."""
    return float(estimate_sigma(image[0, 0].numpy()))


def pca(image: Image) -> float:
    """Return σ by Chen, Zhu & Heng 2015, doi:10.1109/ICCV.2015.62, with patches of 8 × 8."""
    patches = F.unfold(image.double(), 8)[0]
    variances = torch.linalg.eigvalsh(torch.cov(patches)).clamp(min=0)
    # The largest are left out until the mean of the rest is their median.
    for count in range(len(variances), 0, -1):
        mean = float(variances[:count].mean())
        if mean <= float(variances[:count].quantile(0.5)):
            break
    return math.sqrt(mean)


ESTIMATORS = {"library": noise_level, "wavelets": wavelets, "pca": pca}


if __name__ == "__main__":
    main()
