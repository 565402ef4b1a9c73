"""The spec of a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from priorbench.specs.parameters import Parameters
from priorbench.specs.spec import Spec


@dataclass(frozen=True, kw_only=True)
class DatasetSpec(Spec):
    """A source of images.

    Args:
        factory: ``load(parameters, image) -> array`` returns one image, H × W or H × W × 3,
            float32 on [0, 1].
        images: ``images(parameters) -> {image name: file or None}`` lists the images in order
            without opening them; results are computed again when a file changes.
        parameters: pydantic model of the parameters.
        sizes: ``sizes(parameters) -> {image name: (height, width)}`` lists the sizes in pixels,
            where they are known before the images are there: jobs ask for memory and time by them.
            Without it, files are opened.
        origins: ``origins(parameters) -> {image name: photograph}`` names the photograph that an
            image was cut or converted from, by any text such as ``"bsds500/12003"``.
            No prior is tested on a photograph that it is fitted to, in whatever data sets they are.
    """

    images: Callable[[Any], Mapping[str, Path | None]]
    parameters: type[Parameters] = Parameters
    sizes: Callable[[Any], Mapping[str, tuple[int, int]]] | None = None
    origins: Callable[[Any], Mapping[str, str]] | None = None
