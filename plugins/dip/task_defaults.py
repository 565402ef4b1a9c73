"""One set of settings for each class of task; nothing is chosen for an image."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from scipy.ndimage import distance_transform_edt

from priorbench.operators import Blur, Identity, LinearOperator, Mask
from priorbench.problem import Problem

from .parameters import DIPParameters

Task = Literal["denoise", "pixels", "holes", "enlarge", "deblur", "sense", "artefacts"]

HOLE = 6.0
"""Distance in pixels to the nearest known pixel from which on a missing one lies in a hole."""


@dataclass(frozen=True)
class TaskDefaults:
    """What the class of the task decides where the parameters are null.

    Args:
        skip: channels of the skip connections.
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
    def of(cls, parameters: DIPParameters, problem: Problem) -> TaskDefaults:
        """Return the parameters, and the defaults of the problem's class where they are null."""
        default = DEFAULTS[task_of(problem)]
        chosen = {field.name: getattr(parameters, field.name) for field in fields(cls)}
        return cls(
            **{
                name: getattr(default, name) if value is None else value
                for name, value in chosen.items()
            }
        )


DEFAULTS: dict[Task, TaskDefaults] = {
    "denoise": TaskDefaults(4, "bilinear", "noise", 1 / 30, "held-out"),
    "pixels": TaskDefaults(4, "bilinear", "noise", 0.03, "held-out"),
    # Skip connections and a z of noise let a hole be filled with anything.
    "holes": TaskDefaults(0, "nearest", "grid", 0.0, "held-out"),
    "enlarge": TaskDefaults(4, "bilinear", "noise", 0.03, "held-out"),
    "deblur": TaskDefaults(4, "bilinear", "noise", 0.003, "held-out"),
    "sense": TaskDefaults(4, "bilinear", "noise", 0.03, "held-out"),
    # Artefacts are alike in neighbouring pixels, so held-out ones are predicted with theirs.
    "artefacts": TaskDefaults(4, "bilinear", "noise", 0.03, "variance"),
}


def task_of(problem: Problem) -> Task:
    """Return the class of a problem, which its operator decides."""
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
    """Return the largest distance of a missing pixel from the nearest known one."""
    known = operator.known.all(dim=0).cpu().numpy()
    return float(distance_transform_edt(~known).max())


def _shrinks(operator: LinearOperator) -> bool:
    """Return whether the observation is an image of at most half the height and width."""
    _, height, width = operator.image_shape
    _, small_height, small_width = operator.observation_shape
    return 1 < small_height <= height // 2 and 1 < small_width <= width // 2
