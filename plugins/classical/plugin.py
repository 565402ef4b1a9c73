"""Priors from before the networks, with scikit-image's implementations."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from priorbench import Parameters, PriorSpec, Resources, SolverSettings, hookimpl

from .solvers import NON_LOCAL_MEANS, WAVELET


class NonLocalMeansParameters(Parameters):
    """Parameters of non-local means."""

    h: float = Field(
        0.6, gt=0, description="filtering parameter as a multiple of σ; larger is smoother"
    )
    patch_size: int = Field(7, ge=1, description="side of the patches that are compared, in pixels")
    patch_distance: int = Field(
        9, ge=1, description="how far away a similar patch is looked for, in pixels"
    )


class WaveletParameters(Parameters):
    """Parameters of wavelet shrinkage."""

    wavelet: str = Field(
        "sym4",
        pattern=r"^(haar|dmey|(db|sym|coif)[0-9]+)$",
        description="an orthogonal wavelet: haar, dmey, db2, sym4, coif1 …",
    )
    levels: int = Field(
        5, ge=1, description="scales of the decomposition, at most those that fit into the image"
    )
    shifts: int = Field(
        3,
        ge=0,
        description="cycle spinning averages (shifts + 1)² shifted results; 0 switches it off",
    )


class WienerParameters(Parameters):
    """Parameters of the Wiener filter."""

    amplitude: float = Field(
        3.8e-4, gt=0, description="a of the spectrum a/|f|² of natural images on [0, 1]"
    )
    iterations: int = Field(300, ge=1, description="the most steps of conjugate gradients")


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield the baseline, the linear filter and two denoisers; defaults as README.md says."""
    yield PriorSpec(
        name="observed",
        factory=".observed:Observed",
        label="observation, interpolated",
        summary="the observation as an image, missing pixels interpolated: the floor",
        solver=SolverSettings(),
        resources=Resources(memory_mb=1000, seconds_per_megapixel=1),
        baseline=True,
    )
    yield PriorSpec(
        name="wiener",
        factory=".wiener:Wiener",
        parameters=WienerParameters,
        label="Wiener",
        summary="a Gaussian field with the 1/f² spectrum of natural images",
        reference="doi:10.1364/JOSAA.4.002379",
        solver=SolverSettings(),
        resources=Resources(memory_mb=1000, seconds_per_megapixel={"denoise": 0.2, "*": 3}),
    )
    yield PriorSpec(
        name="nlm",
        factory=".non_local_means:NonLocalMeans",
        parameters=NonLocalMeansParameters,
        label="non-local means",
        summary="each pixel is the mean of pixels in similar patches",
        reference="doi:10.1109/CVPR.2005.38",
        tunable={"h": (0.3, 0.45, 0.6, 0.8, 1.1)},
        solver=NON_LOCAL_MEANS,
        resources=Resources(memory_mb=1500, seconds_per_megapixel={"denoise": 3, "*": 25}),
    )
    yield PriorSpec(
        name="wavelet",
        factory=".wavelet:Wavelet",
        parameters=WaveletParameters,
        label="wavelet",
        summary="few large wavelet coefficients: BayesShrink with cycle spinning",
        reference="doi:10.1109/83.862633",
        solver=WAVELET,
        resources=Resources(memory_mb=1500, seconds_per_megapixel={"denoise": 1, "*": 15}),
    )
