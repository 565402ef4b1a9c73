"""Loading one image of a data set. Heavy: decodes images."""

from __future__ import annotations

import numpy as np

from priorbench.data import embedded, folder
from priorbench.data.images import read_image
from priorbench.records import Parameters


def load_embedded(parameters: Parameters, image: str) -> np.ndarray:
    """Return an image that ships inside scikit-image; see :func:`.read_image`."""
    return read_image(embedded.file_of(image))


def load_from_folder(parameters: folder.FolderParameters, image: str) -> np.ndarray:
    """Return an image of a folder by the name it is listed under; see :func:`.read_image`.

    Raises:
        ValueError: no image has this name, or its file can't be read.
    """
    files = folder.images(parameters)
    path = files.get(image)
    if path is None:
        raise ValueError(f"the folder {folder.expand(parameters.path)} holds no image called {image!r}")
    return read_image(path)
