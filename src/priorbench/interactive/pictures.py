"""A figure of an image, what was observed of it, and what priors make of that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import torch

from priorbench.data.tensors import to_array
from priorbench.figures.observation import shown_as
from priorbench.interactive.arrays import ImageLike, clean_image, observed_image
from priorbench.interactive.problems import ImageProblem
from priorbench.interactive.scores import psnr_of
from priorbench.problem import Problem
from priorbench.types import Image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["show"]

Restorations: TypeAlias = "ImageLike | Mapping[str, ImageLike] | None"


def show(
    problem: Problem,
    restored: Restorations = None,
    clean: ImageLike | None = None,
    *,
    title: str = "",
) -> Figure:
    """Return a figure of the clean image, what was observed, and restorations.

    A detail is enlarged in each, as in the galleries of an experiment. If the clean image is given,
    the PSNR by the protocol of the task stands below each. A notebook shows the figure at the end
    of a cell; ``figure.savefig("name.png", dpi=180)`` writes it.

    Args:
        problem: what was restored.
        restored: one restoration, or several by what is written above them; None for none.
        clean: the clean image.
        title: of the figure.

    Raises:
        TypeError: the first argument is no problem.
        ValueError: an image can't be used, or has another size than that of the problem.
    """
    from priorbench.figures.gallery import Panel, draw_gallery

    if not isinstance(problem, Problem):
        raise TypeError(
            f"a problem is shown, not an object of type {type(problem).__name__}: make one by "
            "priorbench.corrupt(image, task) or priorbench.observe(image, task)"
        )
    truth = None if clean is None else clean_image(clean, "the clean image").image
    panels = []
    for label, image in _by_label(restored).items():
        tensor = observed_image(image, f"the image {label!r}").image
        if tuple(tensor.shape[1:]) != problem.image_shape:
            raise ValueError(
                f"the image {label!r} has shape {tuple(tensor.shape[1:])} (C, H, W), "
                f"and that of the problem {problem.image_shape}"
            )
        caption = "" if truth is None else _psnr(tensor, truth, problem)
        panels.append(Panel(label, to_array(tensor), caption))
    observed, called = shown_as(problem)
    _, height, width = problem.image_shape
    # A task may have cut the image.
    whole = None if truth is None else to_array(truth)[:height, :width]
    caption = "" if truth is None else _psnr_of_observation(problem, observed, truth)
    return draw_gallery(whole, to_array(observed), panels, title, called, caption)


def _by_label(restored: Restorations) -> Mapping[str, ImageLike]:
    if restored is None:
        return {}
    return restored if isinstance(restored, Mapping) else {"restored": restored}


def _psnr_of_observation(problem: Problem, shown: Image, clean: Image) -> str:
    """Return the PSNR of the image that the observation suggests, and that it is another one than
    is shown, such as one with its missing pixels interpolated.
    """
    estimate = problem.estimate()
    is_shown = estimate.shape == shown.shape and torch.equal(estimate, shown)
    caption = _psnr(estimate.cpu(), clean, problem)
    return caption if is_shown else f"{caption}, interpolated"


def _psnr(image: Image, clean: Image, problem: Problem) -> str:
    """Return the PSNR in words, or that there is none."""
    border, luminance = (0, 0), False
    if isinstance(problem, ImageProblem):
        border, luminance = problem.border, problem.luminance
    try:
        return f"{psnr_of(image, clean, border, luminance):.2f} dB"
    except ValueError:
        return "no PSNR"
