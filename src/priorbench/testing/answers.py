"""What a plugin's code answered: an image, a clear refusal, or neither."""

from __future__ import annotations

from collections.abc import Callable

import torch

from priorbench.problem import Problem
from priorbench.store.outcome import Outcome
from priorbench.testing.check import CheckFailed, Skipped
from priorbench.types import Image


def fault_of(image: Image, problem: Problem) -> str:
    """Return what is wrong with a restored image, whatever it shows; nothing if all is well."""
    expected = (1, *problem.image_shape)
    if tuple(image.shape) != expected:
        return f"returns the shape {tuple(image.shape)}, not {expected}"
    return "" if torch.isfinite(image).all() else "returns NaN or infinite values"


def refusal(work: Callable[[], object]) -> str:
    """Return what is wrong with how work ended: nothing if it was done or refused clearly.

    A clear refusal is a :class:`ValueError`, of which :class:`priorbench.NotApplicable` is one,
    with a message.
    """
    try:
        work()
    except (CheckFailed, Skipped):
        raise
    except ValueError as error:
        return "" if str(error).strip() else f"raises {type(error).__name__} without a message"
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        return f"raises {type(error).__name__}: {lines[0]}"
    return ""


def where(outcome: Outcome) -> str:
    """Return the last lines of a traceback on lines of their own; empty without any."""
    lines = outcome.traceback.strip().splitlines()
    return "".join(f"\n{line}" for line in lines[-5:-1])
