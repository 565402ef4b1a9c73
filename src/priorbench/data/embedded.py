"""The images inside the scikit-image wheel, without a download. Light: does not import it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from priorbench.specs import Parameters

FILES = {
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
}


def images(parameters: Parameters) -> dict[str, Path | None]:
    """List the images. Their files belong to an installed package, so none is watched."""
    return dict.fromkeys(FILES)


def file_of(image: str) -> Path:
    """Return the file of an image.

    Raises:
        ValueError: scikit-image is not installed, or without this image.
    """
    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise ValueError("the data set scikit-image needs the package scikit-image")
    path = Path(spec.origin).parent / "data" / FILES[image]
    if not path.is_file():
        raise ValueError(
            f"this version of scikit-image ships no {FILES[image]}: {path} does not exist"
        )
    return path
