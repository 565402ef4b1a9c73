"""The metrics of samples that come with the library."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from priorbench.specs import MetricSpec

__all__ = ["sample_metrics"]

MODULE = "priorbench.metrics.samples"
SCORES = "doi:10.1198/016214506000001437"


def sample_metrics() -> Iterator[MetricSpec]:
    """Yield the metrics of samples: what their spread says, and how good they are."""
    of_samples = partial(MetricSpec, of_samples=True)
    yield of_samples(
        name="coverage",
        label="coverage of 90 %",
        factory=f"{MODULE}:coverage",
        summary="share of pixels within the interval of 90 % of their samples",
        higher_is_better=None,
        target=0.9,
        decimals=3,
    )
    yield of_samples(
        name="block-coverage",
        label="coverage of block means",
        factory=f"{MODULE}:block_coverage",
        summary="share of means of 8 × 8 pixels within the interval of 90 % of their samples",
        higher_is_better=None,
        target=0.9,
        decimals=3,
    )
    yield of_samples(
        name="interval-width",
        label="width of 90 %",
        factory=f"{MODULE}:width",
        summary="mean width of the pixels' intervals of 90 %, on [0, 1]",
        higher_is_better=None,
        decimals=4,
    )
    yield of_samples(
        name="calibration-error",
        label="calibration error",
        factory=f"{MODULE}:calibration_error",
        summary="mean distance of the pixels' coverage from the nominal level, over levels",
        higher_is_better=False,
        decimals=3,
    )
    yield of_samples(
        name="crps",
        label="CRPS",
        factory=f"{MODULE}:crps",
        summary="continuous ranked probability score of the pixels' samples, on [0, 1]",
        reference=SCORES,
        higher_is_better=False,
        decimals=4,
    )
    yield of_samples(
        name="energy-score",
        label="energy score",
        factory=f"{MODULE}:energy_score",
        summary="energy score of the samples of 8 × 8 pixels, on [0, 1]",
        reference=SCORES,
        higher_is_better=False,
        decimals=4,
    )
    yield of_samples(
        name="psnr-mean",
        label="PSNR of the samples' mean",
        unit="dB",
        factory=f"{MODULE}:mean_psnr",
        summary="peak signal-to-noise ratio of the mean of the samples",
    )
    yield of_samples(
        name="psnr-sample",
        label="PSNR of a sample",
        unit="dB",
        factory=f"{MODULE}:sample_psnr",
        summary="peak signal-to-noise ratio of a sample, the mean of all",
    )
