"""A restoration problem: all that a prior may see of a corrupted image."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from priorbench.files import write_atomically
from priorbench.operators import LinearOperator, operator_class
from priorbench.types import Observation

FORMAT = 1


@dataclass(frozen=True)
class Problem:
    """y = Hx + n with n ~ N(0, σ²I): find x.

    The clean image is not in it, and a restoring job has no other input.

    Args:
        y: the observation, 1 × C × h × w.
        operator: H.
        sigma: σ, the standard deviation of the noise, on the scale of [0, 1].

    Raises:
        ValueError: σ is negative or not finite, or y is not four-dimensional or holds NaN or infinite values.
    """

    y: Observation
    operator: LinearOperator
    sigma: float

    def __post_init__(self) -> None:
        if not 0 <= self.sigma < float("inf"):
            raise ValueError(f"sigma must be a finite number of at least 0, not {self.sigma}")
        if self.y.ndim != 4:
            raise ValueError(f"the observation must be 1 × C × h × w, not of shape {tuple(self.y.shape)}")
        if not torch.isfinite(self.y).all():
            raise ValueError("the observation holds NaN or infinite values")

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of the image that is sought."""
        return self.operator.image_shape

    def save(self, path: Path) -> None:
        """Write the problem as a compressed ``.npz`` without pickled objects, atomically."""
        arrays: dict[str, np.ndarray] = {"y": self.y.numpy()}
        values: dict[str, Any] = {}
        for key, value in self.operator.arguments().items():
            if isinstance(value, Tensor):
                arrays[f"operator.{key}"] = value.numpy()
            else:
                values[key] = value
        header = {"format": FORMAT, "sigma": self.sigma, "operator": self.operator.name, "arguments": values}
        arrays["header"] = np.array(json.dumps(header, sort_keys=True))
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        write_atomically(path, buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> Problem:
        """Read a problem that ``save`` wrote.

        Raises:
            ValueError: the file is damaged or not such a problem, or its operator is unknown here; the message
                names the file.
            OSError: the file can't be opened.
        """
        content = io.BytesIO(Path(path).read_bytes())
        try:
            with np.load(content, allow_pickle=False) as file:
                arrays = dict(file)
            header = json.loads(str(arrays.pop("header")))
            if header["format"] != FORMAT:
                raise ValueError(f"it has format {header['format']}, and this version reads format {FORMAT}")
            y = torch.from_numpy(arrays.pop("y"))
            tensors = {key.removeprefix("operator."): torch.from_numpy(value) for key, value in arrays.items()}
            build: Callable[..., LinearOperator] = operator_class(header["operator"])
            return cls(y=y, operator=build(**tensors, **header["arguments"]), sigma=header["sigma"])
        except Exception as error:
            # Damaged bytes can fail anywhere on the way, from the zip directory to the operator's constructor.
            raise ValueError(f"{path} is not a problem that can be read here: {error}") from error
