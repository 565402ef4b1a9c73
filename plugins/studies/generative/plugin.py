"""What generative priors are good at."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import Resources, StudySpec, hookimpl


@hookimpl
def register_studies() -> Iterator[StudySpec]:
    """Yield ``generative``."""
    yield StudySpec(
        name="generative",
        factory=".study:generative",
        summary="density, draws and restorations of generative priors side by side",
        priors=("vae*", "flow*", "pixelcnn*", "gan*", "vq-vae*", "diffusion*"),
        other_priors=("*",),
        only_learned=True,
        metrics=("psnr",),
        caption="Patches drawn from each prior, without their means. How far their distribution is "
        "from that of patches of the test images, and which share of those patches lies among "
        "them. The line is what patches of photographs themselves reach.",
        resources=Resources(memory_mb=3000, minutes=120),
    )
