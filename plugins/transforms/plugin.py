"""Transforms: large coefficients are image, small ones are noise."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from priorbench import Parameters, PriorSpec, Resources, SolverSettings, hookimpl

from .solvers import SLIDING_DCT, WAVELET


class WienerParameters(Parameters):
    """Parameters of the Wiener filter."""

    amplitude: float = Field(
        3.8e-4, gt=0, description="a of the spectrum a/|f|² of natural images on [0, 1]"
    )
    iterations: int = Field(500, ge=1, description="the most steps of conjugate gradients")


class LearnedSpectrumParameters(Parameters):
    """Parameters of the Wiener filter with a learned spectrum."""

    side: int = Field(64, ge=8, le=512, description="side in pixels of the windows it learns from")
    iterations: int = Field(500, ge=1, description="the most steps of conjugate gradients")


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


class DctParameters(Parameters):
    """Parameters of the sliding cosine transform."""

    size: int = Field(8, ge=2, le=64, description="side of a patch in pixels")
    threshold: float = Field(
        2.7, ge=0, description="coefficients below this multiple of σ are removed"
    )


class ShearletParameters(Parameters):
    """Parameters of the shearlets."""

    scales: int = Field(4, ge=1, le=8, description="octaves of frequency, split by direction")
    threshold: float = Field(
        2.8, ge=0, description="coefficients below this multiple of their noise are removed"
    )


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield two linear filters and three denoisers; defaults as README.md says."""
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
        name="wiener-learned",
        factory=".learned_spectrum:LearnedSpectrum",
        parameters=LearnedSpectrumParameters,
        label="Wiener, learned",
        summary="a Gaussian field with the mean spectrum of the training images",
        reference="doi:10.7551/mitpress/2946.001.0001",
        learns=True,
        solver=SolverSettings(),
        small={"side": 16},
        resources=Resources(
            memory_mb=1500,
            seconds_per_megapixel={"denoise": 0.3, "*": 3},
            training_minutes=10,
            training_seconds=10,
        ),
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
    yield PriorSpec(
        name="dct",
        factory=".dct:SlidingDct",
        parameters=DctParameters,
        label="sliding DCT",
        summary="few large cosine coefficients in each patch",
        reference="doi:10.5201/ipol.2011.ys-dct",
        tunable={"size": (6, 8, 12, 16), "threshold": (2.5, 2.7, 2.9, 3.1)},
        solver=SLIDING_DCT,
        resources=Resources(memory_mb=1500, seconds_per_megapixel={"denoise": 1, "*": 15}),
    )
    yield PriorSpec(
        name="shearlets",
        factory=".shearlets:Shearlets",
        parameters=ShearletParameters,
        label="shearlets",
        summary="few large coefficients in a tight frame of sheared wavelets",
        reference="arXiv:1202.1773",
        tunable={"scales": (3, 4, 5), "threshold": (2.4, 2.6, 2.8, 3.0)},
        resources=Resources(memory_mb=1500, seconds_per_megapixel={"denoise": 1, "*": 15}),
    )
