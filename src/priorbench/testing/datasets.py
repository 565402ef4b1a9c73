"""Checks of data sets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np

from priorbench.data.download import UnavailableError
from priorbench.seeds import derive_seed, seeded
from priorbench.specs import NAME, DatasetSpec, Parameters
from priorbench.testing.check import CheckFailed, Skipped, check
from priorbench.testing.source import Source

LOOKED_AT = 3
"""Images that are loaded: the first, the last and one between them."""
NOBODY = "no-image-has-this-name"


class DatasetSubject:
    """A registered data set.

    Args:
        source: where it is registered.
    """

    def __init__(self, source: Source) -> None:
        self.source = self.registered = source

    @property
    def spec(self) -> DatasetSpec:
        """The record."""
        spec: DatasetSpec = self.source.entry.spec
        return spec

    @cached_property
    def parameters(self) -> Parameters:
        """The parameters.

        Raises:
            Skipped: one has no default and is not given.
        """
        return self.source.values()

    @cached_property
    def images(self) -> Mapping[str, Path | None]:
        """The files of the images by name."""
        return dict(self.spec.images(self.parameters))

    @property
    def some(self) -> list[str]:
        """The names of a few images."""
        names = list(self.images)
        places = np.linspace(0, len(names) - 1, min(LOOKED_AT, len(names)))
        return [names[int(place)] for place in places]

    def load(self, image: str) -> np.ndarray:
        """Return an image as the stage ``prepare`` loads it.

        Raises:
            Skipped: it can't be downloaded here.
        """
        try:
            with seeded(derive_seed(0, "prepare", self.spec.name, image)):
                loaded: np.ndarray = self.source.entry.load()(self.parameters, image)
        except UnavailableError as error:
            raise Skipped(f"its files are not here: {error}") from error
        return loaded


@check("loads")
def lists_images(subject: DatasetSubject) -> None:
    """``images`` lists at least one image, under names that can be part of a path."""
    if not subject.images:
        raise CheckFailed("images(parameters) lists no image")
    for name in subject.images:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise CheckFailed(
                f"the image name {name!r} can't be part of a path: letters, digits, '.', '_', '-'"
            )


@check("lists_images")
def lists_the_same_again(subject: DatasetSubject) -> None:
    """``images`` lists the same images in the same order again."""
    if list(subject.spec.images(subject.parameters)) != list(subject.images):
        raise CheckFailed("images(parameters) lists others, or in another order, when asked again")


@check("lists_images")
def origins_are_of_its_images(subject: DatasetSubject) -> None:
    """``origins`` names images of the data set, and says where each comes from."""
    if subject.spec.origins is None:
        raise Skipped("its record has no origins")
    origins = subject.spec.origins(subject.parameters)
    others = sorted(set(origins) - set(subject.images))
    if others:
        raise CheckFailed(f"origins names images that are not listed: {', '.join(others[:5])}")
    if not all(isinstance(text, str) and text for text in origins.values()):
        raise CheckFailed("origins holds something else than text that is not empty")


@check("lists_images")
def loads_images(subject: DatasetSubject) -> None:
    """Images are H × W or H × W × 3, of finite numbers on [0, 1]."""
    for name in subject.some:
        image = subject.load(name)
        if not isinstance(image, np.ndarray):
            raise CheckFailed(f"{name} is of {type(image).__qualname__}: return a numpy array")
        shape = image.shape
        if not (len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3))) or 0 in shape:
            raise CheckFailed(f"{name} has the shape {shape}: return H × W or H × W × 3")
        if not np.issubdtype(image.dtype, np.floating):
            raise CheckFailed(
                f"{name} is of {image.dtype}: return floating-point numbers on [0, 1], for example "
                "image.astype(numpy.float32) / 255"
            )
        if not np.isfinite(image).all() or image.min() < 0 or image.max() > 1:
            raise CheckFailed(
                f"{name} holds values from {image.min():g} to {image.max():g}: scale it to [0, 1]"
            )


@check("lists_images", "loads_images")
def sizes_are_right(subject: DatasetSubject) -> None:
    """``sizes`` tells the sizes that the images have."""
    if subject.spec.sizes is None:
        raise Skipped("its record has no sizes")
    sizes = subject.spec.sizes(subject.parameters)
    for name in subject.some:
        found = subject.load(name).shape[:2]
        if tuple(sizes.get(name, ())) != found:
            raise CheckFailed(f"sizes says {sizes.get(name)} of {name}, which is {found}")


@check("lists_images", "loads_images")
def same_image_again(subject: DatasetSubject) -> None:
    """An image is the same when it is loaded again, whatever was loaded before."""
    first, *others = subject.some
    before = _digest(subject.load(first))
    for name in others:
        subject.load(name)
    if _digest(subject.load(first)) != before:
        raise CheckFailed(
            f"{first} is another image when it is loaded again, although all seeds are the same: "
            "make it from its name and the parameters alone"
        )


@check("lists_images", "loads_images")
def images_differ(subject: DatasetSubject) -> None:
    """Different names stand for different images."""
    digests = [_digest(subject.load(name)) for name in subject.some]
    if len(set(digests)) < len(digests):
        raise CheckFailed(
            f"of {', '.join(subject.some)} some are the same image: load the one that is asked for"
        )


@check("lists_images", "loads_images")
def unknown_image_refused(subject: DatasetSubject) -> None:
    """A name that is not listed is an error that names it."""
    try:
        subject.load(NOBODY)
    except Skipped:
        raise
    except Exception as error:
        if NOBODY not in str(error):
            raise CheckFailed(
                f"of an unknown image, load raises {type(error).__name__}: {error}: say which name "
                "is unknown"
            ) from None
        return
    raise CheckFailed("load returns an image for a name that is not listed: raise ValueError")


def _digest(image: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).hexdigest()


DATASETS = (
    lists_images,
    lists_the_same_again,
    origins_are_of_its_images,
    loads_images,
    sizes_are_right,
    same_image_again,
    images_differ,
    unknown_image_refused,
)
