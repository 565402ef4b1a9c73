"""Filters: means, medians and diffusions of the pixels around each one."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, hookimpl

from .parameters import (
    BilateralParameters,
    CoherenceEnhancingParameters,
    DomainTransformParameters,
    EdgeEnhancingParameters,
    GaussianParameters,
    GuidedParameters,
    MedianParameters,
    PeronaMalikParameters,
)
from .solvers import BILATERAL, DOMAIN_TRANSFORM, GAUSSIAN, GUIDED, MEDIAN, PERONA_MALIK


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield eight denoisers; none of them learns."""
    yield PriorSpec(
        name="gaussian-filter",
        factory=".gaussian:GaussianFilter",
        parameters=GaussianParameters,
        label="Gaussian filter",
        summary="a mean with Gaussian weights of a width proportional to √σ",
        reference="doi:10.1109/TPAMI.1986.4767749",
        tunable={"width": (1.7, 2.0, 2.3, 2.5, 2.7, 3.0)},
        solver=GAUSSIAN,
        resources=Resources(memory_mb=1000, seconds_per_megapixel={"denoise": 0.05, "*": 1}),
    )
    yield PriorSpec(
        name="median-filter",
        factory=".median:MedianFilter",
        parameters=MedianParameters,
        label="median filter",
        summary="the median of a disc of a radius proportional to σ",
        reference="doi:10.1007/BFb0057597",
        tunable={"radius": (11.0, 13.0, 15.0, 17.0, 20.0, 23.0)},
        solver=MEDIAN,
        resources=Resources(memory_mb=1000, seconds_per_megapixel={"denoise": 0.2, "*": 5}),
    )
    yield PriorSpec(
        name="bilateral-filter",
        factory=".bilateral:BilateralFilter",
        parameters=BilateralParameters,
        label="bilateral filter",
        summary="a mean of pixels that are near in place and in intensity",
        reference="doi:10.1109/ICCV.1998.710815",
        tunable={"width": (9.0, 12.0, 15.0, 20.0), "contrast": (2.0, 2.5, 3.0, 4.0)},
        solver=BILATERAL,
        resources=Resources(memory_mb=1000, seconds_per_megapixel={"denoise": 0.3, "*": 15}),
    )
    yield PriorSpec(
        name="guided-filter",
        factory=".guided:GuidedFilter",
        parameters=GuidedParameters,
        label="guided filter",
        summary="in each window a linear function of the image itself, flat where variance is low",
        reference="doi:10.1109/TPAMI.2012.213",
        tunable={"radius": (7.0, 10.0, 14.0, 20.0), "strength": (4.0, 6.0, 9.0, 14.0)},
        solver=GUIDED,
        resources=Resources(memory_mb=1000, seconds_per_megapixel={"denoise": 0.2, "*": 3}),
    )
    yield PriorSpec(
        name="domain-transform",
        factory=".domain_transform:DomainTransform",
        parameters=DomainTransformParameters,
        label="domain transform",
        summary="recursive filters along rows and columns that stop at edges",
        reference="doi:10.1145/1964921.1964964",
        tunable={"width": (16.0, 20.0, 24.0, 28.0), "contrast": (4.0, 5.5, 7.5, 10.0)},
        solver=DOMAIN_TRANSFORM,
        resources=Resources(memory_mb=1000, seconds_per_megapixel={"denoise": 0.15, "*": 2}),
    )
    yield PriorSpec(
        name="perona-malik",
        factory=".perona_malik:PeronaMalik",
        parameters=PeronaMalikParameters,
        label="Perona-Malik",
        summary="diffusion that stops at large differences",
        reference="doi:10.1109/34.56205",
        tunable={"time": (5.0, 7.0, 9.0, 12.0), "contrast": (1.0, 1.4, 2.0, 2.8)},
        solver=PERONA_MALIK,
        resources=Resources(memory_mb=1000, seconds_per_megapixel={"denoise": 0.05, "*": 3}),
    )
    yield PriorSpec(
        name="eed",
        factory=".tensor_diffusion:EdgeEnhancing",
        parameters=EdgeEnhancingParameters,
        label="edge-enhancing diffusion",
        summary="diffusion along edges, and across where there are none",
        reference="doi:10.1023/A:1008009714131",
        tunable={"width": (12.0, 14.0, 16.0, 20.0), "contrast": (0.2, 0.3, 0.4, 0.6)},
        resources=Resources(memory_mb=1500, seconds_per_megapixel={"denoise": 0.4, "*": 15}),
    )
    yield PriorSpec(
        name="ced",
        factory=".tensor_diffusion:CoherenceEnhancing",
        parameters=CoherenceEnhancingParameters,
        label="coherence-enhancing diffusion",
        summary="diffusion along lines and flows",
        reference="doi:10.1023/A:1008009714131",
        tunable={"width": (16.0, 20.0, 24.0, 30.0), "integration": (1.5, 2.5, 4.0)},
        resources=Resources(memory_mb=1500, seconds_per_megapixel={"denoise": 1, "*": 40}),
    )
