"""Deep Image Prior: an untrained network as an image prior."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import PriorSpec, Resources, SolverSettings, StudySpec, hookimpl

from .parameters import DIPParameters

REFERENCE = "arXiv:1711.10925"


@hookimpl
def register_priors() -> Iterator[PriorSpec]:
    """Yield ``dip``."""
    yield PriorSpec(
        name="dip",
        factory=".model:DeepImagePrior",
        summary="the structure of an untrained network, fitted to the observation alone",
        reference=REFERENCE,
        parameters=DIPParameters,
        label="Deep Image Prior",
        small={"channels": 8, "scales": 2, "iterations": 20},
        solver=SolverSettings(),
        resources=Resources(
            threads=2,
            memory_mb=1500,
            memory_mb_per_megapixel=6000,
            minutes=60,
            seconds_per_megapixel=1200,
        ),
    )


@hookimpl
def register_studies() -> Iterator[StudySpec]:
    """Yield ``dip-dynamics`` and ``dip-inversion``."""
    yield StudySpec(
        name="dip-dynamics",
        factory=".studies.dynamics:dynamics",
        summary="what is fitted first, where the stopping rules land, and what the architecture decides",
        reference=REFERENCE,
        priors=("dip*",),
        tasks=(),
        metrics=(),
        caption="The centre of the first test image, in gray. Above: loss while the image, the same with noise of "
        "σ = 25, its shuffled pixels and uniform noise are fitted; PSNR and loss while the noisy image is fitted, and "
        "the estimate that each stopping rule picks on this one trajectory, with 5 % of the pixels held out (the peak "
        "needs the clean image and is used for no score). Second row: relative error against the clean image in bands "
        "of frequencies, dashed at one half, and PSNR of averages of runs, a dot for each subset. Third row: PSNR of "
        "the estimate that the held-out rule picks, by architecture; ticks are single runs, dots their means; no prior "
        "is the observation with the mean in place of missing pixels. Below: outputs of untrained networks for a z of "
        "noise, each on its own gray scale.",
        resources=Resources(threads=2, memory_mb=4000, minutes=120),
    )
    yield StudySpec(
        name="dip-inversion",
        factory=".studies.inversion:inversion",
        summary="the image found from a representation of it: no prior, total variation, an untrained network",
        reference=REFERENCE,
        priors=("dip*", "vae*"),
        tasks=(),
        metrics=(),
        caption="The image that is found from a representation Φ of the photograph on the left (features without "
        "parameters, and the codes of each autoencoder that the experiment has trained), by least squares over "
        "the pixels, over the pixels with total variation, and over the weights of an untrained network. Below each: "
        "the relative error of Φ; PSNR after the best affine change of the gray scale, which Φ does not tell; and "
        "structural similarity. All are shown with the photograph's mean and standard deviation, and none as its "
        "negative.",
        resources=Resources(threads=2, memory_mb=3000, minutes=30),
    )
