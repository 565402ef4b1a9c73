"""What variational autoencoders of tiles and patches have learned."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import Resources, StudySpec, hookimpl

REFERENCE = "arXiv:1312.6114, doi:10.1137/21M140225X"


@hookimpl
def register_studies() -> Iterator[StudySpec]:
    """Yield ``vae``."""
    yield StudySpec(
        name="vae",
        factory=".study:vae",
        summary="likelihood, blur, ways to restore, and samples of the variational autoencoders",
        reference=REFERENCE,
        priors=("vae*",),
        other_priors=("*",),
        only_learned=True,
        metrics=("psnr",),
        caption="What variational autoencoders of tiles have learned. Above: radially averaged "
        "power spectra of test images and of what is left after encoding and decoding their "
        "overlapping tiles, and of tiles and samples. Below: PSNR on gray crops of the first test "
        "images. Observation, interpolated: no prior, the operator's own estimate; project: that "
        "estimate, encoded and decoded once, and one data step; latent: the decoder's image of "
        "the codes that explain the observation best, found by a search; jpmap: image and codes "
        "that are likeliest together (joint MAP), where the image need not be one that the "
        "decoder can make. Dots: means; lines: single images. With an autoencoder of patches: its "
        "likelihood, a lower bound, beside other priors. Pictures: the same samples with and "
        "without the decoder's noise; test tiles and their reconstructions; from the code of one "
        "test tile to that of another; and along the dimensions with the largest mean divergence "
        "(left of the rows), from −3 to 3, the others at 0. Tiles lack their mean; black to white "
        "is ± the peak of a noisy sample, of a test tile, or of a row.",
        resources=Resources(memory_mb=3000, minutes=30),
    )
