"""Loading one image of a data set. Heavy: decodes images."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from priorbench.data import catalogue, embedded, folder
from priorbench.data.download import fetch
from priorbench.data.images import read_image
from priorbench.errors import unknown
from priorbench.specs import Parameters
from priorbench.store.archives import read_arrays

__all__ = ["load_embedded"]


def load_embedded(parameters: Parameters, image: str) -> np.ndarray:
    """Return an image that ships inside a package; see :func:`.read_image`.

    Raises:
        ValueError: the package is not installed or without this image, or its file can't be read.
    """
    path = embedded.file_of(image)
    return _read_archive(path) if path.suffix == ".npz" else read_image(path)


def _read_archive(path: Path) -> np.ndarray:
    """Return the gray levels on [0, 1] that a NumPy archive holds as bytes, H × W, float32."""
    levels = read_arrays(path).get("data")
    if levels is None or levels.dtype != np.uint8 or levels.ndim != 2:
        raise ValueError(f"{path} holds no array 'data' of 8-bit gray levels, height × width")
    gray: np.ndarray = levels.astype(np.float32) / 255
    return gray


def load_from_catalogue(parameters: catalogue.StandardParameters, image: str) -> np.ndarray:
    """Return an image of a standard data set; see :func:`.fetch` and :func:`.read_image`.

    Raises:
        ValueError: no image has this name, or its file is missing, altered or can't be downloaded.
    """
    name = parameters.set_name()
    known = catalogue.entries(name)
    if image not in known:
        raise ValueError(f"the data set {name}: {unknown('image', image, known)}")
    return read_image(fetch(known[image]))


def load_from_folder(parameters: folder.FolderParameters, image: str) -> np.ndarray:
    """Return an image of a folder by the name it is listed under; see :func:`.read_image`.

    Raises:
        ValueError: no image has this name, or its file can't be read.
    """
    files = folder.images(parameters)
    path = files.get(image)
    if path is None:
        raise ValueError(
            f"the folder {folder.expand(parameters.path)} holds no image called {image!r}"
        )
    return read_image(path)
