"""Structural similarity at several scales."""

from __future__ import annotations

import numpy as np
import torch
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure as multi_scale_ssim,
)

from priorbench.errors import NotApplicable
from priorbench.metrics.fidelity import SSIM_WINDOW, checked_pair


def ms_ssim(restored: np.ndarray, clean: np.ndarray) -> float:
    """Return the multi-scale structural similarity, at most 1.

    Wang, Simoncelli & Bovik 2003, doi:10.1109/ACSSC.2003.1292216: five scales, window as for
    :func:`ssim`, computed for each channel and averaged. As torchmetrics has it, the coarsest scale
    is averaged up to the reflected border, which changes the fourth digit. Both images are clipped
    to [0, 1]. Images that contradict each other at a scale, so that the paper's power of a negative
    number is not defined, score 0.

    Raises:
        NotApplicable: a side is shorter than 176 pixels, so that the window doesn't fit the
            coarsest scale.
        ValueError: the shapes differ or a value is NaN.
    """
    restored, clean = checked_pair(restored, clean)
    # Each of the four steps to a coarser scale halves the sides.
    smallest = SSIM_WINDOW * 2**4
    if min(clean.shape[:2]) < smallest:
        raise NotApplicable(
            f"MS-SSIM needs at least {smallest} pixels a side; the image is {clean.shape[:2]}"
        )
    found, wanted = (
        torch.from_numpy(image).permute(2, 0, 1)[:, None] for image in (restored, clean)
    )
    return float(
        multi_scale_ssim(found, wanted, data_range=1.0, kernel_size=SSIM_WINDOW, normalize="relu")
    )
