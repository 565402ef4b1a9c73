"""One set of settings for each class of task; nothing is chosen for an image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from scipy.ndimage import distance_transform_edt

from priorbench.operators import Blur, Identity, LinearOperator, Mask
from priorbench.problem import Problem

from .parameters import DIPParameters

Task = Literal["denoise", "pixels", "holes", "enlarge", "deblur", "sense", "artefacts"]

SMALL_INPUT = ("deep-decoder", "dense")
"""Networks whose z is so small that to perturb it is to perturb the whole image."""

HOLE = 6.0
"""Distance in pixels to the nearest known one from which on a missing pixel lies in a hole."""


@dataclass(frozen=True)
class Recipe:
    """What the class of the task decides where the parameters don't.

    Args:
        skip: channels of the connections across.
        up: how maps are doubled.
        input: what z is.
        perturbation: standard deviation of the noise added to z.
        stopping: the rule.
    """

    skip: int
    up: Literal["bilinear", "nearest"]
    input: Literal["noise", "grid"]
    perturbation: float
    stopping: Literal["fixed", "discrepancy", "held-out", "variance"]

    @classmethod
    def of(cls, parameters: DIPParameters, problem: Problem) -> Recipe:
        """Return the settings for a problem: the parameters, and the class of its task where they are null."""
        default = RECIPES[task_of(problem)]
        if parameters.network in SMALL_INPUT:
            default = replace(default, input="noise", perturbation=0.0)
        chosen = {name: getattr(parameters, name) for name in cls.__dataclass_fields__}
        return cls(
            **{
                name: getattr(default, name) if value is None else value
                for name, value in chosen.items()
            }
        )


RECIPES: dict[Task, Recipe] = {
    "denoise": Recipe(4, "bilinear", "noise", 1 / 30, "held-out"),
    "pixels": Recipe(4, "bilinear", "noise", 0.03, "held-out"),
    # Connections across and a z of noise let a hole be filled with anything.
    "holes": Recipe(0, "nearest", "grid", 0.0, "held-out"),
    "enlarge": Recipe(4, "bilinear", "noise", 0.03, "held-out"),
    "deblur": Recipe(4, "bilinear", "noise", 0.003, "held-out"),
    "sense": Recipe(4, "bilinear", "noise", 0.03, "held-out"),
    # Artefacts are alike in neighbouring pixels, so held-out ones are predicted with their artefacts.
    "artefacts": Recipe(4, "bilinear", "noise", 0.03, "variance"),
}


def task_of(problem: Problem) -> Task:
    """Return the class that a problem belongs to, told by its operator."""
    operator = problem.linear_operator
    if operator is None:
        return "artefacts"
    if isinstance(operator, Identity):
        return "denoise"
    if isinstance(operator, Mask):
        return "holes" if _deepest(operator) > HOLE else "pixels"
    if isinstance(operator, Blur):
        return "deblur"
    return "enlarge" if _shrinks(operator) else "sense"


def _deepest(operator: Mask) -> float:
    """Return how far from the nearest known pixel a missing one lies at most."""
    known = operator.known.all(dim=0).cpu().numpy()
    return float(distance_transform_edt(~known).max())


def _shrinks(operator: LinearOperator) -> bool:
    """Whether the observation is a smaller image."""
    _, height, width = operator.image_shape
    _, small_height, small_width = operator.observation_shape
    return 1 < small_height <= height // 2 and 1 < small_width <= width // 2
