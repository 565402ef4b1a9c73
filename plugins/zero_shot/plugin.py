"""Networks that are fitted to a single observation, without a training set."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, SolverSettings, hookimpl

from .parameters import (
    DeepDecoderParameters,
    Noise2FastParameters,
    Noise2NoiseParameters,
    Self2SelfParameters,
)

DENOISING = ("denoise", "denoise-blind", "denoise-guided", "denoise-poisson")
"""Tasks whose noise is independent from pixel to pixel and reaches all of them."""


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``zs-n2n``, ``noise2fast``, ``self2self`` and ``deep-decoder``."""
    yield PriorSpec(
        name="zs-n2n",
        factory=".noise2noise:ZeroShotNoise2Noise",
        parameters=Noise2NoiseParameters,
        label="ZS-N2N",
        summary="a small network that learns the noise from two halves of the noisy image",
        reference="arXiv:2303.11253",
        small={"channels": 8, "iterations": 60, "side": 40},
        tasks=DENOISING,
        solver=SolverSettings(),
        resources=Resources(
            threads=2,
            memory_mb=1500,
            memory_mb_per_megapixel=700,
            minutes=10,
            seconds_per_megapixel=40,
        ),
    )
    yield PriorSpec(
        name="noise2fast",
        factory=".noise2fast:Noise2Fast",
        parameters=Noise2FastParameters,
        label="Noise2Fast",
        summary="a small network that learns to tell a noisy pixel from its neighbours",
        reference="doi:10.1038/s42256-022-00547-8",
        small={"channels": 8, "layers": 3, "iterations": 60, "side": 48},
        tasks=DENOISING,
        solver=SolverSettings(),
        resources=Resources(
            threads=2,
            memory_mb=1500,
            memory_mb_per_megapixel=700,
            minutes=20,
            seconds_per_megapixel=250,
        ),
    )
    yield PriorSpec(
        name="self2self",
        factory=".self2self:Self2Self",
        parameters=Self2SelfParameters,
        label="Self2Self",
        summary="a network that tells dropped pixels from the others; many predictions, averaged",
        reference="doi:10.1109/CVPR42600.2020.00196",
        small={"channels": 8, "scales": 2, "iterations": 150, "side": 40},
        tasks=(*DENOISING, "denoise-saltpepper", "inpaint*"),
        solver=SolverSettings(),
        resources=Resources(
            threads=2,
            memory_mb=1500,
            memory_mb_per_megapixel=3000,
            minutes=20,
            seconds_per_megapixel=700,
        ),
    )
    yield PriorSpec(
        name="deep-decoder",
        factory=".decoder:DeepDecoder",
        parameters=DeepDecoderParameters,
        label="deep decoder",
        summary="an image of few weights: a network without kernels, fitted to the observation",
        reference="arXiv:1810.03982",
        small={"channels": 16, "doublings": 3, "iterations": 60},
        solver=SolverSettings(),
        resources=Resources(
            threads=2,
            memory_mb=1500,
            memory_mb_per_megapixel=6000,
            minutes=60,
            seconds_per_megapixel=600,
        ),
    )
