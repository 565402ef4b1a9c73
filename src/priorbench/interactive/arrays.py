"""Arrays and tensors of the user's own as images, and back in the kind that they came in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from priorbench.types import Image

__all__ = ["Axes", "Form", "ImageArray", "ImageLike"]

ImageLike: TypeAlias = "npt.ArrayLike | torch.Tensor"
"""An image as it is put in."""

ImageArray: TypeAlias = "np.ndarray | torch.Tensor"
"""An image as it is given back: float32 on [0, 1], an array or a tensor as its problem's was."""

MARGIN = 0.5
"""By how much a clean image may leave [0, 1], as one that was resampled does."""

BRIGHTEST = 2.0
"""Highest mean of an observation: noise may leave [0, 1] by far, but its mean stays near."""

PEAKS = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}
"""What stands for 1 in images of whole numbers."""


class Axes(StrEnum):
    """The order of an image's axes."""

    ROWS_COLUMNS = "H × W"
    CHANNELS_LAST = "H × W × C"
    CHANNELS_FIRST = "C × H × W"
    BATCH = "1 × C × H × W"


@dataclass(frozen=True)
class Form:
    """The kind of array that an image came in.

    Args:
        axes: the order of its axes.
        device: of a tensor; None for an array of NumPy.
    """

    axes: Axes = Axes.CHANNELS_LAST
    device: torch.device | None = None

    def give(self, image: Image) -> ImageArray:
        """Return an image, 1 × C × H × W, in this form, as float32."""
        image = image.detach().float()
        match self.axes:
            case Axes.ROWS_COLUMNS if image.shape[1] == 1:
                shaped = image[0, 0]
            case Axes.ROWS_COLUMNS | Axes.CHANNELS_LAST:
                shaped = image[0].permute(1, 2, 0)
            case Axes.CHANNELS_FIRST:
                shaped = image[0]
            case Axes.BATCH:
                shaped = image
        # A copy with its values in order: the caller may write to it.
        if self.device is not None:
            return shaped.to(self.device, copy=True).contiguous()
        return np.array(shaped.cpu().numpy(), order="C")


@dataclass(frozen=True)
class Given:
    """An image that was put in.

    Args:
        image: float32, 1 × C × H × W, on the CPU.
        form: the kind of array that it came in.
    """

    image: Image
    form: Form


def clean_image(image: ImageLike, name: str = "the image") -> Given:
    """Return a clean image as a tensor on [0, 1].

    Args:
        image: H × W or H × W × C as an array, or H × W, C × H × W or 1 × C × H × W as a tensor;
            C is 1 or 3. Floats on [0, 1], or uint8 or uint16.
        name: what it is called in errors.

    Raises:
        TypeError: it is no array of numbers.
        ValueError: it has another shape, holds NaN or infinite values, or leaves [0, 1].
    """
    given = _read(image, name)
    low, high = float(given.image.min()), float(given.image.max())
    if low < -MARGIN or high > 1 + MARGIN:
        raise ValueError(_out_of_range(name, low, high))
    return given


def observed_image(image: ImageLike, name: str = "the observation") -> Given:
    """Return an observation as a tensor; its noise may leave [0, 1].

    Args:
        image: see :func:`clean_image`.
        name: what it is called in errors.

    Raises:
        TypeError: it is no array of numbers.
        ValueError: it has another shape, holds NaN or infinite values, or its values lie on another
            scale than [0, 1].
    """
    given = _read(image, name)
    if abs(float(given.image.mean())) > BRIGHTEST:
        raise ValueError(_out_of_range(name, float(given.image.min()), float(given.image.max())))
    return given


def mask_of(mask: ImageLike) -> torch.Tensor:
    """Return a mask, 1 × 1 × H × W: 1 where a pixel is known.

    Args:
        mask: H × W; true, or above half of the largest value of its type, where a pixel is known.

    Raises:
        TypeError: it is no array of numbers.
        ValueError: it has another shape, or holds NaN or infinite values.
    """
    array = mask if isinstance(mask, torch.Tensor) else np.asarray(mask)
    is_bool = array.dtype in (torch.bool, np.dtype(bool))
    known = _read(_as_uint8(array) if is_bool else array, "the mask").image
    if known.shape[1] != 1:
        raise ValueError(f"the mask has {known.shape[1]} channels; it must be H × W")
    return (known > 0.5).float()


def _as_uint8(array: ImageArray) -> ImageArray:
    """Return 255 for true and 0 for false."""
    if isinstance(array, torch.Tensor):
        return array.to(torch.uint8) * 255
    return array.astype(np.uint8) * np.uint8(255)


def _read(image: ImageLike, name: str) -> Given:
    """Return an image as floats, whatever their range."""
    if isinstance(image, torch.Tensor):
        form = Form(_tensor_axes(tuple(image.shape), name), image.device)
        values = image.detach().cpu()
        array = (values.float() if values.dtype == torch.bfloat16 else values).numpy()
    else:
        array = np.asarray(image)
        form = Form(_array_axes(array.shape, name))
    if 0 in array.shape:
        raise ValueError(f"{name} is empty: its shape is {_in_words(array.shape)}")
    floats = _as_floats(array, name)
    if not np.isfinite(floats).all():
        raise ValueError(f"{name} holds NaN or infinite values")
    match form.axes:
        case Axes.ROWS_COLUMNS:
            shaped = floats[None, None]
        case Axes.CHANNELS_LAST:
            shaped = floats.transpose(2, 0, 1)[None]
        case Axes.CHANNELS_FIRST:
            shaped = floats[None]
        case Axes.BATCH:
            shaped = floats
    # A copy: what the caller does to the array later changes no problem.
    return Given(torch.from_numpy(np.array(shaped, order="C")), form)


def _as_floats(array: np.ndarray, name: str) -> np.ndarray:
    """Return the values as float32; whole numbers are divided by what stands for 1."""
    if array.dtype in PEAKS:
        return (array / PEAKS[array.dtype]).astype(np.float32)
    if np.issubdtype(array.dtype, np.floating):
        # float64 beyond the range of float32 becomes infinite, which is refused.
        with np.errstate(over="ignore"):
            return array.astype(np.float32)
    raise TypeError(
        f"{name} is of type {array.dtype}; give floats on [0, 1], uint8 or uint16"
        + (", for example (255 * image).astype(numpy.uint8)" if array.dtype == bool else "")
    )


def _array_axes(shape: tuple[int, ...], name: str) -> Axes:
    if len(shape) == 2:
        return Axes.ROWS_COLUMNS
    if len(shape) == 3 and shape[2] in (1, 3):
        return Axes.CHANNELS_LAST
    hint = ""
    if len(shape) == 3 and shape[2] in (2, 4):
        hint = "; leave transparency out by image[..., :-1]"
    elif len(shape) == 3 and shape[0] in (1, 3):
        hint = "; put the channels last by image.transpose(1, 2, 0)"
    elif len(shape) == 4:
        hint = "; give one image at a time"
    raise ValueError(
        f"{name} has the shape {_in_words(shape)}; an array must be H × W, H × W × 1 or "
        f"H × W × 3{hint}"
    )


def _tensor_axes(shape: tuple[int, ...], name: str) -> Axes:
    if len(shape) == 2:
        return Axes.ROWS_COLUMNS
    if len(shape) == 3 and shape[0] in (1, 3):
        return Axes.CHANNELS_FIRST
    if len(shape) == 4 and shape[0] == 1 and shape[1] in (1, 3):
        return Axes.BATCH
    hint = ""
    if len(shape) == 3 and shape[2] in (1, 3):
        hint = "; put the channels first by image.permute(2, 0, 1)"
    elif len(shape) == 4 and shape[0] > 1:
        hint = "; give one image at a time"
    raise ValueError(
        f"{name} has the shape {_in_words(shape)}; a tensor must be H × W, C × H × W or "
        f"1 × C × H × W with 1 or 3 channels{hint}"
    )


def _in_words(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "()"


def _out_of_range(name: str, low: float, high: float) -> str:
    return (
        f"{name} has values from {low:.4g} to {high:.4g}; floats must lie on [0, 1]: "
        "divide them by the value of white, or give uint8"
    )
