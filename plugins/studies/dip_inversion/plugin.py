"""Images found from representations of them: what an untrained network adds."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import Resources, StudySpec, hookimpl

REFERENCE = "arXiv:1711.10925"


@hookimpl
def register_studies() -> Iterator[StudySpec]:
    """Yield ``dip-inversion``."""
    yield StudySpec(
        name="dip-inversion",
        factory=".study:inversion",
        summary="the image found from a representation of it: no prior, total variation, an "
        "untrained network",
        reference=REFERENCE,
        priors=("dip*", "vae*"),
        tasks=(),
        metrics=(),
        caption="The image that is found from a representation Φ of the photograph on the left "
        "(features without parameters, and the codes of each autoencoder that the experiment has "
        "trained), by least squares over the pixels, over the pixels with total variation, and "
        "over the weights of an untrained network. Below each: the relative error of Φ; PSNR "
        "after the best affine change of the gray scale, which Φ does not tell; and structural "
        "similarity. All are shown with the photograph's mean and standard deviation, and none as "
        "its negative. Below, images that excite a class of a small classifier of crops to the "
        "same log odds, found in the same ways, beside one of the class's own crops, with the "
        "sliced distance of their patches, at the contrast of the class, from those of its crops.",
        resources=Resources(threads=2, memory_mb=3000, minutes=30),
    )
