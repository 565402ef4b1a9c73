"""A restoration problem: all that a prior may see of a corrupted image."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from priorbench.errors import NotApplicable
from priorbench.operators import LinearOperator, operator_class
from priorbench.store.archives import read_arrays
from priorbench.store.files import write_atomically
from priorbench.types import Guide, Image, Observation

__all__ = ["Problem"]

FORMAT = 2


@dataclass(frozen=True)
class Problem:
    """y = Hx + n: find x.

    The clean image is not in it, and a restoring job has no other input. The noise is Gaussian, n ~
    N(0, σ²I), unless a ``peak`` makes it Poisson: then peak · y ~ Poisson(peak · Hx).

    Args:
        y: the observation, 1 × C × h × w.
        linear_operator: H; None where the observation is no linear function of x, such as a JPEG
            file.
        sigma: σ, the standard deviation of the noise, on the scale of [0, 1]; with Poisson noise
            its root mean square over the image.
        peak: photons that intensity 1 stands for; None for Gaussian noise.
        corruption: what happened to the image, in words, where no operator says it.
        guide: another image of the scene, aligned with x, such as a flash photograph: 1 × C' × H ×
            W, C' 1 or 3 and H × W those of x; None where there is none. A prior may leave it aside.

    Raises:
        ValueError: σ or the peak is out of range, or y or the guide has the wrong shape or holds
            NaN or infinite values.
    """

    y: Observation
    linear_operator: LinearOperator | None
    sigma: float
    peak: float | None = None
    corruption: str = ""
    guide: Guide | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.sigma < float("inf"):
            raise ValueError(f"sigma must be a finite number of at least 0, not {self.sigma}")
        if self.peak is not None and not 0 < self.peak < float("inf"):
            raise ValueError(f"peak must be a positive number, not {self.peak}")
        if self.y.ndim != 4:
            raise ValueError(
                f"the observation must be 1 × C × h × w, not of shape {tuple(self.y.shape)}"
            )
        if (
            self.linear_operator is not None
            and tuple(self.y.shape[1:]) != self.linear_operator.observation_shape
        ):
            expected = self.linear_operator.observation_shape
            raise ValueError(
                f"the observation has shape {tuple(self.y.shape[1:])}, "
                f"its operator gives {expected}"
            )
        if not torch.isfinite(self.y).all():
            raise ValueError("the observation holds NaN or infinite values")
        if self.guide is not None:
            self._check_guide(self.guide)

    def _check_guide(self, guide: Guide) -> None:
        """Raise ValueError if this is no guide for the image that is sought."""
        if guide.ndim != 4 or guide.shape[0] != 1 or guide.shape[1] not in (1, 3):
            raise ValueError(
                "the guide must be 1 × 1 × H × W or 1 × 3 × H × W, "
                f"not of shape {tuple(guide.shape)}"
            )
        (rows, columns), (_, height, width) = guide.shape[2:], self.image_shape
        if (rows, columns) != (height, width):
            raise ValueError(f"the guide is {rows} × {columns} but the image {height} × {width}")
        if not torch.isfinite(guide).all():
            raise ValueError("the guide holds NaN or infinite values")

    @property
    def operator(self) -> LinearOperator:
        """H.

        Raises:
            NotApplicable: the problem has no linear operator.
        """
        if self.linear_operator is None:
            raise NotApplicable(
                f"needs a linear operator H, and {self.corruption or 'this corruption'} has none"
            )
        return self.linear_operator

    def to(self, device: torch.device | str) -> Problem:
        """Return this problem on another device."""
        operator = None if self.linear_operator is None else self.linear_operator.to(device)
        guide = None if self.guide is None else self.guide.to(device)
        return replace(self, y=self.y.to(device), linear_operator=operator, guide=guide)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of the image that is sought."""
        if self.linear_operator is None:
            return self.y.shape[1], self.y.shape[2], self.y.shape[3]
        return self.linear_operator.image_shape

    @property
    def is_determined(self) -> bool:
        """Whether y may determine x: no noise, and at least as many observed numbers as x has.

        Where H is not linear, or unknown, it is taken to lose something.
        """
        if self.linear_operator is None or self.sigma > 0 or self.peak is not None:
            return False
        seen = self.linear_operator.restrict(torch.ones_like(self.y))
        return int(seen.count_nonzero()) >= math.prod(self.image_shape)

    def estimate(self) -> Image:
        """Return the observation as an image; see :meth:`.LinearOperator.estimate`.

        It is computed once for a problem. The stages do that before a prior's clock starts: the
        same start for every prior is not what one of them costs. Each call returns a copy, which
        the caller may change.
        """
        return self._estimate.clone()

    @cached_property
    def _estimate(self) -> Image:
        return self.y if self.linear_operator is None else self.linear_operator.estimate(self.y)

    def save(self, path: Path) -> None:
        """Write the problem as a compressed ``.npz`` without pickled objects, atomically."""
        arrays: dict[str, np.ndarray] = {"y": self.y.numpy()}
        if self.guide is not None:
            arrays["guide"] = self.guide.numpy()
        header = {
            "format": FORMAT,
            "sigma": self.sigma,
            "peak": self.peak,
            "corruption": self.corruption,
            "operator": None
            if self.linear_operator is None
            else _pack(self.linear_operator, "operator", arrays),
        }
        arrays["header"] = np.array(json.dumps(header, sort_keys=True))
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        # Its checksum is in the manifest.
        write_atomically(path, buffer.getvalue(), durable=False)

    @classmethod
    def load(cls, path: Path) -> Problem:
        """Read a problem that ``save`` wrote.

        Raises:
            ValueError: the file is damaged or not such a problem, or its operator is unknown here;
                the message names the file.
            OSError: the file can't be opened.
        """
        try:
            arrays = read_arrays(path)
            header = json.loads(str(arrays.pop("header")))
            if header["format"] != FORMAT:
                raise ValueError(
                    f"it has format {header['format']}, and this version reads format {FORMAT}"
                )
            return cls(
                y=torch.from_numpy(arrays["y"]),
                linear_operator=header["operator"]
                and _unpack(header["operator"], "operator", arrays),
                sigma=header["sigma"],
                peak=header["peak"],
                corruption=header["corruption"],
                guide=torch.from_numpy(arrays["guide"]) if "guide" in arrays else None,
            )
        except OSError:
            raise
        except Exception as error:
            # Damaged bytes can fail anywhere on the way, from the zip directory to the operator's
            # constructor.
            raise ValueError(f"{path} is not a problem that can be read here: {error}") from error


def _pack(operator: LinearOperator, prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return an operator as plain data, its tensors put into ``arrays``."""
    values: dict[str, Any] = {}
    for key, value in operator.arguments().items():
        name = f"{prefix}.{key}"
        if isinstance(value, Tensor):
            arrays[name] = value.cpu().numpy()
        else:
            values[key] = _pack(value, name, arrays) if isinstance(value, LinearOperator) else value
    return {"name": operator.name, "arguments": values}


def _unpack(data: dict[str, Any], prefix: str, arrays: dict[str, np.ndarray]) -> LinearOperator:
    """Return the operator that ``_pack`` wrote."""
    start = f"{prefix}."
    arguments: dict[str, Any] = {
        name.removeprefix(start): torch.from_numpy(array)
        for name, array in arrays.items()
        if name.startswith(start) and "." not in name.removeprefix(start)
    }
    for key, value in data["arguments"].items():
        arguments[key] = _unpack(value, start + key, arrays) if isinstance(value, dict) else value
    build: Callable[..., LinearOperator] = operator_class(data["name"])
    return build(**arguments)
