"""The images inside the wheels of required packages, without a download. Light: imports none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from priorbench.specs import Parameters


@dataclass(frozen=True)
class Package:
    """A package that ships images.

    Args:
        name: of the distribution.
        module: what Python imports.
        folder: where the images lie inside the module's folder.
        files: the file of each image.
    """

    name: str
    module: str
    folder: str
    files: Mapping[str, str]

    def file_of(self, image: str) -> Path:
        """Return the file of an image.

        Raises:
            ValueError: the package is not installed, or without this image.
        """
        spec = find_spec(self.module)
        if spec is None or spec.origin is None:
            raise ValueError(f"the image {image} needs the package {self.name}")
        path = Path(spec.origin).parent / self.folder / self.files[image]
        if not path.is_file():
            raise ValueError(
                f"this version of {self.name} ships no {self.files[image]}: {path} does not exist"
            )
        return path


SCIKIT_IMAGE = Package(
    name="scikit-image",
    module="skimage",
    folder="data",
    files={
        "astronaut": "astronaut.png",
        "brick": "brick.png",
        "camera": "camera.png",
        "cell": "cell.png",
        "chelsea": "chelsea.png",
        "clock": "clock_motion.png",
        "coffee": "coffee.png",
        "coins": "coins.png",
        "grass": "grass.png",
        "gravel": "gravel.png",
        "horse": "horse.png",
        "hubble": "hubble_deep_field.jpg",
        "ihc": "ihc.png",
        "logo": "logo.png",
        "microaneurysms": "microaneurysms.png",
        "moon": "moon.png",
        "motorcycle": "motorcycle_left.png",
        "page": "page.png",
        "retina": "retina.jpg",
        "rocket": "rocket.jpg",
        "text": "text.png",
    },
)

SCIKIT_LEARN = Package(
    name="scikit-learn",
    module="sklearn",
    folder="datasets/images",
    files={"china": "china.jpg", "flower": "flower.jpg"},
)

# Its camera is scikit-image's.
PYWAVELETS = Package(
    name="PyWavelets",
    module="pywt",
    folder="data",
    files={"aero": "aero.npz", "ascent": "ascent.npz"},
)

PACKAGES = (SCIKIT_IMAGE, SCIKIT_LEARN, PYWAVELETS)

PACKAGE_OF = {image: package for package in PACKAGES for image in package.files}
"""The package of each image."""


def images(parameters: Parameters) -> dict[str, Path | None]:
    """List the images of all packages. Their files belong to these, so none is watched."""
    return dict.fromkeys(PACKAGE_OF)


def scikit_image(parameters: Parameters) -> dict[str, Path | None]:
    """List the images of scikit-image."""
    return dict.fromkeys(SCIKIT_IMAGE.files)


def origins(parameters: Parameters) -> dict[str, str]:
    """Return the photograph of each image, the same for each source that lists it."""
    return {image: f"{package.name}/{image}" for image, package in PACKAGE_OF.items()}


def scikit_image_origins(parameters: Parameters) -> dict[str, str]:
    """Return the photograph of each image of scikit-image; see :func:`origins`."""
    every = origins(parameters)
    return {image: every[image] for image in SCIKIT_IMAGE.files}


def file_of(image: str) -> Path:
    """Return the file of an image.

    Raises:
        ValueError: its package is not installed, or without this image.
    """
    return PACKAGE_OF[image].file_of(image)
