"""Studies of patch priors, from any plugin."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import Resources, StudySpec, hookimpl


@hookimpl
def register_studies() -> Iterator[StudySpec]:
    """Yield ``likelihood``."""
    yield StudySpec(
        name="likelihood",
        factory=".study:likelihood",
        summary="does a likelier patch model restore better?",
        reference="doi:10.1109/ICCV.2011.6126278",
        priors=(
            "gmm-*",
            "mvg",
            "gsm*",
            "pca*",
            "ica*",
            "ind-pixel*",
            "vae-patch*",
            "vq-vae*",
            "flow*",
        ),
        other_priors=("*",),
        only_learned=True,
        metrics=("psnr",),
        caption="Left: PSNR of single patches and, by EPLL, of whole images against the mean "
        "log-likelihood of patches of the test images, in nats per patch without its mean; all "
        "models see the same patches. Right: whole images by EPLL, by averaging the MAP estimates "
        "of single patches, and from patches that don't overlap. Means over the images that every "
        "model restored. The points' numbers stand beside the names.",
        resources=Resources(memory_mb=3000, minutes=60),
    )
