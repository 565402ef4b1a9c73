"""What every linear operator offers: forward, adjoint, the data step, a first estimate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor

from priorbench.types import Image, Observation

_CLASSES: dict[str, type[LinearOperator]] = {}


class LinearOperator(ABC):
    """A linear map H from images to observations.

    An operator needs a ``name``, ``forward``, ``adjoint`` and ``arguments``. The data step then
    comes from conjugate gradients; an operator with a closed form overrides ``data_step``.

    Args:
        image_shape: (C, H, W) of the images that H acts on.

    Raises:
        ValueError: ``image_shape`` is not three positive numbers.
    """

    name: ClassVar[str]

    def __init__(self, image_shape: tuple[int, int, int]) -> None:
        shape = tuple(int(n) for n in image_shape)
        if len(shape) != 3 or min(shape) < 1:
            raise ValueError(f"image_shape must be (channels, height, width), all positive, not {image_shape}")
        self.image_shape: tuple[int, int, int] = shape

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        name = cls.__dict__.get("name")
        if name is None:
            return
        known = _CLASSES.get(name)
        if known is not None and (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise ValueError(f"operator name {name!r} of {cls.__module__} is taken by {known.__module__}")
        _CLASSES[name] = cls

    @abstractmethod
    def forward(self, x: Image) -> Observation:
        """Return Hx."""

    @abstractmethod
    def adjoint(self, y: Observation) -> Image:
        """Return Hᵀy, so that ⟨Hx, y⟩ = ⟨x, Hᵀy⟩ for all x and y."""

    @abstractmethod
    def arguments(self) -> dict[str, Any]:
        """Return the constructor's arguments: tensors, numbers, strings and lists of these.

        A saved problem holds exactly these, so an operator is read back without running code
        that came with the file.
        """

    def data_step(self, y: Observation, v: Image, fidelity: float, penalty: float) -> Image:
        r"""Return argmin_x λ/2 ‖Hx − y‖² + ρ/2 ‖x − v‖².

        Solves (λHᵀH + ρI) x = λHᵀy + ρv by conjugate gradients, started at v, until the residual
        is below 10⁻⁶ (float64: 10⁻¹⁰) of the right-hand side or 200 iterations are done.

        Args:
            y: the observation.
            v: the image to stay close to.
            fidelity: λ ≥ 0.
            penalty: ρ > 0.

        Raises:
            ValueError: ``fidelity`` is negative or ``penalty`` is not positive.
        """
        check_weights(fidelity, penalty)

        def normal(x: Tensor) -> Tensor:
            return fidelity * self.adjoint(self.forward(x)) + penalty * x

        right = fidelity * self.adjoint(y) + penalty * v
        tolerance = 1e-10 if right.dtype == torch.float64 else 1e-6
        return conjugate_gradients(normal, right, start=v, tolerance=tolerance, iterations=200)

    def estimate(self, y: Observation) -> Image:
        """Return a cheap first estimate of x from y alone, where iterations may start.

        By default the least-squares solution, weakly pulled towards mid-gray.
        """
        gray = torch.full((y.shape[0], *self.image_shape), 0.5, dtype=y.dtype, device=y.device)
        return self.data_step(y, gray, fidelity=1.0, penalty=1e-2)

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> LinearOperator:
        """Return this operator on another device or, its floating-point tensors only, with another precision."""
        converted = {
            key: value.to(device=device, dtype=dtype if value.is_floating_point() else None)
            if isinstance(value, Tensor)
            else value
            for key, value in self.arguments().items()
        }
        build: Callable[..., LinearOperator] = type(self)
        return build(**converted)


def operator_class(name: str) -> type[LinearOperator]:
    """Return the operator class with this name.

    Raises:
        ValueError: no operator of this name has been imported.
    """
    try:
        return _CLASSES[name]
    except KeyError:
        known = ", ".join(sorted(_CLASSES))
        raise ValueError(f"unknown operator {name!r}; known: {known}") from None


def check_weights(fidelity: float, penalty: float) -> None:
    """Raise ValueError unless λ ≥ 0 and ρ > 0, for which the data step has one solution."""
    if not fidelity >= 0:
        raise ValueError(f"fidelity must be at least 0, not {fidelity}")
    if not penalty > 0:
        raise ValueError(f"penalty must be positive, not {penalty}")


def conjugate_gradients(
    normal: Callable[[Tensor], Tensor], right: Tensor, *, start: Tensor, tolerance: float, iterations: int
) -> Tensor:
    """Solve Ax = b for a symmetric positive definite A given as a function.

    Hestenes & Stiefel 1952, doi:10.6028/jres.049.044.

    Args:
        normal: x ↦ Ax.
        right: b.
        start: the first x.
        tolerance: stop at ‖b − Ax‖ ≤ tolerance · ‖b‖.
        iterations: the most steps taken.
    """
    x = start.clone()
    residual = right - normal(x)
    direction = residual.clone()
    energy = residual.square().sum()
    target = (tolerance * right.norm()) ** 2
    for _ in range(iterations):
        if energy <= target:
            break
        image = normal(direction)
        step = energy / (direction * image).sum()
        x += step * direction
        residual -= step * image
        previous, energy = energy, residual.square().sum()
        direction = residual + (energy / previous) * direction
    return x
