"""The statistics of photographs that the metric ``niqe`` compares with.

    PRIORBENCH_DATA=/path/to/images python tools/fit_niqe.py

It writes src/priorbench/metrics/natural_blocks.csv from the 200 training photographs of BSDS500,
in gray: the mean of 36 statistics over sharp blocks of 96 × 96 pixels in the first row, and their
covariance in 36 more. A block is sharp if its sharpness is above three quarters of the most that a
block of the same photograph has, as in Mittal, Soundararajan & Bovik 2013,
doi:10.1109/LSP.2012.2227726.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from priorbench.data.images import planes, read_image
from priorbench.metrics.luminance import gray_levels
from priorbench.metrics.natural_statistics import block_statistics
from priorbench.metrics.niqe import PHOTOGRAPHS

SHARP = 0.75
"""The paper's T."""
DIGITS = 9


def sharp_blocks(image: np.ndarray) -> np.ndarray:
    """Return the statistics of the sharp blocks of a photograph, H × W × C on [0, 1], N × 36."""
    blocks = block_statistics(gray_levels(image))
    sharp = blocks.sharpness > SHARP * blocks.sharpness.max()
    features = blocks.features[sharp]
    finite: np.ndarray = features[np.isfinite(features).all(axis=1)]
    return finite


def fit(images: Iterable[np.ndarray]) -> np.ndarray:
    """Return mean and covariance of the statistics of sharp blocks, 37 × 36."""
    features = np.concatenate([sharp_blocks(image) for image in images])
    print(f"{len(features)} sharp blocks")
    return np.vstack([features.mean(axis=0), np.cov(features, rowvar=False)])


def photographs(data: Path) -> list[Path]:
    """Return the files of the training photographs of BSDS500."""
    return sorted((data / "bsds500_train").glob("*.jpg"))


def main() -> None:
    """Write the file."""
    if "PRIORBENCH_DATA" not in os.environ:
        sys.exit("set PRIORBENCH_DATA to the folder that holds bsds500_train/")
    files = photographs(Path(os.environ["PRIORBENCH_DATA"]))
    table = fit(planes(read_image(file)) for file in files)
    np.savetxt(PHOTOGRAPHS, table, delimiter=",", fmt=f"%.{DIGITS}g", encoding="utf-8")
    print(f"{PHOTOGRAPHS}: {len(files)} photographs")


if __name__ == "__main__":
    main()
