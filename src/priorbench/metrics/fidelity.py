"""How close a restoration is to the clean image. Arrays are H × W × C on [0, 1]."""

from __future__ import annotations

import numpy as np

from priorbench.errors import NotApplicable

__all__ = ["luma", "psnr", "psnr_y", "rmse", "ssim"]

SSIM_WINDOW = 11
EXACT = 120.0
"""The PSNR in dB of equal images, and the highest there is."""


def psnr(restored: np.ndarray, clean: np.ndarray) -> float:
    r"""Return the peak signal-to-noise ratio −10 log₁₀ mean((x̂ − x)²) in dB, for a peak of 1.

    The mean runs over pixels and channels. Both images are clipped to [0, 1]. It is at most 120 dB,
    which is what equal images have, so that an exact restoration has a value that can be averaged
    and compared. Rounding to the 16 bits of the stored images alone leaves 107 dB.

    Raises:
        ValueError: the shapes differ or a value is NaN.
    """
    restored, clean = checked_pair(restored, clean)
    error = float(np.mean((restored - clean) ** 2))
    # log₁₀ 0 is infinite.
    return EXACT if error == 0 else min(EXACT, float(-10 * np.log10(error)))


def ssim(restored: np.ndarray, clean: np.ndarray) -> float:
    """Return the mean structural similarity, at most 1.

    Wang, Bovik, Sheikh & Simoncelli 2004, doi:10.1109/TIP.2003.819861, with their Gaussian window
    of 11 pixels and σ = 1.5, computed for each channel and averaged. Both images are clipped to [0,
    1].

    Raises:
        NotApplicable: a side is shorter than the window.
        ValueError: the shapes differ or a value is NaN.
    """
    restored, clean = checked_pair(restored, clean)
    if min(clean.shape[:2]) < SSIM_WINDOW:
        raise NotApplicable(
            f"SSIM needs at least {SSIM_WINDOW} pixels a side; the image is {clean.shape[:2]}"
        )
    # Imported here: it brings scipy.ndimage, and many experiments measure no SSIM.
    from skimage.metrics import structural_similarity

    return float(
        structural_similarity(
            restored,
            clean,
            data_range=1.0,
            channel_axis=2,
            gaussian_weights=True,
            sigma=1.5,
            # As in the paper: weights sum to 1, without Bessel's correction.
            use_sample_covariance=False,
        )
    )


def psnr_y(restored: np.ndarray, clean: np.ndarray) -> float:
    """Return the PSNR of the luma in dB, at most 120; of gray images, :func:`psnr`.

    Raises:
        ValueError: the shapes differ or a value is NaN.
    """
    restored, clean = checked_pair(restored, clean)
    return psnr(luma(restored), luma(clean))


def rmse(restored: np.ndarray, clean: np.ndarray) -> float:
    """Return the root mean squared error, on [0, 1]. Both images are clipped to [0, 1].

    Raises:
        ValueError: the shapes differ or a value is NaN.
    """
    restored, clean = checked_pair(restored, clean)
    return float(np.sqrt(np.mean((restored - clean) ** 2)))


def luma(image: np.ndarray) -> np.ndarray:
    """Return Y of YCbCr on [16/255, 235/255], H × W × 1, as MATLAB's rgb2ycbcr; gray unchanged.

    Y = (16 + 65.481 R + 128.553 G + 24.966 B) / 255, ITU-R BT.601.
    """
    if image.shape[2] == 1:
        return image
    weighted: np.ndarray = (16 + image @ np.array([65.481, 128.553, 24.966])) / 255
    return weighted[:, :, None]


def checked_pair(restored: np.ndarray, clean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both images in float64, clipped to [0, 1].

    Raises:
        ValueError: the shapes differ or a value is NaN.
    """
    if restored.shape != clean.shape or restored.ndim != 3:
        raise ValueError(
            f"two images H × W × C are compared, not {restored.shape} with {clean.shape}"
        )
    if np.isnan(restored).any() or np.isnan(clean).any():
        raise ValueError("an image holds NaN")
    return restored.astype(np.float64).clip(0, 1), clean.astype(np.float64).clip(0, 1)
