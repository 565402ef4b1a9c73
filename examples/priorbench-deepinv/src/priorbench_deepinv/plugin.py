"""Declares the priors; read with every workflow, so it imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, SolverSettings, hookimpl

from .parameters import (
    BilateralParameters,
    MedianParameters,
    NetworkParameters,
    TotalGeneralisedVariationParameters,
    TotalVariationParameters,
    WaveletDictionaryParameters,
    WaveletParameters,
)

DEEPINV = "doi:10.21105/joss.08923"
THRESHOLDS = (0.6, 0.85, 1.2, 1.7, 2.4)
SMOOTHER = SolverSettings()
"""The solver's default for smoothers, which was chosen with total variation and wavelets."""


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield deepinv's classical denoisers, and one prior for its networks."""
    yield PriorSpec(
        name="deepinv-tv",
        factory=".classical:TotalVariation",
        parameters=TotalVariationParameters,
        label="deepinv: total variation",
        summary="total variation, deepinv",
        reference=f"doi:10.1016/0167-2789(92)90242-F, {DEEPINV}",
        tunable={"weight": (0.4, 0.55, 0.75, 1.0, 1.4)},
        small={"iterations": 20},
        solver=SMOOTHER,
        resources=Resources(seconds_per_megapixel={"denoise": 40, "*": 300}),
    )
    yield PriorSpec(
        name="deepinv-tgv",
        factory=".classical:TotalGeneralisedVariation",
        parameters=TotalGeneralisedVariationParameters,
        label="deepinv: total generalised variation",
        summary="total generalised variation of second order, deepinv",
        reference=f"doi:10.1137/090769521, {DEEPINV}",
        tunable={"weight": (3.5, 5.0, 7.0, 10.0, 14.0)},
        small={"iterations": 20},
        solver=SMOOTHER,
        resources=Resources(seconds_per_megapixel={"denoise": 120, "*": 900}),
    )
    yield PriorSpec(
        name="deepinv-wavelet",
        factory=".classical:Wavelet",
        parameters=WaveletParameters,
        label="deepinv: wavelet",
        summary="soft thresholding in an orthogonal wavelet basis, deepinv",
        reference=f"doi:10.1093/biomet/81.3.425, {DEEPINV}",
        tunable={"weight": THRESHOLDS},
        solver=SMOOTHER,
        resources=Resources(seconds_per_megapixel={"denoise": 1, "*": 8}),
    )
    yield PriorSpec(
        name="deepinv-wavelet-dictionary",
        factory=".classical:WaveletDictionary",
        parameters=WaveletDictionaryParameters,
        label="deepinv: wavelet dictionary",
        summary="soft thresholding in several wavelet bases at once, deepinv",
        reference=DEEPINV,
        tunable={"weight": THRESHOLDS},
        solver=SMOOTHER,
        resources=Resources(seconds_per_megapixel={"denoise": 15, "*": 120}),
    )
    yield PriorSpec(
        name="deepinv-bilateral",
        factory=".classical:Bilateral",
        parameters=BilateralParameters,
        label="deepinv: bilateral",
        summary="bilateral filter, deepinv",
        reference=f"doi:10.1109/ICCV.1998.710815, {DEEPINV}",
        tunable={"weight": (1.5, 2.0, 2.5, 3.0, 4.0)},
        solver=SMOOTHER,
        resources=Resources(
            memory_mb_per_megapixel=1000, seconds_per_megapixel={"denoise": 2, "*": 15}
        ),
    )
    yield PriorSpec(
        name="deepinv-median",
        factory=".classical:Median",
        parameters=MedianParameters,
        label="deepinv: median",
        summary="median filter, deepinv",
        reference=DEEPINV,
        tunable={"size": (3, 5, 7)},
        solver=SMOOTHER,
        resources=Resources(
            memory_mb_per_megapixel=500, seconds_per_megapixel={"denoise": 1, "*": 8}
        ),
    )
    yield PriorSpec(
        name="deepinv-bm3d",
        factory=".classical:BM3D",
        label="deepinv: BM3D",
        summary="block-matching and 3D filtering, deepinv's implementation in torch",
        reference=f"doi:10.1109/TIP.2007.901238, {DEEPINV}",
        solver=SMOOTHER,
        resources=Resources(
            threads=2,
            memory_mb=4000,
            minutes=60,
            seconds_per_megapixel={"denoise": 300, "*": 2400},
        ),
    )
    # It takes part where the configuration says which network, and where its weights lie.
    yield PriorSpec(
        name="deepinv-network",
        factory=".network:Network",
        parameters=NetworkParameters,
        id="deepinv-{model}",
        label="deepinv: {model}",
        summary="a network of deepinv with weights of your own, plug-and-play",
        reference=DEEPINV,
        resources=Resources(threads=2, memory_mb=4000, memory_mb_per_megapixel=4000),
    )
