"""Studies of Gaussian mixtures: how many components, what they are, and dead leaves."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench import Resources, StudySpec, hookimpl

ZORAN_WEISS = "10.1109/ICCV.2011.6126278"
DEAD_LEAVES = "Zoran & Weiss, Natural images, Gaussian mixtures and dead leaves, NIPS 2012"
STUDY_RESOURCES = Resources(memory_mb=3000, minutes=30)


@hookimpl
def register_studies() -> Iterator[StudySpec]:
    """Yield ``gmm-sweep``, ``gmm-anatomy`` and ``gmm-dead-leaves``."""
    yield StudySpec(
        name="gmm-sweep",
        factory=".sweep.study:sweep",
        summary="likelihood and restoration against the number of components",
        reference=ZORAN_WEISS,
        priors=("gmm-K*",),
        metrics=("psnr",),
        caption="Mean PSNR of each task, the mean log-likelihood of patches of the test images, "
        "and how many components are in effect used, against the number of components of the "
        "Gaussian mixture. Does a likelier patch prior restore better?",
    )
    yield StudySpec(
        name="gmm-anatomy",
        factory=".anatomy.study:anatomy",
        summary="contrasts, eigenvectors and samples of the largest mixture",
        reference=DEAD_LEAVES,
        priors=("gmm-K*", "gmm-dead-leaves*"),
        other_priors=("mvg*",),
        tasks=(),
        metrics=(),
        caption="What the largest mixture has learned. Above: weight and contrast of its "
        "components, which are flat, textures or edges; how often patches have a contrast, and "
        "how often random linear filters a response, for patches that it has not learned from, "
        "for its samples, and for those of one Gaussian with its covariance. Middle: the heaviest "
        "components of each group, one a row, with contrast c and their leading eigenvectors. "
        "Below: patches and samples on one gray scale.",
        resources=STUDY_RESOURCES,
    )
    yield StudySpec(
        name="gmm-dead-leaves",
        factory=".dead_leaves.study:dead_leaves",
        summary="the same mixture learned from dead leaves and from photographs",
        reference=DEAD_LEAVES,
        priors=("gmm-dead-leaves*",),
        other_priors=("gmm-K*", "mvg*"),
        metrics=("psnr",),
        caption="Learned from dead leaves and from photographs. Likelihood of patches of both "
        "kinds under both mixtures (in brackets: less the best); principal angles between the "
        "subspaces of the leading eigenvectors of their components, matched by the shape of their "
        "covariances, beside other pairs and beside the best match once the shapes are scrambled "
        "and only their average is kept; PSNR; and leading eigenvectors of matched components, a "
        "pair in each row.",
        resources=STUDY_RESOURCES,
    )
