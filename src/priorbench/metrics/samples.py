"""What samples of the posterior say of the image: whether their spread tells the error.

Samples are S × H × W × C and the clean image is H × W × C, both on [0, 1]. An expectation over S
samples is estimated without bias, so numbers of few samples and of many can be compared.
"""

from __future__ import annotations

import numpy as np

from priorbench.errors import NotApplicable
from priorbench.metrics.fidelity import psnr

__all__ = [
    "block_coverage",
    "calibration_curve",
    "calibration_error",
    "coverage",
    "crps",
    "energy_score",
    "mean_psnr",
    "sample_psnr",
    "width",
]

LEVEL = 0.9
"""The nominal level of intervals."""
BLOCK = 8
"""Side in pixels of the patches that are looked at as a whole."""


def coverage(samples: np.ndarray, clean: np.ndarray) -> float:
    """Return the share of pixels whose value lies within the interval of 90 % of their samples.

    Pixels that all samples agree in, such as those that were observed without noise, don't count.

    The interval reaches from the 5th to the 95th percentile, with the k-th of S ordered samples as
    the k / (S + 1) quantile (Weibull 1939): if the image is one more draw from the posterior, the
    share is 90 % for every S.

    Raises:
        NotApplicable: there are fewer than 19 samples, or all agree everywhere.
        ValueError: the shapes don't fit.
    """
    samples, clean = _uncertain(*_checked(samples, clean))
    low, high = _interval(samples)
    return float(np.mean((low <= clean) & (clean <= high)))


def width(samples: np.ndarray, clean: np.ndarray) -> float:
    """Return the mean width of the intervals that :func:`coverage` looks at, on [0, 1].

    Raises:
        NotApplicable: there are fewer than 19 samples, or all agree everywhere.
        ValueError: the shapes don't fit.
    """
    samples, _ = _uncertain(*_checked(samples, clean))
    low, high = _interval(samples)
    return float(np.mean(high - low))


def block_coverage(samples: np.ndarray, clean: np.ndarray) -> float:
    """Return :func:`coverage` of the means of blocks of 8 × 8 pixels, side by side.

    Pixels can be covered by samples whose errors are white, where those of a mean would cancel:
    this looks at errors that pixels have in common.

    Raises:
        NotApplicable: there are fewer than 19 samples, the image is smaller than a block, or all
            samples agree everywhere.
        ValueError: the shapes don't fit.
    """
    samples, clean = _checked(samples, clean)
    drawn, true = _uncertain(_blocks(samples).mean(-1), _blocks(clean[None]).mean(-1)[0])
    low, high = _interval(drawn)
    return float(np.mean((low <= true) & (true <= high)))


def calibration_error(samples: np.ndarray, clean: np.ndarray) -> float:
    """Return the mean distance of the share of covered pixels from the nominal level.

    Pixels are those of :func:`coverage`. The level runs over those at which an interval between
    two ordered samples, the k-th from below and the k-th from above, needs no interpolation:
    1 − 2k / (S + 1).

    Raises:
        NotApplicable: there are fewer than 2 samples, or all agree everywhere.
        ValueError: the shapes don't fit.
    """
    levels, shares = calibration_curve(samples, clean)
    return float(np.abs(shares - levels).mean())


def calibration_curve(samples: np.ndarray, clean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return nominal levels, falling, and the share of pixels that each one's intervals cover.

    Raises:
        NotApplicable: there are fewer than 2 samples, or all agree everywhere.
        ValueError: the shapes don't fit.
    """
    samples, clean = _uncertain(*_checked(samples, clean))
    ordered = np.sort(samples, axis=0)
    ranks = np.arange(1, len(samples) // 2 + 1)
    covered = [(ordered[k - 1] <= clean) & (clean <= ordered[-k]) for k in ranks]
    return 1 - 2 * ranks / (len(samples) + 1), np.mean(covered, axis=1)


def crps(samples: np.ndarray, clean: np.ndarray) -> float:
    r"""Return the continuous ranked probability score, the mean over pixels, on [0, 1].

        E|X − x| − ½ E|X − X'|,

    with X and X' independent draws and x the true value: 0 only for draws that are always right.
    The unbiased estimate, of Gneiting & Raftery 2007, doi:10.1198/016214506000001437, and Ferro
    2014, doi:10.1002/qj.2270.

    Raises:
        NotApplicable: there are fewer than 2 samples.
        ValueError: the shapes don't fit.
    """
    samples, clean = _checked(samples, clean)
    count = len(samples)
    ordered = np.sort(samples, axis=0)
    # Of S ordered numbers, the k-th is the larger one in k − 1 pairs and the smaller in S − k.
    weights = 2 * np.arange(1, count + 1) - count - 1
    spread = np.tensordot(weights, ordered, 1) / (count * (count - 1))
    return float(np.mean(np.abs(samples - clean).mean(0) - spread))


def energy_score(samples: np.ndarray, clean: np.ndarray) -> float:
    r"""Return the energy score of blocks of 8 × 8 pixels, side by side, on [0, 1].

        (E‖X − x‖ − ½ E‖X − X'‖) / √D,

    the mean over blocks of D numbers: unlike :func:`crps` it sees whether pixels of a sample fit
    each other. Gneiting & Raftery 2007, doi:10.1198/016214506000001437.

    Raises:
        NotApplicable: there are fewer than 2 samples, or the image is smaller than a block.
        ValueError: the shapes don't fit.
    """
    samples, clean = _checked(samples, clean)
    drawn, true = _blocks(samples), _blocks(clean[None])[0]
    count = len(drawn)
    errors = np.linalg.norm(drawn - true, axis=-1).mean(0)
    pairs = np.zeros_like(errors)
    for index in range(1, count):
        pairs += np.linalg.norm(drawn[index] - drawn[:index], axis=-1).sum(0)
    spread = pairs / (count * (count - 1))
    return float(np.mean(errors - spread) / true.shape[-1] ** 0.5)


def mean_psnr(samples: np.ndarray, clean: np.ndarray) -> float:
    """Return the PSNR of the mean of the samples, in dB.

    The mean of S draws from the posterior has a mean squared error 1 + 1/S times that of the
    posterior mean.

    Raises:
        NotApplicable: there are fewer than 2 samples.
        ValueError: the shapes don't fit.
    """
    samples, clean = _checked(samples, clean)
    return psnr(samples.mean(0), clean)


def sample_psnr(samples: np.ndarray, clean: np.ndarray) -> float:
    """Return the PSNR of a sample, in dB, the mean of all.

    A draw from the posterior has twice the mean squared error of the posterior mean.

    Raises:
        NotApplicable: there are fewer than 2 samples.
        ValueError: the shapes don't fit.
    """
    samples, clean = _checked(samples, clean)
    return float(np.mean([psnr(sample, clean) for sample in samples]))


def _checked(samples: np.ndarray, clean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both in float64, if they are samples of such an image."""
    if samples.ndim != 4 or samples.shape[1:] != clean.shape:
        raise ValueError(
            "samples S × H × W × C are compared with an image H × W × C, "
            f"not {samples.shape} with {clean.shape}"
        )
    if np.isnan(samples).any() or np.isnan(clean).any():
        raise ValueError("an image holds NaN")
    if len(samples) < 2:
        raise NotApplicable("a single sample has no spread; draw at least 2")
    return samples.astype(np.float64), clean.astype(np.float64)


def _uncertain(samples: np.ndarray, clean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers that samples differ in, S × N and N.

    Raises:
        NotApplicable: there are none.
    """
    differ = np.ptp(samples, axis=0) > 0
    if not differ.any():
        raise NotApplicable("the samples are all the same")
    return samples[:, differ], clean[differ]


def _interval(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both ends of the intervals of 90 %.

    Raises:
        NotApplicable: there are too few samples.
    """
    tail = (1 - LEVEL) / 2
    least = round(1 / tail) - 1
    if len(samples) < least:
        raise NotApplicable(f"an interval of {LEVEL:.0%} needs at least {least} samples")
    low, high = np.quantile(samples, [tail, 1 - tail], axis=0, method="weibull")
    return low, high


def _blocks(images: np.ndarray) -> np.ndarray:
    """Return the blocks of images N × H × W × C that lie side by side, as N × M × D.

    Raises:
        NotApplicable: an image is smaller than a block.
    """
    count, height, width, channels = images.shape
    rows, columns = height // BLOCK, width // BLOCK
    if not rows * columns:
        raise NotApplicable(f"an image of {height} × {width} has no block of {BLOCK} × {BLOCK}")
    whole = images[:, : rows * BLOCK, : columns * BLOCK]
    parts = whole.reshape(count, rows, BLOCK, columns, BLOCK, channels).swapaxes(2, 3)
    return parts.reshape(count, rows * columns, BLOCK * BLOCK * channels)
