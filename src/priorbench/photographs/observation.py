"""What was observed, as a picture."""

from __future__ import annotations

import numpy as np
import torch

from priorbench.data.tensors import to_array
from priorbench.problem import Problem


def picture_of(problem: Problem) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the observation, H × W × C, and its known pixels, H × W; None if nothing is missing.

    A pixel that is missing in all channels is transparent, one that is missing in some is black in
    these. An observation that is no picture, as in compressed sensing, is shown as the plainest
    image that explains it.
    """
    y, operator = problem.y, problem.linear_operator
    flat = 1 in y.shape[2:] and 1 not in problem.image_shape[1:]
    if flat or y.shape[1] not in (1, 3):
        return to_array(problem.estimate()), None
    if operator is None:
        return to_array(y), None
    known = operator.restrict(torch.ones_like(y))[0] != 0
    everywhere = bool((known == known[:1]).all())
    return to_array(y), known[0].numpy() if everywhere and not known.all() else None


def hides_nothing(problem: Problem) -> bool:
    """Whether every pixel of the observation is known."""
    operator = problem.linear_operator
    return operator is None or bool((operator.restrict(torch.ones_like(problem.y)) != 0).all())
