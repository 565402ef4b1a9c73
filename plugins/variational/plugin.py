"""Models of the whole image: the data term as it is, and a price of what images seldom do."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from priorbench import Parameters, PriorSpec, Resources, SolverSettings, hookimpl

WEIGHT = "weight against the data as a multiple of the noise; larger is smoother"
ITERATIONS = "the most iterations"
TOLERANCE = "it ends when a step is shorter than this, on [0, 1]"


class TotalVariationParameters(Parameters):
    """Parameters of total variation."""

    weight: float = Field(0.7, gt=0, description=WEIGHT)
    iterations: int = Field(300, ge=1, description=ITERATIONS)
    tolerance: float = Field(3e-4, ge=0, description=TOLERANCE)


class GeneralisedVariationParameters(Parameters):
    """Parameters of total generalised variation."""

    weight: float = Field(0.7, gt=0, description=WEIGHT)
    bending: float = Field(2.0, gt=0, description="price of a bend against that of a step")
    iterations: int = Field(400, ge=1, description=ITERATIONS)
    tolerance: float = Field(3e-4, ge=0, description=TOLERANCE)


class WaveletL1Parameters(Parameters):
    """Parameters of the absolute sum of wavelet coefficients."""

    weight: float = Field(2.0, gt=0, description=WEIGHT)
    wavelet: str = Field(
        "db2",
        pattern=r"^(haar|dmey|(db|sym|coif)[0-9]+)$",
        description="an orthogonal wavelet: haar, dmey, db2, sym4, coif1 …",
    )
    levels: int = Field(4, ge=1, le=8, description="scales of the decomposition")
    iterations: int = Field(
        60, ge=1, description="the most iterations; it ends before the minimum, see the page"
    )
    tolerance: float = Field(3e-4, ge=0, description=TOLERANCE)


class HyperLaplacianParameters(Parameters):
    """Parameters of hyper-Laplacian gradients."""

    weight: float = Field(0.42, gt=0, description=WEIGHT)
    exponent: float = Field(0.8, gt=0, le=1, description="power of a difference that is summed")
    steps: int = Field(14, ge=1, description="steps in which the splitting is tightened")
    first: float = Field(1.0, gt=0, description="tightness of the first step")
    last: float = Field(256.0, gt=0, description="tightness of the last step")


class TikhonovParameters(Parameters):
    """Parameters of Tikhonov's regularisation."""

    contrast: float = Field(
        0.115, gt=0, description="deviation of neighbouring pixels, on [0, 1]; smaller is smoother"
    )
    iterations: int = Field(300, ge=1, description="the most steps of conjugate gradients")


class RichardsonLucyParameters(Parameters):
    """Parameters of Richardson–Lucy with total variation."""

    weight: float = Field(
        0.8, ge=0, description="weight of the total variation as a multiple of the noise"
    )
    iterations: int = Field(100, ge=1, description=ITERATIONS)
    inner: int = Field(20, ge=1, description="the most iterations of the total variation in each")
    tolerance: float = Field(
        1e-3, ge=0, description="it ends at a smaller change, as a part of the mean intensity"
    )


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield five models of any linear problem and one of counts; defaults as README.md says."""
    yield PriorSpec(
        name="tv",
        factory=".total_variation:TotalVariation",
        parameters=TotalVariationParameters,
        label="total variation",
        summary="piecewise constant images: the sum of the gradient's length",
        reference="doi:10.1016/0167-2789(92)90242-F, doi:10.1007/s10851-010-0251-1",
        tunable={"weight": (0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0)},
        solver=SolverSettings(),
        resources=Resources(memory_mb=1500, seconds_per_megapixel={"denoise": 2, "*": 5}),
    )
    yield PriorSpec(
        name="tgv",
        factory=".generalised_variation:TotalGeneralisedVariation",
        parameters=GeneralisedVariationParameters,
        label="TGV",
        summary="piecewise affine images: second-order total generalised variation",
        reference="doi:10.1137/090769521, doi:10.1007/s10851-010-0251-1",
        tunable={"weight": (0.3, 0.45, 0.6, 0.7, 0.85), "bending": (1.0, 2.0)},
        solver=SolverSettings(),
        resources=Resources(memory_mb=2000, seconds_per_megapixel={"denoise": 7, "*": 20}),
    )
    yield PriorSpec(
        name="wavelet-l1",
        factory=".wavelet_l1:WaveletL1",
        parameters=WaveletL1Parameters,
        label="wavelet ℓ₁",
        summary="images of few wavelets at any place: the absolute sum of their coefficients",
        reference="doi:10.1137/080716542",
        tunable={"weight": (0.7, 1.0, 1.4, 2.0, 2.4)},
        solver=SolverSettings(),
        small={"iterations": 10},
        resources=Resources(memory_mb=3000, seconds_per_megapixel={"denoise": 35, "*": 65}),
    )
    yield PriorSpec(
        name="hyper-laplacian",
        factory=".hyper_laplacian:HyperLaplacian",
        parameters=HyperLaplacianParameters,
        label="hyper-Laplacian",
        summary="heavy-tailed gradients: the sum of a power below 1 of each difference",
        reference="Fast Image Deconvolution using Hyper-Laplacian Priors",
        tunable={"weight": (0.25, 0.32, 0.42, 0.52), "exponent": (0.67, 0.8)},
        solver=SolverSettings(),
        resources=Resources(memory_mb=1500, seconds_per_megapixel={"denoise": 6, "*": 9}),
    )
    yield PriorSpec(
        name="tikhonov",
        factory=".tikhonov:Tikhonov",
        parameters=TikhonovParameters,
        label="Tikhonov",
        summary="smooth images: the sum of the squared gradient",
        reference="doi:10.1109/TC.1973.5009169",
        tunable={"contrast": (0.07, 0.09, 0.115, 0.15, 0.2)},
        solver=SolverSettings(),
        resources=Resources(memory_mb=1000, seconds_per_megapixel={"denoise": 0.5, "*": 3}),
    )
    yield PriorSpec(
        name="rl-tv",
        factory=".richardson_lucy:RichardsonLucyTV",
        parameters=RichardsonLucyParameters,
        label="Richardson–Lucy TV",
        summary="counts of photons from a piecewise constant image: Richardson–Lucy with TV",
        reference="doi:10.1002/jemt.20294, doi:10.1007/s11263-010-0339-5, "
        "doi:10.1364/JOSA.62.000055, doi:10.1086/111605",
        tasks=("denoise-poisson*",),
        tunable={"weight": (0.5, 0.65, 0.8, 1.0)},
        solver=SolverSettings(),
        resources=Resources(memory_mb=1500, seconds_per_megapixel=20),
    )
