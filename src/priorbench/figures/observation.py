"""How an observation is shown, in galleries and on the results site."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from priorbench.problem import Problem


def shown_as(problem: Problem) -> tuple[Tensor, str]:
    """Return the observation, with its holes, and what it is called.

    A smaller image is shown as it is. What is no image, or shows only a part of the scene, is shown
    as the image that it suggests.
    """
    height, width = problem.image_shape[1:]
    rows, columns = problem.y.shape[2:]
    if height % rows == 0 and height * columns == width * rows:
        return problem.y, "corrupted"
    return problem.estimate(), "corrupted (estimate)"
